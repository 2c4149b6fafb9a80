"""The lossless value codec: what a field may hold, and its one encoding (``docs/formats/values.md``).

A value is None, a bool, an int of any size, a float, a str, bytes, a Decimal, a datetime with a zone, a date,
a UUID, or a list or a str-keyed dict of values. Types are taken literally: a subclass (an IntEnum, a numpy
scalar, a namedtuple) would come back as something else, so it is refused. Maps are written with sorted keys.
"""

import math
from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from uuid import UUID

import msgpack

from syncore.codec.instants import decode_datetime, encode_datetime
from syncore.codec.packers import ReusedPacker
from syncore.core.errors import InvalidValue, Malformed
from syncore.core.limits import MAX_INTEGER_BYTES, MAX_VALUE_BYTES, MAX_VALUE_DEPTH

Value = (
    None
    | bool
    | int
    | float
    | str
    | bytes
    | Decimal
    | datetime
    | date
    | UUID
    | list["Value"]
    | dict[str, "Value"]
)
"""What a register or a list item may hold."""

EXT_INTEGER = 1
EXT_DECIMAL = 2
EXT_DATETIME = 3
EXT_DATE = 4
EXT_UUID = 5

_PACKER = ReusedPacker()
_UUID_BYTES = 16
_DATE_BYTES = 4
_PLAIN = (type(None), bool, bytes)


def encode_value(value: object) -> bytes:
    """The canonical bytes of a value.

    Raises:
        InvalidValue: the value, or something inside it, could not be given back exactly.
    """
    encoded = _PACKER.pack(_prepare(value, MAX_VALUE_DEPTH))
    if len(encoded) > MAX_VALUE_BYTES:
        raise InvalidValue(f"a value takes {len(encoded)} bytes; {MAX_VALUE_BYTES} are allowed")
    return encoded


def decode_value(data: bytes) -> Value:
    """The value that ``data`` encodes.

    Raises:
        Malformed: not the canonical encoding of a value.
    """
    if len(data) > MAX_VALUE_BYTES:
        raise Malformed(f"a value takes {len(data)} bytes; {MAX_VALUE_BYTES} are allowed")
    try:
        value: Value = msgpack.unpackb(
            data, raw=False, use_list=True, ext_hook=_decode_extension, object_pairs_hook=_decode_map
        )
        is_canonical = encode_value(value) == data
    except (
        ValueError,
        TypeError,
        OverflowError,
        RecursionError,
        InvalidOperation,
        msgpack.UnpackException,
    ) as error:
        raise Malformed("a value does not decode") from error
    except InvalidValue as error:
        raise Malformed("a value holds something that no value may hold") from error
    if not is_canonical:
        raise Malformed("a value is not in its canonical encoding")
    return value


def _prepare(value: object, depth: int) -> object:
    """The value in terms of what msgpack writes."""
    kind = type(value)
    if kind is str:
        return _checked_text(value)
    if kind in _PLAIN:
        return value
    if kind is int:
        return _prepare_integer(value)
    if kind is float:
        return value if value == value else math.nan  # noqa: PLR0124 - one bit pattern for every NaN
    if kind is list or kind is dict:
        return _prepare_container(value, depth)
    return _prepare_extension(value)


def _checked_text(value: object) -> str:
    assert isinstance(value, str)
    if not value.isascii():
        try:
            value.encode()
        except UnicodeEncodeError as error:
            raise InvalidValue(
                "a str holds a lone surrogate", hint="keep bytes that are not text as bytes"
            ) from error
    return value


def _prepare_integer(value: object) -> object:
    assert isinstance(value, int)
    if -(2**63) <= value < 2**64:
        return value
    size = (value.bit_length() + 8) // 8  # room for the sign bit
    if size > MAX_INTEGER_BYTES:
        raise InvalidValue(f"an int takes {size} bytes; {MAX_INTEGER_BYTES} are allowed")
    return msgpack.ExtType(EXT_INTEGER, value.to_bytes(size, "big", signed=True))


def _prepare_container(value: object, depth: int) -> object:
    if depth == 0:
        raise InvalidValue(f"a value is nested deeper than {MAX_VALUE_DEPTH} levels")
    if isinstance(value, list):
        return [_prepare(item, depth - 1) for item in value]
    assert isinstance(value, dict)
    for key in value:
        if type(key) is not str:
            raise InvalidValue(f"a map key must be a str, not {type(key).__name__}")
    return {_checked_text(key): _prepare(value[key], depth - 1) for key in sorted(value)}


def _prepare_extension(value: object) -> msgpack.ExtType:
    kind = type(value)
    if kind is Decimal:
        assert isinstance(value, Decimal)
        return msgpack.ExtType(EXT_DECIMAL, _encode_decimal(value))
    if kind is datetime:
        assert isinstance(value, datetime)
        return msgpack.ExtType(EXT_DATETIME, encode_datetime(value))
    if kind is date:
        assert isinstance(value, date)
        return msgpack.ExtType(EXT_DATE, value.toordinal().to_bytes(_DATE_BYTES, "big"))
    if kind is UUID:
        assert isinstance(value, UUID)
        return msgpack.ExtType(EXT_UUID, value.bytes)
    raise InvalidValue(f"{kind.__module__}.{kind.__qualname__} cannot be kept exactly", hint=_advice(value))


def _encode_decimal(value: Decimal) -> bytes:
    if value.is_snan():
        raise InvalidValue("a signalling NaN cannot be kept: reading it back would raise")
    return str(value).encode("ascii")


def _advice(value: object) -> str:
    """How to keep a value of a type that is refused."""
    if isinstance(value, Sequence) and not isinstance(value, str | bytes | bytearray):
        return "use a list"
    if isinstance(value, set | frozenset):
        return "a set can be a field, not a part of a value; use a list here"
    if isinstance(value, bytearray | memoryview):
        return "use bytes"
    for plain in (bool, int, float, str, datetime):
        if isinstance(value, plain):
            return f"convert it to a plain {plain.__name__}"
    return (
        "values are None, bool, int, float, str, bytes, Decimal, datetime with a zone, date, UUID, list, dict"
    )


def _decode_extension(code: int, data: bytes) -> Value:
    if code == EXT_INTEGER and len(data) <= MAX_INTEGER_BYTES:
        return int.from_bytes(data, "big", signed=True)
    if code == EXT_DECIMAL:
        return Decimal(data.decode("ascii"))
    if code == EXT_DATETIME:
        return decode_datetime(data)
    if code == EXT_DATE and len(data) == _DATE_BYTES:
        return date.fromordinal(int.from_bytes(data, "big"))
    if code == EXT_UUID and len(data) == _UUID_BYTES:
        return UUID(bytes=data)
    raise ValueError("unknown extension")


def _decode_map(pairs: list[tuple[object, Value]]) -> dict[str, Value]:
    decoded: dict[str, Value] = {}
    previous: str | None = None
    for key, value in pairs:
        if type(key) is not str or (previous is not None and key <= previous):
            raise ValueError("map keys must be sorted text")
        decoded[key] = value
        previous = key
    return decoded
