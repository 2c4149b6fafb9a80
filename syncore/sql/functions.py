"""The functions that queries have, and those that views are made of.

Some replace SQLite's own: its ``instr``, ``replace`` and ``trim`` take time in the product of their
arguments' lengths inside one step, where neither the time limit nor a cancellation reaches them.
"""

from collections.abc import Callable
from typing import Final

from syncore.core.errors import IntegrityError, Malformed
from syncore.core.queries import SqlFunctions
from syncore.core.sql_values import SqlValue
from syncore.documents.projection import FieldValue
from syncore.documents.projection_encoding import StoredFields
from syncore.sql.aggregates import ExactAverage, ExactMaximum, ExactMinimum, ExactSum
from syncore.sql.ordering import compare, sortable
from syncore.sql.representation import from_sql, plain_text, to_exact, to_plain
from syncore.storage.long_projections import is_in_parts, join_long
from syncore.storage.protection import recover

PLAIN: Final = "syncore_plain_field"
EXACT: Final = "syncore_exact_field"
PARTS: Final = "syncore_parts"
ORDER: Final = "exact"
"""The collation of exact columns."""

_REMEMBERED: Final = 16
"""Documents kept decoded: the rows of one step of a join, each of which is asked for several fields."""
_KEY_BYTES: Final = 8
_LENGTH_BYTES: Final = 4


class Fields:
    """Fields of stored projections, each of which is checked and decoded once for all that a row needs."""

    def __init__(self) -> None:
        """Nothing decoded yet."""
        self._decoded: dict[bytes, tuple[bytes, StoredFields]] = {}

    def of(self, stored: SqlValue, parts: SqlValue = None) -> StoredFields:
        """The fields of one document, from its row and, where it is long, its :class:`Parts`.

        Raises:
            IntegrityError, Malformed: it is damaged.
        """
        key = stored[:_KEY_BYTES] if isinstance(stored, bytes) else b""  # its checksum
        found = self._decoded.get(key)
        if found is not None and found[0] == stored:
            return found[1]
        row = recover(stored, what="a document's projection")
        fields = StoredFields(join_long(row, unframed(parts)) if is_in_parts(row) else row)
        assert isinstance(stored, bytes)
        if len(self._decoded) >= _REMEMBERED:
            del self._decoded[next(iter(self._decoded))]
        self._decoded[key] = stored, fields
        return fields

    def plain(self, stored: SqlValue, parts: SqlValue, name: SqlValue) -> SqlValue:
        """One field, in SQLite's own type where it has one; NULL of a row that is not there."""
        return None if stored is None else to_plain(self.field(stored, parts, name))

    def exact(self, stored: SqlValue, parts: SqlValue, name: SqlValue) -> SqlValue:
        """One field, with its tag; NULL of a row that is not there, as in an outer join."""
        return None if stored is None else to_exact(self.field(stored, parts, name))

    def field(self, stored: SqlValue, parts: SqlValue, name: SqlValue) -> FieldValue:
        """One field of one document.

        Raises:
            IntegrityError: the document is damaged.
        """
        assert isinstance(name, str)
        try:
            return self.of(stored, parts).get(name)
        except Malformed as error:
            raise IntegrityError(f"a document's projection is damaged: {error.message}") from error


class Parts:
    """The parts of one long projection in one value, each behind its length; whatever order they come in."""

    def __init__(self) -> None:
        """None yet."""
        self._parts: list[tuple[int, bytes]] = []

    def step(self, *arguments: SqlValue) -> None:
        """Take in one part: its number and its bytes."""
        number, part = arguments
        if isinstance(number, int) and isinstance(part, bytes):  # what is not is missed when they are joined
            self._parts.append((number, part))

    def finalize(self) -> SqlValue:
        """All of them."""
        return b"".join(len(part).to_bytes(_LENGTH_BYTES, "big") + part for _, part in sorted(self._parts))


def unframed(parts: SqlValue) -> list[bytes]:
    """What :class:`Parts` has put together."""
    found, start = [], 0
    framed = parts if isinstance(parts, bytes) else b""
    while start < len(framed):
        end = start + _LENGTH_BYTES + int.from_bytes(framed[start : start + _LENGTH_BYTES], "big")
        found.append(framed[start + _LENGTH_BYTES : end])
        start = end
    return found


def make_functions() -> SqlFunctions:
    """All functions, for one connection."""
    fields = Fields()
    return SqlFunctions(
        scalars={
            PLAIN: (3, fields.plain),
            EXACT: (3, fields.exact),
            "exact": (1, sortable),
            "text": (1, text),
            "kind": (1, kind),
            "instr": (2, instr),
            "replace": (3, replace),
            "trim": (-1, _trimmer(str.strip)),
            "ltrim": (-1, _trimmer(str.lstrip)),
            "rtrim": (-1, _trimmer(str.rstrip)),
        },
        aggregates={
            PARTS: (2, Parts),
            "exact_sum": (1, ExactSum),
            "exact_avg": (1, ExactAverage),
            "exact_min": (1, ExactMinimum),
            "exact_max": (1, ExactMaximum),
        },
        collations={ORDER: compare},
        inner=frozenset({PLAIN, EXACT, PARTS}),
    )


def text(value: SqlValue) -> SqlValue:
    """``text(x)``: what it reads as, without the tag; NULL for NULL."""
    return None if value is None else _as_text(plain_text(value))


def kind(value: SqlValue) -> str:
    """``kind(x)``: the name of the Python type that it comes back as."""
    return type(from_sql(value)).__name__


def instr(haystack: SqlValue, needle: SqlValue) -> SqlValue:
    """Where one text begins inside the other, from 1; 0 if nowhere."""
    if haystack is None or needle is None:
        return None
    if isinstance(haystack, bytes) and isinstance(needle, bytes):
        return haystack.find(needle) + 1
    return _as_text(haystack).find(_as_text(needle)) + 1


def replace(source: SqlValue, old: SqlValue, new: SqlValue) -> SqlValue:
    """A text with every occurrence of another one replaced."""
    if source is None or old is None or new is None:
        return None
    pattern = _as_text(old)
    return _as_text(source).replace(pattern, _as_text(new)) if pattern else _as_text(source)


def _trimmer(strip: Callable[[str, str], str]) -> Callable[..., SqlValue]:
    def trim(*arguments: SqlValue) -> SqlValue:
        if None in arguments or not 1 <= len(arguments) <= 2:  # noqa: PLR2004 - a text, and what to take off
            return None
        characters = _as_text(arguments[1]) if len(arguments) > 1 else " "
        kept = _as_text(arguments[0])
        return strip(kept, characters) if characters else kept

    return trim


def _as_text(value: SqlValue) -> str:
    """A value as SQLite casts it to text."""
    match value:
        case bytes():
            return value.decode(errors="replace")
        case float():
            mantissa, mark, exponent = format(value, ".15g").partition("e")
            if "inf" in mantissa:
                return mantissa.replace("inf", "Inf")
            return f"{mantissa if '.' in mantissa else f'{mantissa}.0'}{mark}{exponent}"
        case _:
            return str(value)
