"""Where in an index the documents are for which an expression may hold.

Bounds are a superset: whoever is outside cannot satisfy the expression, whoever is inside may. They are
exact when everybody inside does.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import reduce

from syncore.query.expressions import (
    And,
    Compare,
    Contains,
    Exists,
    Expression,
    FieldPath,
    Not,
    OneOf,
    Or,
    Order,
    Same,
    StartsWith,
)
from syncore.query.intervals import (
    ALL,
    Interval,
    Intervals,
    beginning_with,
    intersection,
    is_inside,
    union,
    without,
)
from syncore.query.keys import (
    MAX_COMPONENT_BYTES,
    MISSING_KEY,
    TEXT_MARK,
    kind_prefix,
    successor,
    text_prefix,
)


@dataclass(frozen=True, slots=True)
class Bounds:
    """Parts of the range of one column's components.

    Attributes:
        intervals: The parts.
        is_exact: Whether they are all there is to check.
        points: If they are no more than a few whole components, those, sorted; otherwise None.
    """

    intervals: Intervals
    is_exact: bool
    points: tuple[bytes, ...] | None = None


_EVERYWHERE = Bounds(ALL, is_exact=False)


def bounds_of(expression: Expression, path: FieldPath) -> Bounds:
    """What an expression says about the component of a field."""
    match expression:
        case And(parts=parts):
            return reduce(_intersected, (bounds_of(part, path) for part in parts), Bounds(ALL, is_exact=True))
        case Or(parts=parts):
            return _united([bounds_of(part, path) for part in parts])
        case Not(operand=operand):
            inside = bounds_of(operand, path)
            return Bounds(without(inside.intervals), is_exact=True) if inside.is_exact else _EVERYWHERE
        case _:
            return _bounds_of_leaf(expression, path)


def element_bounds_of(expression: Expression, path: FieldPath) -> Bounds | None:
    """What an expression says about the elements of a field, one of which has to be inside; None if nothing.

    Two such bounds must not be intersected: different elements may satisfy them.
    """
    if isinstance(expression, Or):
        found = [element_bounds_of(part, path) for part in expression.parts]
        known = [one for one in found if one is not None]
        return _united(known) if len(known) == len(found) else None
    if not isinstance(expression, Contains) or expression.path != path:
        return None
    point = _point(expression.key)
    if not isinstance(expression.value, str):
        return point
    return Bounds(union([*point.intervals, beginning_with(TEXT_MARK)]), is_exact=False)


def exact_keys_of(expression: Expression, path: FieldPath) -> frozenset[bytes] | None:
    """The whole keys, one of which the field has wherever an expression holds; None if it does not say."""
    match expression:
        case And(parts=parts):
            found = [keys for part in parts if (keys := exact_keys_of(part, path)) is not None]
            return frozenset.intersection(*found) if found else None
        case Or(parts=parts):
            said = [exact_keys_of(part, path) for part in parts]
            known = [keys for keys in said if keys is not None]
            return frozenset[bytes]().union(*known) if len(known) == len(said) else None
        case Compare(order=Order.EQUAL, key=key) | Same(key=key) if expression.path == path:
            return frozenset((key,))
        case OneOf(keys=keys) if expression.path == path:
            return keys
        case _:
            return None


def _bounds_of_leaf(expression: Expression, path: FieldPath) -> Bounds:
    match expression:
        case Compare() if expression.path == path:
            return _compared(expression.order, expression.key)
        case OneOf(keys=keys) if expression.path == path:
            return _united([_point(key) for key in keys])
        case Same(key=key) if expression.path == path:
            point = _point(key)
            return Bounds(point.intervals, is_exact=False, points=point.points)
        case StartsWith(prefix=prefix) if expression.path == path:
            start = text_prefix(prefix)
            cut = start[:MAX_COMPONENT_BYTES]
            return Bounds((beginning_with(cut),), is_exact=cut == start)
        case Exists() if expression.path == path:
            return Bounds(without((beginning_with(MISSING_KEY),)), is_exact=True)
        case _:
            return _EVERYWHERE


def _compared(order: Order, key: bytes) -> Bounds:
    """The components of the values of the operand's kind on one side of it."""
    if order is Order.EQUAL:
        return _point(key)
    start = key[:MAX_COMPONENT_BYTES]
    is_whole = start == key
    kind, behind_kind = beginning_with(kind_prefix(key))
    behind = successor(start)
    interval: Interval
    match order:
        case Order.BELOW:
            interval = (kind, start if is_whole else behind)
        case Order.AT_MOST:
            interval = (kind, behind)
        case Order.AT_LEAST:
            interval = (start, behind_kind)
        case Order.ABOVE:
            assert behind is not None, "no key is the last"
            interval = (behind if is_whole else start, behind_kind)
    return Bounds(union([interval]), is_exact=is_whole)


def _point(key: bytes) -> Bounds:
    start = key[:MAX_COMPONENT_BYTES]
    is_whole = start == key
    return Bounds((beginning_with(start),), is_exact=is_whole, points=(start,) if is_whole else None)


def _intersected(some: Bounds, others: Bounds) -> Bounds:
    points = None
    for one, other in ((some, others), (others, some)):
        if one.points is not None:
            points = tuple(point for point in one.points if is_inside(point, other.intervals))
            break
    return Bounds(
        intersection(some.intervals, others.intervals),
        is_exact=some.is_exact and others.is_exact,
        points=points,
    )


def _united(found: list[Bounds]) -> Bounds:
    return Bounds(
        union(interval for one in found for interval in one.intervals),
        is_exact=all(one.is_exact for one in found),
        points=_together(one.points for one in found),
    )


def _together(all_points: Iterable[tuple[bytes, ...] | None]) -> tuple[bytes, ...] | None:
    together: set[bytes] = set()
    for points in all_points:
        if points is None:
            return None
        together.update(points)
    return tuple(sorted(together))
