"""Sums and averages that do not round, one by one; the laws: tests/property/test_sql_laws.py."""

import math
from decimal import Decimal

import pytest

from syncore.codec.values import Value
from syncore.core.errors import Misused
from syncore.documents.projection import FieldValue
from syncore.sql.aggregates import ExactAverage, ExactMaximum, ExactMinimum, ExactSum
from syncore.sql.representation import from_sql, to_exact, to_plain


def result(make: type[ExactSum | ExactMinimum], values: list[Value]) -> FieldValue:
    """What an aggregate makes of values, in whichever form they stand."""
    group = make()
    for place, value in enumerate(values):
        group.step(to_plain(value) if place % 2 else to_exact(value))
    return from_sql(group.finalize())


@pytest.mark.parametrize(
    ("values", "total", "average"),
    [
        ([], None, None),
        ([None], None, None),
        ([1, 2, None], 3, Decimal("1.5")),
        ([2**63, 2**63], 2**64, Decimal(2**63)),
        ([Decimal("0.10"), Decimal("0.20")], Decimal("0.30"), Decimal("0.15")),
        ([Decimal("1E+30"), Decimal("1E-30")], Decimal("1E+30") + 0, None),
        ([0.1] * 10, 1.0, 0.1),
        ([1e308, 1e308, -1e308], 1e308, None),
        ([math.inf, 1], math.inf, math.inf),
        ([Decimal("Infinity"), 1], Decimal("Infinity"), Decimal("Infinity")),
        ([1, 0, 0], 1, Decimal("0.3333333333333333333333333333333333")),
    ],
)
def test_sums_and_averages(values: list[Value], total: Value, average: Value) -> None:
    """The sum has the type that holds it, and the average is rounded once."""
    if values[:1] == [Decimal("1E+30")]:
        total = Decimal("1000000000000000000000000000000.000000000000000000000000000001")
    found = result(ExactSum, values)
    assert (type(found), found) == (type(total), total)
    if average is not None or not values:
        found = result(ExactAverage, values)
        assert (type(found), found) == (type(average), average)


def test_not_a_number() -> None:
    """Infinities of both signs come to not-a-number, as they do everywhere."""
    found = result(ExactSum, [math.inf, -math.inf])
    assert isinstance(found, float)
    assert math.isnan(found)


@pytest.mark.parametrize("values", [["a"], [b"1"], [[1]]])
def test_what_is_no_number_is_refused(values: list[Value]) -> None:
    """Adding text is a mistake, not nought."""
    with pytest.raises(Misused, match="a sum cannot take"):
        result(ExactSum, values)


def test_a_sum_has_an_end() -> None:
    """A sum that would take memory without bound is refused."""
    with pytest.raises(Misused, match="digits"):
        result(ExactSum, [Decimal("1E+999999"), Decimal(1)])


def test_extremes() -> None:
    """The least and the greatest are found across types, and come back as they are."""
    values: list[Value] = [3, Decimal("2.50"), 2.75, None]
    assert str(result(ExactMinimum, values)) == "2.50"
    assert result(ExactMaximum, values) == 3
    assert result(ExactMaximum, [None]) is None
