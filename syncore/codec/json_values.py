"""JSON for values, lossless in both directions.

Plain JSON means itself: null, true, 1, 1.5, "text", [..], {..}. What JSON lacks is an object with one key
that begins with ``$``: ``$decimal`` "1.50", ``$datetime`` "2026-01-31T12:00:00+01:00[Europe/Berlin]" (RFC
9557; Z for UTC, no brackets for a bare offset), ``$date``, ``$uuid``, ``$bytes`` (base64), ``$float`` "nan",
"inf" or "-inf", ``$integer`` in hexadecimal (for ints too long for JSON readers), and ``$map``, which holds a
map as it is when one of its keys begins with ``$``.
"""

import base64
import binascii
import json
import math
import re
from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Final
from uuid import UUID

from syncore.codec.instants import decode_datetime, encode_datetime
from syncore.codec.values import Value
from syncore.core.errors import InvalidValue
from syncore.core.limits import MAX_VALUE_DEPTH

Json = None | bool | int | float | str | list["Json"] | dict[str, "Json"]

MAX_JSON_INTEGER_BITS: Final = 4_096
"""Longer ints are written in hexadecimal: Python and others refuse to read decimal numbers of some thousand
digits, because that takes quadratic time."""

_ORIGIN: Final = datetime(1, 1, 1)  # noqa: DTZ001 - the origin of wall clocks, which have no zone
_DAY: Final = timedelta(days=1)
_SECOND: Final = timedelta(seconds=1)
_MICROSECOND: Final = timedelta(microseconds=1)
_ZONE_AT: Final = 12
_HEXADECIMAL: Final = re.compile(r"-?0x[0-9a-f]+")


def parse_json(text: str) -> Json:
    """The one JSON value that a text holds; stricter than the standard library.

    Raises:
        InvalidValue: not JSON (NaN and Infinity are not), a key twice in one object, a number that no float
            can hold, or nesting without end.
    """
    try:
        parsed: Json = json.loads(
            text, parse_constant=_refuse_constant, parse_float=_finite, object_pairs_hook=_unique
        )
    except RecursionError as error:
        raise InvalidValue("the JSON is nested too deeply") from error
    except ValueError as error:
        raise InvalidValue(f"this is not JSON: {error}") from error
    return parsed


def value_to_json(value: Value) -> Json:
    """The JSON form of a value."""
    match value:
        case list():
            return [value_to_json(item) for item in value]
        case dict():
            plain = {key: value_to_json(item) for key, item in value.items()}
            return {"$map": plain} if any(key.startswith("$") for key in plain) else plain
        case bool() | None | str():
            return value
        case int():
            return {"$integer": hex(value)} if value.bit_length() > MAX_JSON_INTEGER_BITS else value
        case float():
            return value if math.isfinite(value) else {"$float": str(value)}
        case _:
            return _tagged(value)


def value_from_json(found: Json) -> Value:
    """The value of a JSON form.

    Raises:
        InvalidValue: an unknown tag, or a tag around something that it does not stand for.
    """
    return _value(found, MAX_VALUE_DEPTH)


def datetime_text(value: datetime) -> str:
    """A datetime with its zone, as RFC 9557 writes it."""
    payload = encode_datetime(value)
    name = payload[_ZONE_AT:].decode("ascii")
    if name == "UTC" and value.utcoffset() == timedelta(0):
        return value.replace(tzinfo=None).isoformat() + "Z"
    return value.isoformat() + (f"[{name}]" if name else "")


def read_datetime(text: str) -> datetime:
    """The datetime that :func:`datetime_text` wrote.

    Raises:
        ValueError: the text is none.
    """
    stamp, bracket, rest = text.partition("[")
    when = datetime.fromisoformat(stamp)
    offset = when.utcoffset()
    if offset is None or offset.microseconds or (bracket and not rest.endswith("]")):
        raise ValueError("no offset in whole seconds, or no zone between the brackets")
    name = rest[:-1] if bracket else "UTC" if stamp.endswith("Z") else ""
    wall = (when.replace(tzinfo=None) - _ORIGIN) // _MICROSECOND
    seconds = offset.days * (_DAY // _SECOND) + offset.seconds
    header = wall.to_bytes(8, "big", signed=True) + seconds.to_bytes(4, "big", signed=True)
    return decode_datetime(header + name.encode("ascii"))


# --- from values ---


def _tagged(value: Value) -> Json:
    match value:
        case bytes():
            return {"$bytes": base64.b64encode(value).decode("ascii")}
        case Decimal():
            return {"$decimal": str(value)}
        case datetime():
            return {"$datetime": datetime_text(value)}
        case date():
            return {"$date": value.isoformat()}
        case UUID():
            return {"$uuid": str(value)}
        case _:
            raise AssertionError(f"{type(value).__name__} is no value")


# --- to values ---


def _value(found: Json, depth: int) -> Value:
    if isinstance(found, list | dict) and depth == 0:
        raise InvalidValue(f"a value is nested deeper than {MAX_VALUE_DEPTH} levels")
    if isinstance(found, list):
        return [_value(item, depth - 1) for item in found]
    if not isinstance(found, dict):
        return found
    if not any(key.startswith("$") for key in found):
        return {key: _value(item, depth - 1) for key, item in found.items()}
    if len(found) != 1:
        raise InvalidValue(
            "a key that begins with $ stands alone", hint='write {"$map": {..}} for such a map'
        )
    [(tag, inner)] = found.items()
    if tag == "$map" and isinstance(inner, dict):
        return {key: _value(item, depth - 1) for key, item in inner.items()}
    return _from_text(tag, inner)


def _from_text(tag: str, inner: Json) -> Value:
    read = _READERS.get(tag)
    if read is None:
        raise InvalidValue(f"{tag} cannot stand here", hint='write {"$map": {..}} for a map with such a key')
    if not isinstance(inner, str):
        raise InvalidValue(f"{tag} stands before a string")
    try:
        return read(inner)
    except (ValueError, InvalidOperation, OverflowError, binascii.Error) as error:
        raise InvalidValue(f"{tag} does not stand before {inner[:60]!r}") from error


def _read_integer(text: str) -> int:
    if not _HEXADECIMAL.fullmatch(text):
        raise ValueError("not hexadecimal")
    return int(text, 16)


def _read_float(text: str) -> float:
    if text not in {"nan", "inf", "-inf"}:
        raise ValueError("JSON has numbers for these")
    return float(text)


_READERS: Final[Mapping[str, Callable[[str], Value]]] = {
    "$bytes": lambda text: base64.b64decode(text, validate=True),
    "$date": date.fromisoformat,
    "$datetime": read_datetime,
    "$decimal": Decimal,
    "$float": _read_float,
    "$integer": _read_integer,
    "$uuid": UUID,
}


# --- stricter JSON ---


def _refuse_constant(name: str) -> Json:
    raise ValueError(f"{name} is not JSON")


def _finite(text: str) -> float:
    number = float(text)
    if math.isinf(number):
        raise ValueError(f"{text[:40]} is larger than any float")
    return number


def _unique(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key stands twice in one object")
    return found
