"""The order of exact columns: a collation, and keys that SQLite can compare byte by byte.

Both put values into the order of :mod:`syncore.documents.value_order`; not-a-number is before everything.
"""

import re
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Final, assert_never
from uuid import UUID

from syncore.codec.json_values import read_datetime
from syncore.codec.values import Value
from syncore.core.sql_values import SqlValue
from syncore.documents.projection import FieldValue
from syncore.documents.structures import encode_element
from syncore.documents.value_order import OrderKey, order_key
from syncore.sql.representation import DATE, DATETIME, DECIMAL, FLOAT, INTEGER, UUID_, from_sql, tag_of

_NOWHERE: Final[OrderKey] = (-1, 0)
_SETS: Final = 9
_NUMBER_TAGS: Final = frozenset({INTEGER, DECIMAL, FLOAT})
_NUMBER: Final = re.compile(r"\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,9})?\s*")
_KEYS: Final = 16_384
"""Texts whose place is remembered: sorting compares each a dozen times."""


def compare(first: str, second: str) -> int:
    """The collation ``exact``.

    Text without a tag (a literal of the query, or what it computed) is read as what it is compared with: as
    a number beside numbers, as a date or a time beside those.
    """
    tag, other = tag_of(first), tag_of(second)
    if not tag and not other:
        return (first > second) - (first < second)
    one = _key(first) if tag else _key_like(first, other)
    two = _key(second) if other else _key_like(second, tag)
    return (one > two) - (one < two)


def sortable(value: SqlValue) -> bytes | None:
    """The function ``exact``: bytes that compare as the values do, NULL for NULL.

    The form is known to nobody outside: a byte for the kind, then what compares within it.
    """
    if value is None:
        return None
    place, within = field_order(from_sql(value))
    return bytes([place + 1]) + _bytes_of(within)


def field_order(value: FieldValue) -> OrderKey:
    """The place of any value but None."""
    if isinstance(value, frozenset):
        return _SETS, b"".join(sorted(map(encode_element, value)))
    return order_key(value) or _NOWHERE


@lru_cache(maxsize=_KEYS)
def _key(tagged: str) -> OrderKey:
    return field_order(from_sql(tagged))


@lru_cache(maxsize=_KEYS)
def _key_like(text: str, tag: str) -> OrderKey:
    """The place of a text without a tag beside one with it."""
    try:
        return field_order(_read_like(text, tag))
    except (ValueError, InvalidOperation):
        return field_order(text)


def _read_like(text: str, tag: str) -> Value:
    if tag == DATETIME:
        return _read_instant(text.strip())
    if tag == DATE:
        return date.fromisoformat(text.strip())
    if tag == UUID_:
        return UUID(text.strip())
    return Decimal(text.strip()) if tag in _NUMBER_TAGS and _NUMBER.fullmatch(text) else text


def _read_instant(text: str) -> datetime:
    """A point in time as people and SQLite's own functions write it; UTC where no zone is given."""
    try:
        return read_datetime(text)
    except ValueError:
        when = datetime.fromisoformat(text)
        return when.replace(tzinfo=when.tzinfo or UTC)


def _bytes_of(within: object) -> bytes:
    match within:
        case bool():
            return bytes([within])
        case int():  # days, or microseconds, since the year 1
            return (within + 2**63).to_bytes(8, "big")
        case Decimal():
            return _number_bytes(within)
        case str():
            return within.encode()
        case bytes():
            return within
        case _:
            assert_never(within)  # type: ignore[arg-type]


def _number_bytes(number: Decimal) -> bytes:
    """Sign, exponent, digits: for numbers below zero all of it the other way round."""
    if not number:
        return b"\x80"
    if number.is_infinite():
        return b"\x82" if number > 0 else b"\x7e"
    _, digits, _ = number.as_tuple()
    kept = bytes(digits).lstrip(b"\0")
    exponent = number.adjusted() + 2**63
    form = exponent.to_bytes(8, "big") + bytes(digit + 1 for digit in kept.rstrip(b"\0"))
    if number > 0:
        return b"\x81" + form
    return b"\x7f" + bytes(0xFF - byte for byte in form) + b"\xff"
