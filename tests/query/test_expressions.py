"""What expressions mean, one by one, and how wrong uses teach the right one."""

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given

from syncore.core.errors import InvalidName, InvalidValue, Misused
from syncore.query.expression_encoding import decode_expression, encode_expression, in_words
from syncore.query.expressions import MAX_DEPTH, MAX_TERMS, Expression
from syncore.query.paths import where
from tests.query.strategies import documents, expressions

ALIEN = {
    "title": "Alien",
    "year": 1979,
    "gross": Decimal("104931801.50"),
    "seen": True,
    "sequel": None,
    "tags": frozenset({"sf", "horror"}),
    "cast": ["Ripley", 1],
    "place": {"ship": {"name": "Nostromo"}},
}


@pytest.mark.parametrize(
    ("expression", "holds"),
    [
        (where.title == "Alien", True),
        (where.title != "Alien", False),
        (where.missing != "Alien", True),
        (where.year == 1979.0, True),
        (where.year == Decimal("1979.00"), True),
        (where.gross > 104931801.4999, True),
        (where.gross < 10**30, True),
        (where.seen == True, True),  # noqa: E712 - the language
        (where.seen == 1, False),
        (where.seen > 0, False),
        (where.title > 5, False),
        (where.missing < 5, False),
        (where.sequel < 5, False),
        (where.year.between(1979, 1980), True),
        (where.year.between(1980, 1990), False),
        (where.year.in_([1978, 1979.0]), True),
        (where.year.in_([]), False),
        (where.title.startswith("Ali"), True),
        (where.year.startswith("1"), False),
        (where.tags.contains("sf"), True),
        (where.tags.contains("s"), False),
        (where.title.contains("lie"), True),
        (where.cast.contains(1.0), True),
        (where.place.contains("ship"), False),
        (where.tags == {"horror", "sf"}, True),
        (where.place.ship.name == "Nostromo", True),
        (where["place"]["ship"]["name"].startswith("N"), True),
        (where.place.ship.name.deeper == 1, False),
        (where.title["in_"].exists(), False),
        (where.sequel.is_none(), True),
        (where.missing.is_none(), False),
        (where.sequel.exists(), True),
        (where.missing.exists(), False),
        (~where.missing.exists(), True),
        ((where.year > 1970) & (where.year < 1980), True),
        ((where.year > 1980) | where.title.startswith("A"), True),
        (~((where.year > 1980) | where.title.startswith("A")), False),
        (where.made == datetime(2026, 1, 1, tzinfo=UTC), False),
    ],
)
def test_what_holds(expression: Expression, *, holds: bool) -> None:
    """Comparisons hold within one kind, numbers across types, and never for what is missing."""
    assert expression.holds(ALIEN) is holds


@given(documents, expressions)
def test_an_expression_means_the_same_after_it_was_kept(
    values: dict[str, object], expression: Expression
) -> None:
    """Encoding gives back an expression that holds for the same documents, and has the same bytes."""
    data = encode_expression(expression)
    again = decode_expression(data)
    assert again.holds(values) == expression.holds(values)
    assert encode_expression(again) == data
    assert in_words(expression)


@pytest.mark.parametrize(
    ("misuse", "teaches"),
    [
        (lambda: where.a == 1 and where.b == 2, "join with & | ~"),
        (lambda: not where.a.exists(), "instead of and, or, not"),
        (lambda: 1 < where.a < 5, r"\.between"),
        (lambda: bool(where.a), "exists"),
        (lambda: "sf" in where.tags, "contains"),
        (where.title.lower, "startswith"),
        (lambda: where("a"), "where.title"),
        (lambda: where.cast[0], "have no place"),  # type: ignore[index]
        (lambda: where.a < None, "is_none"),
        (lambda: where.a == where.b, "with a value"),
        (lambda: (where.a == 1) & 2, "parentheses"),  # type: ignore[operator]
        (lambda: where.a.in_("text"), "part of a text"),
        (lambda: where.a.in_(range(MAX_TERMS + 1)), "at most"),
        (lambda: where.title.startswith(1), "takes a str"),  # type: ignore[arg-type]
    ],
)
def test_misuse_teaches(misuse: Callable[[], object], teaches: str) -> None:
    """What Python would turn into something else silently is refused, with what to write instead."""
    with pytest.raises(Misused, match=teaches):
        misuse()


def test_operands_are_values() -> None:
    """What no field can hold is no operand, and the hint says what to do."""
    with pytest.raises(InvalidValue, match=r"where\.made .* without a zone"):
        _ = where.made > datetime(2026, 1, 1)  # noqa: DTZ001 - what is refused
    with pytest.raises(InvalidName):
        _ = where[""]
    with pytest.raises(AttributeError, match="brackets"):
        _ = where._x  # noqa: SLF001 - what is refused
    assert repr(-where.a["x y"]["_b"].c) == "-where.a['x y']['_b'].c"


def test_expressions_are_bounded() -> None:
    """Chains of one operator do not nest; nesting and length end with an error that says so."""
    expression: Expression = where.a.exists()
    for number in range(MAX_TERMS - 1):
        expression |= where.a == number
    assert expression.depth == 2
    with pytest.raises(Misused, match="comparisons"):
        _ = expression | where.a.exists()
    nested: Expression = where.a.exists()
    while nested.depth < MAX_DEPTH - 1:
        nested = (nested & where.a.exists()) | where.b.exists()
    with pytest.raises(Misused, match="deeper"):
        _ = ~(nested & where.a.exists())
