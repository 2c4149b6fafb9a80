"""Which index answers a query: the ways that there are, the choice among them, and the choice in words.

All ways find the same documents in the same order: each document that a way leads to is checked against the
whole expression, and sorted if the way does not come by in order. So a wrong choice costs time only.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product
from typing import Final

from syncore.query.bounds import bounds_of, element_bounds_of, exact_keys_of
from syncore.query.definitions import IndexDefinition
from syncore.query.expression_encoding import encode_expression, in_words
from syncore.query.expressions import Contains, Expression, conjuncts
from syncore.query.intervals import ALL, Interval, Intervals, beginning_with, is_within, reversed_order, union
from syncore.query.keys import hash_of_keys
from syncore.query.ordering import Column, Ordering

MAX_RANGES: Final = 1_000
"""Ranges of one index that are searched: each takes a query of its own."""
ESTIMATE_LIMIT: Final = 1_000
"""Entries that are counted to compare ways; counting more would cost more than a wrong choice."""
LONG_SCAN: Final = 2_000
"""Documents from which on reading all of them is worth a warning: about 20 ms."""
_SORTED_COST: Final = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """One way to the documents of a query.

    Attributes:
        index: The index's name; None for all documents, in the order of ids.
        definition: What is in it.
        ranges: Where in it to look: sorted and disjoint.
        is_ordered: Whether it passes the documents in the order that is wanted.
        is_backwards: Whether it has to be gone from its end for that.
        fixed: The components of its first columns, as far as they have one value only in the ranges; of an
            index of hashes, the hash.
        is_exact: Whether all that is in the ranges satisfies the expression.
        may_repeat: Whether it may come by one document several times.
    """

    index: str | None = None
    definition: IndexDefinition | None = None
    ranges: Intervals = ALL
    is_ordered: bool = False
    is_backwards: bool = False
    fixed: tuple[bytes, ...] = ()
    is_exact: bool = False
    may_repeat: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The way that was chosen, and what it is for.

    Attributes:
        expression: What documents have to satisfy.
        ordering: The order that is wanted.
        way: How they are come by.
        estimates: How many entries or documents each way would pass, by index; at most
            :data:`ESTIMATE_LIMIT`.
    """

    expression: Expression
    ordering: Ordering
    way: Way
    estimates: Mapping[str | None, int] = field(default_factory=dict)


def ways(
    expression: Expression, ordering: Ordering, indexes: Mapping[str, IndexDefinition]
) -> tuple[Way, ...]:
    """All ways to the documents of a query; reading everything is the last."""
    found = [_way(name, indexes[name], expression, ordering) for name in sorted(indexes)]
    everything = Way(is_ordered=not ordering.columns, is_exact=not conjuncts(expression))
    return (*(way for way in found if way is not None), everything)


def best_at_once(found: Sequence[Way]) -> Way | None:
    """A way that none can better, if one is seen without counting: it passes what is wanted, in order."""
    if len(found) == 1:
        return found[0]
    return next((way for way in found if way.is_ordered and way.is_exact), None)


def choose(found: Sequence[Way], estimates: Mapping[str | None, int], *, limit: int | None) -> Way:
    """The way that passes the fewest documents.

    Args:
        found: The ways.
        estimates: How many entries each would pass, at most :data:`ESTIMATE_LIMIT`.
        limit: How many documents are wanted at most.
    """

    def cost(way: Way) -> tuple[int, bool, int]:
        passed = estimates[way.index]
        if way.is_ordered and way.is_exact and limit is not None:
            passed = min(passed, limit)
        is_cheap_to_sort = way.is_ordered or (limit is None and way.index is not None)
        return passed if is_cheap_to_sort else _SORTED_COST * passed, way.index is None, -len(way.fixed)

    return min(found, key=cost)


def implies(expression: Expression, condition: Expression) -> bool:
    """Whether it can be seen that a condition holds wherever an expression does."""
    given = {encode_expression(part) for part in conjuncts(expression)}
    return all(
        encode_expression(part) in given or _is_implied(part, expression) for part in conjuncts(condition)
    )


def in_steps(plan: Plan, *, collection: str, documents: int) -> str:
    """The plan in words, with a warning where it reads many documents.

    Args:
        plan: The plan.
        collection: The collection's name.
        documents: How many documents the collection has, at most :data:`LONG_SCAN` + 1.
    """
    way = plan.way
    order = ", ".join(map(str, plan.ordering.columns)) or "id"
    lines = [f"find in {collection}: {in_words(plan.expression)}, by {order}"]
    if way.definition is None:
        lines.append("reads all documents of the collection, in the order of ids")
    else:
        count = f"{len(way.ranges)} range{'s' if len(way.ranges) != 1 else ''}"
        whole = "all of it" if way.ranges == ALL else count
        backwards = ", from its end" if way.is_backwards else ""
        if way.definition.is_hashed:
            whole = f"{len(way.ranges)} hash{'es' if len(way.ranges) != 1 else ''}"
        lines.append(f"reads the index {way.index} ({way.definition}): {whole}{backwards}")
    if not way.is_exact:
        lines.append("checks each document against the expression")
    lines.append("comes in the order wanted" if way.is_ordered else f"sorts what it found by {order}")
    if way.definition is None and documents > LONG_SCAN:
        lines.append(
            f"warning: there are more than {LONG_SCAN} documents; an index would spare reading them all:"
            f" create_index() on a field that is compared or ordered by"
        )
    return "\n".join(lines)


def _is_implied(condition: Expression, expression: Expression) -> bool:
    for path in _paths(condition):
        allowed = bounds_of(condition, path)
        if allowed.is_exact and is_within(bounds_of(expression, path).intervals, allowed.intervals):
            return True
    return False


def _paths(expression: Expression) -> set[tuple[str, ...]]:
    path = getattr(expression, "path", None)
    if path is not None:
        return {path}
    parts = getattr(expression, "parts", None) or (getattr(expression, "operand", None),)
    return {path for part in parts if isinstance(part, Expression) for path in _paths(part)}


def _way(name: str, definition: IndexDefinition, expression: Expression, ordering: Ordering) -> Way | None:
    if definition.condition is not None and not implies(expression, definition.condition):
        return None
    if definition.is_of_elements:
        return _way_by_elements(name, definition, expression, ordering)
    if definition.is_hashed:
        return _way_by_hash(name, definition, expression, ordering)
    ranges, fixed, used = _ranges(definition, expression)
    direction = _direction(definition, ordering, len(fixed))
    if ranges == ALL and direction is None and definition.condition is None:
        return None  # passes everything, as reading everything does, and out of order
    return Way(
        index=name,
        definition=definition,
        ranges=ranges,
        is_ordered=direction is not None,
        is_backwards=direction is True,
        fixed=fixed,
        is_exact=_is_exact(definition, expression, used),
    )


def _way_by_elements(
    name: str, definition: IndexDefinition, expression: Expression, ordering: Ordering
) -> Way | None:
    [column] = definition.columns
    parts = conjuncts(expression)
    for part in parts:
        bounds = element_bounds_of(part, column.path)
        if bounds is not None and len(bounds.intervals) <= MAX_RANGES:
            fixed = bounds.points or ()
            is_single = len(fixed) == 1
            return Way(
                index=name,
                definition=definition,
                ranges=bounds.intervals,
                is_ordered=is_single and not ordering.columns,
                fixed=fixed if is_single else (),
                is_exact=is_single and bounds.is_exact and len(parts) == 1,
                may_repeat=not isinstance(part, Contains),
            )
    return None


def _way_by_hash(
    name: str, definition: IndexDefinition, expression: Expression, ordering: Ordering
) -> Way | None:
    """Equality alone, and always checked: hashes have no order, and may collide."""
    combinations = 1
    keys: list[list[bytes]] = []
    for column in definition.columns:
        found = exact_keys_of(expression, column.path)
        if found is None or (combinations := combinations * len(found)) > MAX_RANGES:
            return None
        keys.append(sorted(found))
    hashes = sorted(map(hash_of_keys, product(*keys)))
    is_single = len(hashes) == 1
    known = {column.path for column in definition.columns}
    return Way(
        index=name,
        definition=definition,
        ranges=union(map(beginning_with, hashes)),
        is_ordered=is_single and all(column.path in known for column in ordering.columns),
        is_backwards=is_single and ordering.last.is_descending,
        fixed=tuple(hashes) if is_single else (),
    )


def _ranges(
    definition: IndexDefinition, expression: Expression
) -> tuple[Intervals, tuple[bytes, ...], list[Column]]:
    """Where in the index to look, how many columns are fixed there, and which columns that settles."""
    starts = [b""]
    fixed: tuple[bytes, ...] = ()
    for place, column in enumerate(definition.columns):
        bounds = bounds_of(expression, column.path)
        used = list(definition.columns[: place + 1])
        if bounds.points is not None and len(starts) * len(bounds.points) <= MAX_RANGES:
            points = sorted(column.directed(point) for point in bounds.points)
            starts = [start + point for start, point in product(starts, points)]
            if len(points) == 1 and len(fixed) == place:
                fixed += bounds.points
            continue
        intervals = reversed_order(bounds.intervals) if column.is_descending else bounds.intervals
        if len(starts) * len(intervals) > MAX_RANGES:
            return tuple(map(beginning_with, starts)), fixed, used[:-1]
        return _put_behind(starts, intervals), fixed, used
    return tuple(map(beginning_with, starts)), fixed, list(definition.columns)


def _put_behind(starts: Sequence[bytes], intervals: Intervals) -> Intervals:
    found: list[Interval] = []
    for start, (low, high) in product(starts, intervals):
        found.append((start + low, beginning_with(start)[1] if high is None else start + high))
    return union(found)


def _is_exact(definition: IndexDefinition, expression: Expression, used: Sequence[Column]) -> bool:
    known = (
        set()
        if definition.condition is None
        else set(map(encode_expression, conjuncts(definition.condition)))
    )
    return all(
        any(bounds_of(part, column.path).is_exact for column in used) or encode_expression(part) in known
        for part in conjuncts(expression)
    )


def _direction(definition: IndexDefinition, ordering: Ordering, fixed: int) -> bool | None:
    """Whether to go backwards through the index for an order; None if it does not give that order."""
    for place in range(fixed + 1):
        known = {column.path for column in definition.columns[:place]}
        wanted = [column for column in ordering.columns if column.path not in known]
        rest = definition.columns[place:]
        if [column.path for column in wanted] != [column.path for column in rest]:
            continue
        opposite = {
            column.is_descending != other.is_descending for column, other in zip(wanted, rest, strict=True)
        }
        opposite.add(ordering.last.is_descending != definition.ordering.last.is_descending)
        if len(opposite) == 1:
            return opposite.pop()
    return None
