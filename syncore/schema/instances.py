"""Documents as the JSON instances that a schema is held against.

JSON has no Decimal, bytes, datetime, date or UUID. Such a value becomes an object that no map of a document
can be taken for: under :data:`TAG` the name of its type, under :data:`VALUE` a number or a text that the
keywords of a schema can be applied to. A key of a document's own map that begins like the tag gets one more
of its first character. Sets are arrays in an order that is the same everywhere.
"""

import math
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

TAG: Final = "\0"
VALUE: Final = "value"
EXOTIC_TYPES: Final = ("decimal", "bytes", "datetime", "date", "uuid")
"""The names of the types that JSON lacks, as ``x-type`` gives them."""

_MAX_EXPONENT = 1_000
"""Decimals beyond it are compared with nothing: written out they would be long."""
_MAX_INTEGER_BITS = 4_096
"""Longer ints are compared with nothing: their decimal form takes quadratic time."""
_PLAIN = (str, bool, type(None))


class Encoder:
    """Makes instances of values.

    Attributes:
        count: How many values were seen in lists, maps and sets, nested ones included.
    """

    def __init__(self) -> None:
        """Begin to count."""
        self.count = 0

    def document(self, values: Mapping[str, object]) -> dict[str, Any]:
        """The instance of a document: its fields by name."""
        self.count += len(values)
        return {name: value if type(value) in _PLAIN else self.value(value) for name, value in values.items()}

    def value(self, value: object) -> Any:  # noqa: ANN401 - JSON
        """The instance of one value."""
        kind = type(value)
        if kind in _PLAIN:
            return value
        if isinstance(value, int):
            return value if is_plain_number(value) else _tagged("integer", hex(value))
        if isinstance(value, float):
            return value if is_plain_number(value) else _tagged("float", str(value))
        if isinstance(value, list):
            self.count += len(value)
            return [self.value(item) for item in value]
        if isinstance(value, dict):
            self.count += len(value)
            return {escaped(key): self.value(item) for key, item in value.items()}
        if isinstance(value, frozenset):
            self.count += len(value)
            return [self.value(element) for element in in_order(value)]
        return _exotic(value)


def in_order(elements: frozenset[Any]) -> list[Any]:
    """The elements of a set, in the order in which a schema sees them."""
    return sorted(elements, key=lambda element: (type(element).__name__, element))


def is_plain_number(value: object) -> bool:
    """Whether JSON has a number, and comparing it takes no time to speak of."""
    if isinstance(value, int):
        return value.bit_length() <= _MAX_INTEGER_BITS
    if isinstance(value, Decimal):
        return value.is_finite() and abs(value.adjusted()) <= _MAX_EXPONENT
    return isinstance(value, float) and math.isfinite(value)


def escaped(key: str) -> str:
    """The key of a map of a document in its instance."""
    return TAG + key if key.startswith(TAG) else key


def _exotic(value: object) -> dict[str, Any]:
    if isinstance(value, Decimal):
        return _tagged("decimal", value if is_plain_number(value) else str(value))
    if isinstance(value, datetime):  # before date, which it is one of
        return _tagged("datetime", value.isoformat())
    if isinstance(value, date):
        return _tagged("date", value.isoformat())
    if isinstance(value, UUID):
        return _tagged("uuid", str(value))
    assert isinstance(value, bytes), type(value)
    return _tagged("bytes", value.decode("latin-1"))  # a character a byte, so that lengths count bytes


def _tagged(name: str, value: object) -> dict[str, Any]:
    return {TAG: name, VALUE: value}
