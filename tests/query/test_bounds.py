"""Bounds: who is outside cannot be meant, and exact ones mean everybody inside."""

from hypothesis import given

from syncore.query.bounds import bounds_of, element_bounds_of
from syncore.query.definitions import IndexDefinition
from syncore.query.expressions import Expression, FieldPath, look_up
from syncore.query.intervals import is_inside
from syncore.query.keys import component
from syncore.query.ordering import Column
from tests.query.strategies import documents, expressions, paths


@given(documents, expressions, paths)
def test_bounds_hold_what_satisfies_the_expression(
    values: dict[str, object], expression: Expression, path: FieldPath
) -> None:
    """A document that satisfies it is inside; where bounds are exact, one that does not is outside."""
    bounds = bounds_of(expression, path)
    key = component(look_up(values, path))
    is_in = is_inside(key, bounds.intervals)
    assert is_in or not expression.holds(values)
    assert not bounds.is_exact or is_in == expression.holds(values)
    if bounds.points is not None:
        assert is_in == (key in bounds.points)


@given(documents, expressions, paths)
def test_bounds_of_elements_hold_what_satisfies_the_expression(
    values: dict[str, object], expression: Expression, path: FieldPath
) -> None:
    """The same for one of the entries that a document has in an index of elements."""
    bounds = element_bounds_of(expression, path)
    if bounds is None:
        return
    definition = IndexDefinition(columns=(Column(path),), is_of_elements=True)
    is_in = any(is_inside(key, bounds.intervals) for key in definition.keys_of(values, "x"))
    assert is_in or not expression.holds(values)
    assert not bounds.is_exact or is_in == expression.holds(values)
