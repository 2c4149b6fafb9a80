"""What programs pass in, checked where it comes in, so that a slip names itself."""

from collections.abc import Callable, Mapping, Sequence

from syncore.codec.values import encode_value
from syncore.core.arguments import check_callable, check_whole
from syncore.core.errors import Misused
from syncore.core.ports import Durability
from syncore.query.expressions import EVERYTHING, And, Expression, Same, joined
from syncore.query.keys import encode_key
from syncore.query.ordering import Ordering, columns_of
from syncore.query.paths import Path
from syncore.replica.searching import SearchQuestion
from syncore.replica.traversal import Question
from syncore.replica.views import Document


def checked_fields(fields: object) -> dict[str, object]:
    """Values or changes by field name.

    Raises:
        Misused: not a mapping.
    """
    if fields is None:
        return {}
    if not isinstance(fields, Mapping):
        raise Misused(f"fields are given as a mapping from names to values, not as {type(fields).__name__}")
    return dict(fields)


def checked_durability(durability: Durability | str) -> Durability:
    """The durability, also given by its value, ``"normal"`` or ``"full"``.

    Raises:
        Misused: it is neither.
    """
    try:
        return Durability(durability)
    except ValueError as error:
        raise Misused(
            f"{durability!r} is no durability", hint="Durability.NORMAL or Durability.FULL"
        ) from error


def checked_question(
    collection: str,
    expression: object,
    *,
    where: Callable[[Document], bool] | None,
    order_by: str | Path | Sequence[str | Path],
    limit: int | None,
) -> Question:
    """What ``find()`` asks.

    Raises:
        Misused, InvalidValue: it cannot be asked.
    """
    check_callable(where, "where", hint="an expression is given first, without a name")
    return Question(
        collection=collection,
        expression=checked_query(expression),
        ordering=Ordering(columns_of(order_by)),
        test=where,
        limit=checked_limit(limit),
    )


def checked_search(
    collection: str,
    query: object,
    expression: object = None,
    *,
    limit: int | None = None,
    index: str | None = None,
) -> SearchQuestion:
    """A search as programs ask for it.

    Raises:
        Misused, InvalidValue: the expression or the limit cannot be.
    """
    return SearchQuestion(
        collection=collection,
        typed=query,
        expression=EVERYTHING if expression is None else checked_query(expression),
        limit=checked_limit(limit),
        index=index,
    )


def checked_query(given: object) -> Expression:
    """What documents have to be like, also given as fields and the values that they have to hold.

    Raises:
        Misused: neither an expression nor a mapping.
        InvalidValue: a value that no field can hold, so that nothing could ever be found.
    """
    if given is not None and not isinstance(given, Mapping):
        return checked_expression(given)
    wanted = checked_fields(given)
    for value in wanted.values():
        if not isinstance(value, frozenset):
            encode_value(value)
    return joined(And, [Same((name,), value, encode_key(value)) for name, value in wanted.items()])


def checked_expression(expression: object) -> Expression:
    """What documents have to be like.

    Raises:
        Misused: not made with ``where``.
    """
    if isinstance(expression, Expression):
        return expression
    raise Misused(
        f"what documents are like is said by an expression, not by a {type(expression).__name__}",
        hint="from syncore import where; where.year > 1979",
    )


def checked_limit(limit: int | None) -> int | None:
    """How many documents are wanted at most.

    Raises:
        Misused: less than none.
    """
    if limit is not None:
        check_whole(limit, "a limit")
    if limit is not None and limit < 0:
        raise Misused(f"a limit is 0 or more, not {limit}")
    return limit
