"""The order of values: total, exact, and the same whatever the process is set to."""

import decimal
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given

from syncore.codec.values import Value, encode_value
from syncore.documents.value_order import order_key, sort_key
from tests.documents.value_strategies import VALUES

BERLIN = ZoneInfo("Europe/Berlin")


@given(VALUES, VALUES, VALUES)
def test_the_order_is_total(first: Value, second: Value, third: Value) -> None:
    """Any two values compare, and three stand in a line."""
    low, middle, high = sorted([first, second, third], key=sort_key)
    assert sort_key(low) <= sort_key(middle) <= sort_key(high)
    assert (sort_key(first) == sort_key(second)) == (encode_value(first) == encode_value(second))


@pytest.mark.parametrize(
    ("less", "greater"),
    [
        *((2**53, 2**53 + 1), (float(2**53), 2**53 + 1), (0.1, Decimal("0.1000000000000001"))),
        *((Decimal("0.1"), 0.1), (10**400, Decimal("1E+401")), (float("-inf"), -(10**400))),
        *((Decimal("-Infinity"), 0), ("Z", "a"), ("a", "b"), (b"\x01", b"\x02"), (False, True)),
        (date(2024, 2, 28), date(2024, 2, 29)),
        (datetime(2024, 1, 1, 12, tzinfo=UTC), datetime(2024, 1, 1, 9, tzinfo=timezone(timedelta(hours=-5)))),
        # The hour that comes twice: as Python compares them these two are equal.
        (datetime(2024, 10, 27, 2, 30, tzinfo=BERLIN), datetime(2024, 10, 27, 2, 30, tzinfo=BERLIN, fold=1)),
        *((UUID(int=1), UUID(int=2)), (True, 0), (5, "4"), ("a", b""), ([2], {"a": 1})),
    ],
    ids=repr,
)
def test_values_compare_as_people_expect(less: Value, greater: Value) -> None:
    """Numbers by size across their types, instants by time across their zones, kinds in a fixed order."""
    low, high = order_key(less), order_key(greater)
    assert low is not None
    assert high is not None
    assert low < high


@pytest.mark.parametrize(("one", "other"), [(1, 1.0), (1, Decimal("1.00")), (0.5, Decimal("0.5")), (0, -0.0)])
def test_equal_numbers_of_different_types_tie(one: Value, other: Value) -> None:
    """One and one are no reason to prefer either."""
    assert order_key(one) == order_key(other)


@pytest.mark.parametrize("value", [None, float("nan"), Decimal("NaN"), Decimal("NaN123")])
def test_what_is_no_amount_has_no_place(value: Value) -> None:
    """No value and not-a-number are neither great nor small."""
    assert order_key(value) is None


def test_the_decimal_context_does_not_matter() -> None:
    """Programs that work with few digits, or trap floats, order values like all others."""
    with decimal.localcontext() as context:
        context.prec, context.Emax, context.Emin = 3, 5, -5
        context.traps[decimal.FloatOperation] = True
        keys = [order_key(value) for value in (1234567, 1234567.5, Decimal(1234568), 10**30)]
        assert keys == sorted(keys, key=lambda key: key or (0, 0))
        assert len({key for key in keys if key is not None}) == 4
