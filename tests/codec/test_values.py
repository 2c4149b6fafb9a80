"""Values: lossless, canonical, and nothing else."""

import json
import math
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import IntEnum
from pathlib import Path
from typing import NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncore.codec.values import Value, decode_value, encode_value
from syncore.core.errors import InvalidValue, Malformed
from syncore.core.limits import MAX_INTEGER_BYTES, MAX_VALUE_BYTES, MAX_VALUE_DEPTH
from tests.documents.fuzzing import assert_total

VECTORS = json.loads((Path(__file__).parents[1] / "vectors" / "values.json").read_text())
scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.integers(-(2**300), 2**300)
    | st.floats()
    | st.text()
    | st.binary()
    | st.decimals(allow_nan=False)
    | st.dates()
    | st.uuids()
    | st.datetimes(timezones=st.sampled_from([UTC, ZoneInfo("Europe/Zurich")]), allow_imaginary=False)
)
values: st.SearchStrategy[Value] = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner, max_size=4),
    max_leaves=10,
)


def exact(value: object) -> object:
    """A value with all its types, so that what compares equal but is not the same differs."""
    if isinstance(value, list):
        return [exact(item) for item in value]
    if isinstance(value, dict):
        return {key: exact(item) for key, item in value.items()}
    if isinstance(value, float):
        return float, "nan" if math.isnan(value) else value.hex()
    if isinstance(value, Decimal):
        return Decimal, str(value)
    if isinstance(value, datetime):
        return datetime, value.replace(tzinfo=None, fold=0), value.utcoffset(), str(value.tzinfo)
    return type(value), value


@given(values)
def test_values_round_trip_exactly(value: Value) -> None:
    """Type, sign, precision and zone come back."""
    data = encode_value(value)
    decoded = decode_value(data)
    assert exact(decoded) == exact(value)
    assert encode_value(decoded) == data


@given(
    st.dictionaries(st.text(max_size=3), st.integers(), min_size=2, max_size=6),
    st.randoms(use_true_random=False),
)
def test_maps_have_one_encoding(value: dict[str, int], source: object) -> None:
    """The order in which a map was filled does not show."""
    items = list(value.items())
    source.shuffle(items)  # type: ignore[attr-defined]
    assert encode_value(dict(items)) == encode_value(value)
    assert list(decode_value(encode_value(dict(items)))) == sorted(value)  # type: ignore[arg-type]


@given(st.binary(max_size=80))
def test_bytes_are_a_value_or_malformed(data: bytes) -> None:
    """Whatever the bytes, they are the one encoding of a value or raise Malformed."""
    try:
        value = decode_value(data)
    except Malformed:
        return
    assert encode_value(value) == data


@pytest.mark.parametrize("vector", VECTORS["values"], ids=lambda vector: vector["python"])
def test_golden_values(vector: dict[str, str]) -> None:
    """The bytes that the format's document promises."""
    names = {
        "Decimal": Decimal,
        "datetime": datetime,
        "date": date,
        "UUID": UUID,
        "UTC": UTC,
        "ZoneInfo": ZoneInfo,
    }
    value = eval(vector["python"], {"__builtins__": {"float": float}}, names)  # noqa: S307 - from our own file
    assert encode_value(value).hex() == vector["hex"]
    assert exact(decode_value(bytes.fromhex(vector["hex"]))) == exact(value)


@pytest.mark.parametrize("vector", VECTORS["malformed"], ids=lambda vector: vector["why"])
def test_golden_bytes_that_are_no_value(vector: dict[str, str]) -> None:
    """What the format's document forbids is Malformed."""
    with pytest.raises(Malformed):
        decode_value(bytes.fromhex(vector["hex"]))


def test_damaged_values_are_read_exactly_or_refused() -> None:
    """Each damaged copy of a rich value is Malformed or the one encoding of something else."""
    value = {
        "a": [1, -1, 2**80, 1.5, None, True],
        "b": {"c": Decimal("1.50"), "d": date(2024, 2, 29)},
        "e": [datetime(2024, 1, 1, tzinfo=ZoneInfo("Europe/Zurich")), UUID(int=7), b"\x00", "ü"],
    }
    assert_total(decode_value, encode_value, encode_value(value))


class Level(IntEnum):
    """An int that would come back as a plain one."""

    LOW = 1


class Point(NamedTuple):
    """A tuple that would come back as a list."""

    x: int


class Label(str):
    """A str that would come back as a plain one."""

    __slots__ = ()


@pytest.mark.parametrize(
    ("value", "advice"),
    [
        (Level.LOW, "plain int"),
        (Label("x"), "plain str"),
        (Point(1), "use a list"),
        ((1, 2), "use a list"),
        (bytearray(b"x"), "use bytes"),
        ({1}, "a set can be a field"),
        (1j, "values are None"),
        (object(), "values are None"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_would_come_back_as_something_else_is_refused(value: object, advice: str) -> None:
    """Each refusal says what to use instead, also deep inside."""
    for wrapped in (value, [value], {"a": [value]}):
        with pytest.raises(InvalidValue, match=advice):
            encode_value(wrapped)


@pytest.mark.parametrize(
    "value",
    [
        "\ud800",
        {"\udfff": 1},
        {1: 1},
        {None: 1},
        Decimal("sNaN"),
        datetime(2024, 1, 1),  # noqa: DTZ001 - refused for having no zone
        2 ** (8 * MAX_INTEGER_BYTES),
        "x" * MAX_VALUE_BYTES,
    ],
    ids=["surrogate", "key surrogate", "int key", "None key", "sNaN", "naive", "huge int", "long text"],
)
def test_other_values_are_refused(value: object) -> None:
    """What cannot be written, or not be read again, is an InvalidValue."""
    with pytest.raises(InvalidValue):
        encode_value(value)


def nested(depth: int) -> Value:
    """Lists and maps within each other."""
    value: Value = 1
    for level in range(depth):
        value = [value] if level % 2 else {"a": value}
    return value


def test_nesting_has_a_limit_on_both_sides() -> None:
    """The deepest value allowed round trips; one level more is refused, written or read."""
    assert decode_value(encode_value(nested(MAX_VALUE_DEPTH))) == nested(MAX_VALUE_DEPTH)
    with pytest.raises(InvalidValue, match="nested deeper"):
        encode_value(nested(MAX_VALUE_DEPTH + 1))
    for depth in (MAX_VALUE_DEPTH + 1, 600, 3_000):
        with pytest.raises(Malformed):
            decode_value(b"\x91" * depth + b"\x01")


def test_sizes_have_a_limit_on_both_sides() -> None:
    """The largest text and the largest int allowed round trip; more is refused."""
    longest = "x" * (MAX_VALUE_BYTES - 5)
    assert decode_value(encode_value(longest)) == longest
    with pytest.raises(Malformed, match="allowed"):
        decode_value(encode_value(longest) + b"x")
    greatest = 2 ** (8 * MAX_INTEGER_BYTES - 1) - 1
    assert decode_value(encode_value(greatest)) == greatest


def test_every_nan_is_one() -> None:
    """NaN has many bit patterns, and one encoding."""
    odd = float.fromhex("-0x1p0") * math.nan
    assert encode_value(odd) == encode_value(math.nan) == encode_value(-math.nan)
