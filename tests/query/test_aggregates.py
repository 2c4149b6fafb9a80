"""Aggregates are exact, and do not depend on the order of documents."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncore.core.errors import Misused, TooLarge
from syncore.query.aggregates import Aggregate, Tally, count, max_, mean_, min_, sum_

exact = st.integers() | st.decimals(
    allow_nan=False, allow_infinity=False, min_value=-(10**9), max_value=10**9, places=4
)


def tallied(aggregate: Aggregate, *values: object) -> object:
    """The aggregate of documents whose field ``x`` holds these."""
    tally = Tally(aggregate)
    for value in values:
        tally.add({"x": value}, "id")
    return tally.result()


@given(st.lists(exact))
def test_sums_of_ints_and_decimals_are_exact(values: list[int | Decimal]) -> None:
    """To the last digit, in the type that holds it."""
    found = tallied(sum_("x"), *values)
    assert isinstance(found, int | Decimal)
    assert Fraction(found) == sum(map(Fraction, values))
    assert isinstance(found, Decimal) == any(isinstance(value, Decimal) for value in values)


@given(st.lists(exact | st.floats(-1e9, 1e9), min_size=1))
def test_sums_with_floats_are_rounded_once(values: list[int | Decimal | float]) -> None:
    """The float nearest to the exact sum."""
    values.append(0.5)
    assert tallied(sum_("x"), *values) == float(sum(map(Fraction, values)))


def test_what_counts() -> None:
    """None and what is missing count for nothing, for documents as such they do."""
    assert tallied(count(), 1, None) == 2
    assert tallied(count("x"), 1, None) == 1
    assert tallied(count("y"), 1, None) == 0
    assert tallied(sum_("x")) == 0
    assert [tallied(one("x"), None) for one in (mean_, min_, max_)] == [None, None, None]
    assert tallied(mean_("x"), 1, Decimal("2.5")) == Decimal("1.75")
    assert tallied(mean_("x"), 1, 0.5) == 0.75
    assert tallied(max_("x"), 3, Decimal("3.5"), float("nan"), 2**70) == 2**70
    assert tallied(min_("x"), "b", "a") == "a"
    assert str(tallied(sum_("x"), Decimal("1.10"), Decimal("-1.1"))) == "0.00"
    assert tallied(sum_("x"), 1, float("inf")) == float("inf")
    assert tallied(sum_("x"), 1e308, 1e308) == float("inf")


def test_what_cannot_be_added() -> None:
    """Text cannot, and the document is named; nor what no number of digits would hold; nor directions."""
    with pytest.raises(Misused, match="x of 'id' is no number but a str"):
        tallied(sum_("x"), "1")
    with pytest.raises(TooLarge):
        tallied(sum_("x"), 1, Decimal("1E+999999"))
    with pytest.raises(Misused, match="direction"):
        sum_("-x")
