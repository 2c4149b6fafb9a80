"""A total order of values, for ``max``, ``min`` and ``union``: the same in every process, on every machine.

Values of one kind compare as people expect: numbers by their exact size whatever their type, texts by code
points, datetimes by the instant that they were written with. Different kinds stand in a fixed order. Nothing
here asks the machine's time zones or the process's decimal context.
"""

import math
from collections.abc import Callable, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from syncore.codec.instants import encode_datetime
from syncore.codec.values import Value, encode_value

_MICROSECONDS = 1_000_000
OrderKey = tuple[int, Any]
"""The place of a kind among the kinds, and something that compares within it."""


def order_key(value: Value) -> OrderKey | None:
    """What a value is compared by; None for what is no amount of anything: None, and not-a-number."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return None
    if isinstance(value, Decimal) and value.is_nan():
        return None
    place, within = _KINDS[type(value)]
    return place, within(value)


def sort_key(value: Value) -> tuple[OrderKey, bytes]:
    """A key under which any values can be sorted, equal only for equal encodings."""
    return order_key(value) or (-1, 0), encode_value(value)


def _instant(value: datetime) -> int:
    """Microseconds of UTC since 0001-01-01, by the offset that the datetime carries."""
    payload = encode_datetime(value)
    wall = int.from_bytes(payload[:8], "big", signed=True)
    return wall - _MICROSECONDS * int.from_bytes(payload[8:12], "big", signed=True)


def _itself(value: Value) -> Value:
    return value


_KINDS: Final[Mapping[type, tuple[int, Callable[[Any], Any]]]] = {
    bool: (0, _itself),
    int: (1, Decimal),
    # Not Decimal(float), which raises where a program has told the decimal module to trap floats.
    float: (1, Decimal.from_float),
    Decimal: (1, _itself),
    date: (2, date.toordinal),
    datetime: (3, _instant),
    str: (4, _itself),
    bytes: (5, _itself),
    UUID: (6, lambda value: value.bytes),
    list: (7, encode_value),
    dict: (8, encode_value),
}
