"""What a CSV cell stands for: declared by column, or inferred from a sample of the column by one rule.

The rule of inference: a column gets the first of these types that every cell of the sample that is not
empty is written in, exactly as :func:`cell_text` would write it again; and ``string`` if there is none.

==========  ===================================================================================
integer     ``0``, ``-12``: no leading zero, no plus, no exponent, within 64 bits
number      integers and floats mixed; each float in its shortest form: ``0.5``, not ``.5`` or ``0.50``
decimal     digits with or without a point, no leading zero: ``12.50``
boolean     ``true`` and ``false``
date        ``2026-01-31``
datetime    ``2026-01-31T12:00:00Z`` or with an offset
==========  ===================================================================================

So ``007`` and ``1e5`` make their whole column strings. A cell behind the sample that does not fit the
inferred type is an error that says how to declare the column; it is never converted with a loss.
"""

import base64
import binascii
import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from functools import partial
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

from syncore.codec.json_values import datetime_text, parse_json
from syncore.core.errors import InvalidValue, Misused
from syncore.documents.changes import Counter, Text
from syncore.documents.operations import FieldKind
from syncore.documents.projection import FieldValue
from syncore.exchange.json_forms import FieldChange, field_from_json, field_to_json

ColumnTypeLike = str | type
"""A type by its name, such as ``"decimal"``, or as Python's own, such as ``Decimal``."""

_INTEGER: Final = re.compile(r"0|-?[1-9][0-9]{0,18}")
_DECIMAL: Final = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?")
_ANY_INTEGER: Final = re.compile(r"[+-]?[0-9]+")
_ANY_NUMBER: Final = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_DATE: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_MAX_INTEGER: Final = 2**63
_MAX_DIGITS: Final = 4_000
"""Python refuses to read longer ints, because that takes quadratic time."""
_TRUE, _FALSE = frozenset({"true", "yes", "t", "y", "1"}), frozenset({"false", "no", "f", "n", "0"})


@dataclass(frozen=True, slots=True)
class ColumnType:
    """How the cells of a column are read.

    Attributes:
        name: For messages.
        read: The value of a cell; raises ``ValueError`` and its kin for a cell of another type.
        is_inferred: Whether nobody declared it.
    """

    name: str
    read: Callable[[str], FieldChange]
    is_inferred: bool = False

    def value(self, cell: str) -> FieldChange:
        """What a cell stands for.

        Raises:
            InvalidValue: it is not of this type.
        """
        try:
            return self.read(cell)
        except (ValueError, InvalidOperation, OverflowError, binascii.Error, InvalidValue) as error:
            if not self.is_inferred:
                raise InvalidValue(f"{cell[:60]!r} is no {self.name}") from error
            raise InvalidValue(
                f"{cell[:60]!r} is no {self.name}, which the cells above it are",
                hint="declare the column's type: string takes any cell",
            ) from error


def declared_type(wanted: ColumnTypeLike) -> ColumnType:
    """The type that a program or a command line names; ``datetime:ZONE`` for times that say no zone.

    Raises:
        Misused: there is no such type or zone.
    """
    name = _PYTHON_NAMES.get(wanted, wanted.__name__) if isinstance(wanted, type) else wanted
    kind, _, zone = name.partition(":")
    if kind == "datetime" and zone:
        try:
            return ColumnType(name, partial(_any_datetime, zone=ZoneInfo(zone)))
        except (ValueError, OSError, KeyError) as error:
            raise Misused(f"there is no time zone {zone!r}", hint="such as datetime:Europe/Berlin") from error
    if name not in _DECLARED:
        raise Misused(
            f"{wanted!r} is no type of a column", hint=f"one of {', '.join(_DECLARED)}, datetime:ZONE"
        )
    return ColumnType(name, _DECLARED[name])


def inferred_type(cells: Iterable[str | None]) -> ColumnType:
    """The type of a column of which these cells are a sample."""
    sample = {cell for cell in cells if cell is not None}
    for name, read in _INFERRED.items() if sample else ():
        if all(_fits(read, cell) for cell in sample):
            return ColumnType(name, read, is_inferred=True)
    return ColumnType("string", str, is_inferred=True)


def cell_text(  # noqa: PLR0911 - one for each type of value
    value: FieldValue, kind: FieldKind | None
) -> str | None:
    """How a field's value is written; None for an empty cell.

    What no type of a cell holds (sets, lists, maps) is its JSON form.
    """
    match value:
        case None:
            return None
        case str():
            return value
        case bool():
            return "true" if value else "false"
        case int() if value.bit_length() <= _MAX_DIGITS:
            return str(value)
        case float():
            return repr(value)
        case Decimal() | UUID():
            return str(value)
        case datetime():
            return datetime_text(value)
        case date():
            return value.isoformat()
        case bytes():
            return base64.b64encode(value).decode("ascii")
        case _:
            return json.dumps(field_to_json(value, kind), ensure_ascii=False, separators=(",", ":"))


def _fits(read: Callable[[str], FieldChange], cell: str) -> bool:
    try:
        read(cell)
    except (ValueError, InvalidOperation, OverflowError):
        return False
    return True


# --- the forms that are inferred: each is what would be written


def _integer(cell: str) -> int:
    if not _INTEGER.fullmatch(cell) or not -_MAX_INTEGER <= (value := int(cell)) < _MAX_INTEGER:
        raise ValueError(cell)
    return value


def _number(cell: str) -> int | float:
    if "." not in cell:
        return _integer(cell)
    if not _DECIMAL.fullmatch(cell) or repr(value := float(cell)) != cell:
        raise ValueError(cell)
    return value


def _decimal(cell: str) -> Decimal:
    if not _DECIMAL.fullmatch(cell):
        raise ValueError(cell)
    return Decimal(cell)


def _boolean(cell: str) -> bool:
    if cell not in {"true", "false"}:
        raise ValueError(cell)
    return cell == "true"


def _date(cell: str) -> date:
    if not _DATE.fullmatch(cell):
        raise ValueError(cell)
    return date.fromisoformat(cell)


def _datetime(cell: str) -> datetime:
    value = _any_datetime(cell)
    if datetime_text(value) != cell:
        raise ValueError(cell)
    return value


_INFERRED: Final[Mapping[str, Callable[[str], FieldChange]]] = {
    "integer": _integer,
    "number": _number,
    "decimal": _decimal,
    "boolean": _boolean,
    "date": _date,
    "datetime": _datetime,
}


# --- the forms that are taken where the type is declared: whoever declares it knows


def _any_integer(cell: str) -> int:
    text = cell.strip()
    if not _ANY_INTEGER.fullmatch(text) or len(text) > _MAX_DIGITS:
        raise ValueError(cell)
    return int(text)


def _any_number(cell: str) -> float:
    text = cell.strip()
    if text in {"nan", "inf", "-inf"}:
        return float(text)
    if not _ANY_NUMBER.fullmatch(text) or abs(value := float(text)) == float("inf"):
        raise ValueError(cell)
    return value


def _any_boolean(cell: str) -> bool:
    text = cell.strip().lower()
    if text not in _TRUE | _FALSE:
        raise ValueError(cell)
    return text in _TRUE


def _any_datetime(cell: str, zone: ZoneInfo | None = None) -> datetime:
    text = cell.strip()
    if "[" in text:
        value = field_from_json({"$datetime": text})
        assert isinstance(value, datetime)
        return value
    value = datetime.fromisoformat(text)
    if value.tzinfo is None:
        if zone is None:
            raise ValueError(cell)
        return value.replace(tzinfo=zone)
    found = field_from_json({"$datetime": text if text.endswith("Z") else value.isoformat()})
    assert isinstance(found, datetime)
    return found


def _any_decimal(cell: str) -> Decimal:
    text = cell.strip()
    if "_" in text:
        raise ValueError(cell)
    return Decimal(text)


def _json(cell: str) -> FieldChange:
    return field_from_json(parse_json(cell))


_DECLARED: Final[Mapping[str, Callable[[str], FieldChange]]] = {
    "string": str,
    "integer": _any_integer,
    "number": _any_number,
    "decimal": _any_decimal,
    "boolean": _any_boolean,
    "date": lambda cell: date.fromisoformat(cell.strip()),
    "datetime": _any_datetime,
    "uuid": lambda cell: UUID(cell.strip()),
    "bytes": lambda cell: base64.b64decode(cell, validate=True),
    "json": _json,
    "counter": lambda cell: Counter(_any_integer(cell)),
    "text": Text,
}
_PYTHON_NAMES: Final[Mapping[type, str]] = {
    str: "string",
    int: "integer",
    float: "number",
    Decimal: "decimal",
    bool: "boolean",
    date: "date",
    datetime: "datetime",
    UUID: "uuid",
    bytes: "bytes",
    Counter: "counter",
    Text: "text",
}
