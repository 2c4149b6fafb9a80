"""How the values of fields stand in SQL, and how they come back exactly.

Ints within 64 bits, floats, text, bytes and NULL are SQLite's own; True and False are 1 and 0. Everything
else is text that reads as what it is, with four characters of white space behind it that say which kind it
is: Decimals and longer ints are numbers in decimal digits, dates and datetimes are as ISO 8601 and RFC 9557
write them, lists, maps and sets are JSON (:mod:`syncore.codec.json_values`). SQLite passes over the white
space wherever it reads such text: in arithmetic, in ``strftime``, in ``json_each``.

In a column that holds Decimals, long ints, dates, datetimes, UUIDs or not-a-number, all values are in that
form (*exact*), so that they compare with each other by :mod:`syncore.sql.ordering`.
"""

import json
import math
from collections.abc import Callable, Mapping
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from enum import Flag
from typing import Any, Final
from uuid import UUID

from syncore.codec.json_values import datetime_text, read_datetime, value_from_json, value_to_json
from syncore.core.errors import InvalidValue
from syncore.core.sql_values import SqlValue
from syncore.documents.projection import FieldValue
from syncore.documents.structures import encode_element

_LOWEST, _HIGHEST = -(2**63), 2**63 - 1
_MARK = "\r\t"
TAG_CHARACTERS = 4
"""How much text a tag takes."""

INTEGER: Final = "\r\t  "
DECIMAL: Final = "\r\t \t"
FLOAT: Final = "\r\t \n"
DATETIME: Final = "\r\t \r"
DATE: Final = "\r\t\t "
UUID_: Final = "\r\t\t\t"
BYTES: Final = "\r\t\t\n"
TEXT: Final = "\r\t\t\r"
JSON: Final = "\r\t\n "
SET: Final = "\r\t\n\t"


class Sort(Flag):
    """What kinds of values a column holds."""

    NOTHING = 0
    NUMBER = 1
    """Booleans, ints within 64 bits, floats."""
    TEXT = 2
    BYTES = 4
    STRUCTURE = 8
    """Lists, maps, sets."""
    EXACT = 16
    """What SQLite has no type for and what has an order."""


def sort_of(value: FieldValue) -> Sort:
    """What kind of value it is."""
    match value:
        case None:
            return Sort.NOTHING
        case str():
            return Sort.TEXT
        case bool():
            return Sort.NUMBER
        case int():
            return Sort.NUMBER if _LOWEST <= value <= _HIGHEST else Sort.EXACT
        case float():
            return Sort.EXACT if math.isnan(value) else Sort.NUMBER
        case bytes():
            return Sort.BYTES
        case list() | dict() | frozenset():
            return Sort.STRUCTURE
        case _:
            return Sort.EXACT


def to_plain(value: FieldValue) -> SqlValue:
    """A value in SQLite's own type where it has one, and tagged where it has not."""
    match value:
        case str():
            return value + TEXT if tag_of(value) else value
        case bool():
            return int(value)
        case int() if _LOWEST <= value <= _HIGHEST:
            return value
        case float() if not math.isnan(value):
            return value
        case bytes() | None:
            return value
        case _:
            return to_exact(value)


def to_exact(value: FieldValue) -> str | None:
    """A value with its tag, whatever it is; None is NULL."""
    return None if value is None else _WRITERS[type(value)](value)


def from_sql(value: SqlValue) -> FieldValue:
    """The value that came out of a query, as Python has it.

    Text that a query put together keeps what it says and loses a tag that its last part brought along.
    """
    if not isinstance(value, str) or not (tag := tag_of(value)):
        return value
    text = value[:-TAG_CHARACTERS]
    try:
        found: FieldValue = _READERS[tag](text)
    except (ValueError, InvalidOperation, InvalidValue, AssertionError):
        return text
    return found


def tag_of(text: str) -> str:
    """The tag at the end of a text, or the empty string."""
    tag = text[-TAG_CHARACTERS:]
    return tag if tag in _READERS else ""


def plain_text(value: SqlValue) -> SqlValue:
    """A text without its tag; anything else as it is."""
    return value[:-TAG_CHARACTERS] if isinstance(value, str) and tag_of(value) else value


def _digits(value: int) -> str:
    # Through Decimal: Python refuses to write ints of more than 4,300 digits itself.
    return str(value) if value.bit_length() < 64 else format(Decimal(value), "f")  # noqa: PLR2004 - either does


def _float_text(value: float) -> str:
    """Text that SQLite reads as a number too, infinity included."""
    if math.isinf(value):
        return "9e999" if value > 0 else "-9e999"
    return repr(value)


def _json(found: object) -> str:
    return json.dumps(found, ensure_ascii=False, allow_nan=False, separators=(",", ":"))


def _read_json(text: str) -> FieldValue:
    found = json.loads(text)
    if isinstance(found, list):  # the items of a list field may each be as deep as a value may be
        return [value_from_json(item) for item in found]
    return value_from_json(found)


def _read_set(text: str) -> FieldValue:
    return frozenset(value_from_json(item) for item in json.loads(text))  # type: ignore[misc]  # no others are in sets


_WRITERS: Final[Mapping[type, Callable[[Any], str]]] = {
    bool: lambda value: str(int(value)) + INTEGER,
    int: lambda value: _digits(value) + INTEGER,
    float: lambda value: _float_text(value) + FLOAT,
    Decimal: lambda value: str(value) + DECIMAL,
    str: lambda value: value + TEXT,
    bytes: lambda value: value.hex() + BYTES,
    datetime: lambda value: datetime_text(value) + DATETIME,
    date: lambda value: value.isoformat() + DATE,
    UUID: lambda value: str(value) + UUID_,
    frozenset: lambda value: _json([value_to_json(item) for item in sorted(value, key=encode_element)]) + SET,
    list: lambda value: _json(value_to_json(value)) + JSON,
    dict: lambda value: _json(value_to_json(value)) + JSON,
}
_READERS: Final[Mapping[str, Callable[[str], Any]]] = {
    INTEGER: lambda text: int(Decimal(text)),
    DECIMAL: Decimal,
    FLOAT: float,
    DATETIME: read_datetime,
    DATE: date.fromisoformat,
    UUID_: UUID,
    BYTES: bytes.fromhex,
    TEXT: str,
    JSON: _read_json,
    SET: _read_set,
}
assert all(tag.startswith(_MARK) and len(tag) == TAG_CHARACTERS for tag in _READERS)
