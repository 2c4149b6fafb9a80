"""Order-preserving bytes of every value: comparing two keys compares the values.

Owns the one order that queries, sorting and indexes share (``docs/formats/index-keys.md``). Kinds stand one
after another: a missing field, None, bool, not-a-number, numbers, date, datetime, text, bytes, UUID, list,
map, set. All numbers, whatever their type, stand in their one exact order; datetimes by their instant; texts
by code points. Equal values have equal keys, and no key is the beginning of another, so keys can be put one
behind the other.
"""

import math
from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from syncore.codec.instants import encode_datetime
from syncore.core.hashing import hash_parts

MAX_COMPONENT_BYTES = 256
"""What an index holds of one value: SQLite keeps four keys of this size on a page of 4 KiB, and values that
agree so far are rare. A longer key is cut there; the document itself then decides."""

_MICROSECONDS = 1_000_000
_TAG_TEXT_MARK = b"\x00"
_TAG_MISSING, _TAG_NONE, _TAG_BOOL, _TAG_NAN, _TAG_NUMBER = 1, 2, 3, 4, 5
_TAG_DATE, _TAG_DATETIME, _TAG_TEXT, _TAG_BYTES, _TAG_UUID = 6, 7, 8, 9, 10
_TAG_LIST, _TAG_MAP, _TAG_SET = 11, 12, 13

_END = b"\x00"
_END_OF_BYTES = b"\x00\x01"
_NEGATIVE, _ZERO, _POSITIVE = b"\x01", b"\x02", b"\x03"
_EXPONENT_BIAS = 128
_SMALL_EXPONENT = 120
_SMALLER, _LARGER, _INFINITE = b"\x07", b"\xf9", b"\xff"
_WIDE_BIAS = 2**63
_FAST_LIMIT = 10**15  # below it, a float that is whole is that int, and str() is quick

_COMPLEMENT: Final = bytes(range(255, -1, -1))
_DIGIT_PAIRS: Final = bytes(min(pair + 1, 255) for pair in range(256))


class Missing:
    """What a field that is not there has for a value."""

    def __repr__(self) -> str:
        """The name."""
        return "MISSING"


MISSING: Final = Missing()
MISSING_KEY: Final = bytes([_TAG_MISSING])
NONE_KEY: Final = bytes([_TAG_NONE])
HASH_BYTES: Final = 16
"""Of a hash that stands for keys in an index: with 2^40 documents, one pair in 10^14 files collides."""
TEXT_MARK: Final = _TAG_TEXT_MARK
"""Stands in an index of elements for a document whose field is a text, which holds parts and no elements."""


def encode_key(value: object) -> bytes:
    """The key of a value that a field can show, or of :data:`MISSING`."""
    return _ENCODERS[type(value)](value)


def component(value: object) -> bytes:
    """What an index holds of a value: its key, cut at :data:`MAX_COMPONENT_BYTES`."""
    if type(value) is str and len(value) > MAX_COMPONENT_BYTES:
        value = value[:MAX_COMPONENT_BYTES]  # its bytes alone fill the component
    return encode_key(value)[:MAX_COMPONENT_BYTES]


def hash_of_keys(keys: Iterable[bytes]) -> bytes:
    """What an index of hashes holds of whole keys. Who has it checks the document: hashes may collide."""
    return hash_parts("hashed", *keys)[:HASH_BYTES]


def decode_text(key: bytes) -> str:
    """The text that a key is of.

    Raises:
        ValueError: it is the key of something else.
    """
    text = key[1:-2].replace(b"\x00\xff", b"\x00").decode()
    if encode_key(text) != key:
        raise ValueError("not the key of a text")
    return text


def text_prefix(prefix: str) -> bytes:
    """What the keys of all texts that begin with ``prefix``, and of no others, begin with."""
    return bytes([_TAG_TEXT]) + prefix.encode().replace(b"\x00", b"\x00\xff")


def kind_prefix(key: bytes) -> bytes:
    """What the keys of all values of the same kind begin with."""
    return key[:1]


def complement(key: bytes) -> bytes:
    """The key for the opposite order."""
    return key.translate(_COMPLEMENT)


def successor(prefix: bytes) -> bytes | None:
    """The least bytes above everything that begins with ``prefix``; None if there are none."""
    kept = prefix.rstrip(b"\xff")
    return kept[:-1] + bytes([kept[-1] + 1]) if kept else None


def _missing(_: object) -> bytes:
    return MISSING_KEY


def _none(_: object) -> bytes:
    return NONE_KEY


def _bool(value: bool) -> bytes:  # noqa: FBT001 - the value is what is encoded
    return bytes([_TAG_BOOL, value])


def _integer(value: int) -> bytes:
    if 0 < value < _FAST_LIMIT:
        digits = str(value)
        return b"\x05\x03" + _magnitude(digits, len(digits) - 1)
    if not value:
        return b"\x05" + _ZERO
    if -_FAST_LIMIT < value < 0:
        digits = str(-value)
        return b"\x05" + _NEGATIVE + complement(_magnitude(digits, len(digits) - 1))
    return _decimal(Decimal(value))  # str() refuses very long ints, and takes long over them


def _float(value: float) -> bytes:
    if value.is_integer() and -_FAST_LIMIT < value < _FAST_LIMIT:
        return _integer(int(value))
    if math.isnan(value):
        return bytes([_TAG_NAN])
    # Not Decimal(float), which raises where a program has told the decimal module to trap floats.
    return _decimal(Decimal.from_float(value))  # noqa: FURB164


def _decimal(value: Decimal) -> bytes:
    if value.is_nan():
        return bytes([_TAG_NAN])
    if not value:
        return b"\x05" + _ZERO
    if value.is_infinite():
        magnitude = _INFINITE + _END
    else:
        magnitude = _magnitude("".join(map(str, value.as_tuple().digits)).lstrip("0"), value.adjusted())
    return b"\x05" + (_NEGATIVE + complement(magnitude) if value < 0 else _POSITIVE + magnitude)


def _magnitude(digits: str, exponent: int) -> bytes:
    """Of ``d.ddd * 10 ** exponent``: the exponent, then pairs of digits, then an end below any pair."""
    digits = digits.rstrip("0")
    if len(digits) % 2:
        digits += "0"
    if -_SMALL_EXPONENT <= exponent <= _SMALL_EXPONENT:
        power = bytes([exponent + _EXPONENT_BIAS])
    else:
        power = (_LARGER if exponent > 0 else _SMALLER) + (exponent + _WIDE_BIAS).to_bytes(8, "big")
    return power + bytes.fromhex(digits).translate(_DIGIT_PAIRS) + _END


def _date(value: date) -> bytes:
    return bytes([_TAG_DATE]) + value.toordinal().to_bytes(4, "big")


def _datetime(value: datetime) -> bytes:
    """Microseconds of UTC, by the offset that the datetime carries."""
    payload = encode_datetime(value)
    wall = int.from_bytes(payload[:8], "big", signed=True)
    instant = wall - _MICROSECONDS * int.from_bytes(payload[8:12], "big", signed=True)
    return bytes([_TAG_DATETIME]) + (instant + _WIDE_BIAS).to_bytes(8, "big")


def _text(value: str) -> bytes:
    return b"\x08" + value.encode().replace(b"\x00", b"\x00\xff") + _END_OF_BYTES


def _bytes(value: bytes) -> bytes:
    return b"\x09" + value.replace(b"\x00", b"\x00\xff") + _END_OF_BYTES


def _uuid(value: UUID) -> bytes:
    return bytes([_TAG_UUID]) + value.bytes


def _list(value: list[object]) -> bytes:
    return bytes([_TAG_LIST]) + b"".join(map(encode_key, value)) + _END


def _map(value: dict[str, object]) -> bytes:
    items = b"".join(_text(name) + encode_key(value[name]) for name in sorted(value))
    return bytes([_TAG_MAP]) + items + _END


def _set(value: frozenset[object]) -> bytes:
    return bytes([_TAG_SET]) + b"".join(sorted(map(encode_key, value))) + _END


_ENCODERS: Final[Mapping[type, Callable[[Any], bytes]]] = {
    Missing: _missing,
    type(None): _none,
    bool: _bool,
    int: _integer,
    float: _float,
    Decimal: _decimal,
    date: _date,
    datetime: _datetime,
    str: _text,
    bytes: _bytes,
    UUID: _uuid,
    list: _list,
    dict: _map,
    frozenset: _set,
}
