"""In which order documents are found, and places in it.

Documents that agree in all columns stand in the order of their ids, in the direction of the last column: so
the order is the same on every device, and does not depend on how it was come by. A place is the keys of one
document; whoever knows it can go on behind it, whatever indexes there are by then.
"""

import base64
import binascii
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from syncore.codec.fields import as_array, as_bytes
from syncore.codec.packing import pack, unpack
from syncore.core.errors import InvalidToken, Malformed, Misused
from syncore.core.hashing import hash_parts
from syncore.core.identifiers import check_name
from syncore.core.limits import MAX_VALUE_BYTES
from syncore.query.expression_encoding import encode_expression, path_in_words
from syncore.query.expressions import Expression, FieldPath, look_up
from syncore.query.keys import complement, decode_text, encode_key
from syncore.query.paths import Path, is_descending, names_of

MAX_COLUMNS: Final = 8
"""Fields of one order or index; two are usual."""

Place = tuple[bytes, ...]
"""The keys of one document in an order's columns, then the key of its id."""

_TAG_BYTES: Final = 8
_TOKEN_HINT: Final = "pass the token of the page before, with the same expression and order_by"  # noqa: S105


@dataclass(frozen=True, slots=True)
class Column:
    """A field to order by, and the direction."""

    path: FieldPath
    is_descending: bool = False

    def __str__(self) -> str:
        """As it is shown in messages."""
        return ("-" if self.is_descending else "") + path_in_words(self.path)

    def directed(self, key: bytes) -> bytes:
        """A key so that ascending bytes are this column's order."""
        return complement(key) if self.is_descending else key


@dataclass(frozen=True, slots=True)
class Ordering:
    """Columns to order by, the most significant first; none for the order of ids."""

    columns: tuple[Column, ...] = ()

    @property
    def last(self) -> Column:
        """The column that the ids stand in."""
        return Column((), is_descending=bool(self.columns) and self.columns[-1].is_descending)

    def place(self, values: Mapping[str, object], id_: str) -> Place:
        """Where a document with these values stands."""
        return (*(encode_key(look_up(values, column.path)) for column in self.columns), encode_key(id_))

    def sort_key(self, place: Place) -> bytes:
        """Bytes that stand in the order of places."""
        directed = (column.directed(key) for column, key in zip(self.columns, place, strict=False))
        return b"".join(directed) + self.last.directed(place[-1])


def columns_of(given: object) -> tuple[Column, ...]:
    """The columns that a program names: ``"title"``, ``"-gross"``, ``where.a.b``, or several of them.

    Raises:
        Misused: something else, too many, or one twice.
    """
    if isinstance(given, str | Path):
        given = (given,)
    if not isinstance(given, Sequence) or isinstance(given, bytes):
        raise Misused(f"fields are given by name, not as {type(given).__name__}", hint='"title" or "-gross"')
    columns = tuple(_column(one) for one in given)
    if len(columns) > MAX_COLUMNS:
        raise Misused(f"at most {MAX_COLUMNS} fields, not {len(columns)}")
    if len({column.path for column in columns}) < len(columns):
        raise Misused("a field is named twice")
    return columns


def encode_place(place: Place, tag: bytes) -> str:
    """A token for the place behind which to go on; ``tag`` tells queries apart."""
    return base64.urlsafe_b64encode(pack([tag, list(place)])).decode("ascii").rstrip("=")


def decode_place(token: object, tag: bytes, ordering: Ordering) -> Place:
    """The place that a token stands for.

    Raises:
        InvalidToken: not a page token, or one of another query.
    """
    if type(token) is not str:
        raise InvalidToken(f"a page token is a str, not {type(token).__name__}", hint=_TOKEN_HINT)
    try:
        packed = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
        parts = unpack(packed, what="a page token", max_bytes=(MAX_COLUMNS + 1) * 2 * MAX_VALUE_BYTES)
        found, keys = as_array(parts, what="a page token", length=2)
        place = tuple(as_bytes(key, what="a key") for key in as_array(keys, what="a place"))
        decode_text(place[-1] if place else b"")  # the id
    except (binascii.Error, ValueError, Malformed) as error:
        raise InvalidToken("this is not a page token", hint=_TOKEN_HINT) from error
    if found != tag or len(place) != len(ordering.columns) + 1:
        raise InvalidToken("this page token belongs to another query", hint=_TOKEN_HINT)
    return place


def query_tag(collection: str, expression: Expression, ordering: Ordering) -> bytes:
    """8 bytes that tell queries apart."""
    columns = pack([[list(column.path), column.is_descending] for column in ordering.columns])
    return hash_parts("query", collection.encode(), encode_expression(expression), columns)[:_TAG_BYTES]


def _column(given: object) -> Column:
    if isinstance(given, Path):
        return Column(names_of(given), is_descending(given))
    if not isinstance(given, str):
        raise Misused(
            f"a field is named by text or by where, not by {type(given).__name__}", hint='"title" or "-gross"'
        )
    name = given.removeprefix("-")
    return Column((check_name(name, "a field name"),), given != name)
