"""Keys stand in the order of the values that they encode."""

from datetime import UTC, date, datetime
from decimal import Decimal
from itertools import pairwise
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from syncore.query.keys import (
    MAX_COMPONENT_BYTES,
    MISSING,
    complement,
    component,
    encode_key,
    successor,
    text_prefix,
)
from tests.query.strategies import LONG, as_fraction, field_values, numbers, texts


@given(numbers, numbers)
def test_numbers_of_all_types_stand_in_their_exact_order(some: Decimal, other: Decimal) -> None:
    """Ints of any size, floats and Decimals compare by what they are, to the last digit."""
    exact = as_fraction(some), as_fraction(other)
    assert (encode_key(some) < encode_key(other)) == (exact[0] < exact[1])
    assert (encode_key(some) == encode_key(other)) == (exact[0] == exact[1])


def test_numbers_far_beyond_floats_have_their_place() -> None:
    """Exponents that no Fraction could be made of, and ints that str() refuses, stand in order too."""
    rising = [
        Decimal("-Infinity"),
        Decimal("-1E+999999999999999999"),
        -(10**9000),
        -1,
        Decimal("-1E-999999999999999999"),
        0,
        Decimal("1E-999999999999999999"),
        5e-324,
        0.1,
        Decimal("0.1000000000000000056"),
        1,
        10**9000,
        10**9000 + 1,
        Decimal("1E+999999999999999999"),
        Decimal("Infinity"),
    ]
    assert all(encode_key(low) < encode_key(high) for low, high in pairwise(rising))
    assert encode_key(10**9000) == encode_key(Decimal("1E+9000"))
    assert encode_key(-0.0) == encode_key(0) == encode_key(Decimal("-0E+3"))


@given(st.lists(st.text() | texts, min_size=2, max_size=2), st.lists(st.binary(), min_size=2, max_size=2))
def test_texts_and_bytes_stand_as_python_sorts_them(some: list[str], others: list[bytes]) -> None:
    """Texts compare by code points and bytes by bytes, zeros inside included."""
    assert (encode_key(some[0]) < encode_key(some[1])) == (some[0] < some[1])
    assert (encode_key(others[0]) < encode_key(others[1])) == (others[0] < others[1])


@given(st.datetimes(timezones=st.timezones()), st.datetimes(timezones=st.timezones()))
def test_datetimes_stand_by_their_instant(some: datetime, other: datetime) -> None:
    """Zones do not matter, only when it was."""
    try:
        instants = some.astimezone(UTC), other.astimezone(UTC)
    except OverflowError:  # before the year 1 or behind 9999 in UTC
        return
    assert (encode_key(some) < encode_key(other)) == (instants[0] < instants[1])
    assert (encode_key(some) == encode_key(other)) == (instants[0] == instants[1])


@given(st.lists(st.lists(st.integers() | st.just(0)), min_size=2, max_size=2), st.dates(), st.dates())
def test_lists_and_dates_stand_as_python_sorts_them(some: list[list[int]], day: date, other: date) -> None:
    """Lists compare item by item, the shorter first; dates by the day."""
    assert (encode_key(some[0]) < encode_key(some[1])) == (some[0] < some[1])
    assert (encode_key(day) < encode_key(other)) == (day < other)


def test_kinds_stand_one_after_another() -> None:
    """What cannot be compared in Python has a fixed place."""
    rising: list[object] = [
        MISSING, None, False, True, float("nan"), Decimal("-Infinity"), 10**400, date.max,
        datetime(1, 1, 2, tzinfo=UTC), "", "\U0010ffff", b"", UUID(int=0), [], [[]], {}, {"a": 1},
        frozenset(),
    ]  # fmt: skip
    assert all(encode_key(low) < encode_key(high) for low, high in pairwise(rising))


@given(field_values, field_values)
def test_no_key_is_the_beginning_of_another(some: object, other: object) -> None:
    """Keys can be put one behind the other: whole ones, and those that were cut."""
    for encode in (encode_key, component):
        first, second = encode(some), encode(other)
        assert first == second or not second.startswith(first)


@given(field_values, field_values)
def test_components_keep_the_order(some: object, other: object) -> None:
    """Cutting makes keys equal at most, never turns them round; and complements stand the other way."""
    first, second = encode_key(some), encode_key(other)
    assert len(component(some)) <= MAX_COMPONENT_BYTES
    assert component(some) == first[:MAX_COMPONENT_BYTES]
    if first < second:
        assert component(some) <= component(other)
        assert complement(first) > complement(second)


@given(texts | st.text(), texts | st.text(max_size=2))
def test_a_prefix_of_text_is_a_prefix_of_its_key(text: str, prefix: str) -> None:
    """All texts that begin so, and nothing else, have keys that begin so."""
    assert encode_key(text).startswith(text_prefix(prefix)) == text.startswith(prefix)


def test_successors() -> None:
    """Nothing stands between what begins so and the successor."""
    assert successor(b"a\xff\xff") == b"b"
    assert successor(b"\xff") is None
    assert successor(component(LONG)) is not None
