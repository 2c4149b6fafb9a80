"""Expressions written as text mean what the same expressions mean in Python."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncore.core.errors import Misused
from syncore.query.expression_encoding import encode_expression
from syncore.query.expression_parsing import MAX_EXPRESSION_CHARACTERS, parse_expression
from syncore.query.expressions import Expression
from syncore.query.paths import where

SAME: dict[str, Expression] = {
    'year >= 2000 and title startswith "The"': (where.year >= 2000) & where.title.startswith("The"),
    "a = 1 or b == 2 and c != 3": (where.a == 1) | ((where.b == 2) & (where.c != 3)),
    "(a = 1 or b = 2) AND not c < 3": ((where.a == 1) | (where.b == 2)) & ~(where.c < 3),
    "a.b.`c d` <= 'x'": where.a.b["c d"] <= "x",
    "a > -1.5 and b = 1.50d": (where.a > -1.5) & (where.b == Decimal("1.50")),
    "a in (1, 'x', true)": where.a.in_([1, "x", True]),
    "a not in (1)": ~where.a.in_([1]),
    "a between 1 and 2 and b = 3": where.a.between(1, 2) & (where.b == 3),
    r'a contains "say \"hi\""': where.a.contains('say "hi"'),
    "a is none or b is not null or not c exists": where.a.is_none() | ~where.b.is_none() | ~where.c.exists(),
    "a = none and b = False": (where.a == None) & (where.b == False),  # noqa: E711, E712
    "d > 2026-01-31": where.d > date(2026, 1, 31),
    "t < 2026-01-31T12:30:00.5Z": where.t < datetime(2026, 1, 31, 12, 30, 0, 500_000, UTC),
    "`in` = 1 and größe = 2": (where["in"] == 1) & (where["größe"] == 2),
}


@pytest.mark.parametrize("text", SAME)
def test_text_means_what_python_means(text: str) -> None:
    """Operators bind as in Python, and every comparison has its word."""
    assert encode_expression(parse_expression(text)) == encode_expression(SAME[text])


@pytest.mark.parametrize(
    ("text", "message", "position"),
    [
        ("", "an expression is empty", 0),
        ("a", "should come here, and it ends", 1),
        ("a >=", "a value should come here, and it ends", 4),
        ("a = b", 'a value should come here, and there is b.*text stands in quotes: "b"', 4),
        ("a >= 1 2", "and, or, or the end should come here, and there is 2", 7),
        ("(a = 1", 'or "\\)" should come here', 6),
        ("a in (1", '"," or "\\)" should come here', 7),
        ("a in 1", '"\\(" and values should come here', 5),
        ("a not 1", "in should come here", 6),
        ("a between 1 or 2", "and with the greater value", 12),
        ("a is 1", "none should come here", 5),
        ("a = 1 and", "the name of a field should come here", 9),
        ("and = 1", "the name of a field should come here, and there is and.*backquotes", 0),
        ("a < none", "nothing is more or less than a NoneType", 2),
        ("a startswith 1", "takes a str, not int", 2),
        ("`` = 1", "a field name", 0),
        ("a = 2026-13-01", "there is no such time", 4),
        ("a = 2026-01-31T10:00", "a time says its zone", 4),
        ("a = " + "9" * 1001, "at most 1000 digits", 4),
        ("not " * 40 + "a = 1", "nests deeper", 128),
        ("(" * 40 + "a = 1", "nests deeper", 32),
        (" or ".join(["a = 1"] * 1001), "more than 1000 comparisons", 0),
    ],
)
def test_what_is_wrong_is_said_with_its_place(text: str, message: str, position: int) -> None:
    """The error says what should come, what is there, and where."""
    with pytest.raises(Misused, match=message) as caught:
        parse_expression(text)
    assert caught.value.details["position"] == position


def test_texts_are_bounded() -> None:
    """What is no text, or longer than any expression, is refused before it is read."""
    with pytest.raises(Misused, match="not int"):
        parse_expression(7)  # type: ignore[arg-type]
    with pytest.raises(Misused, match="at most"):
        parse_expression(" " * (MAX_EXPRESSION_CHARACTERS + 1))


PIECES = st.sampled_from(
    [
        "a",
        "b.c",
        "`d",
        "e`",
        "=",
        "!=",
        "<",
        "<=",
        ">",
        ">=",
        "and",
        "or",
        "not",
        "in",
        "is",
        "none",
        "between",
        "exists",
        "startswith",
        "contains",
        "(",
        ")",
        ",",
        ".",
        "1",
        "-2.5",
        "3d",
        "'x'",
        '"y"',
        "true",
        "2026-01-31",
        "2026-01-31T10:00Z",
        "1e999",
        "0x",
        "!",
        "#",
        "'",
        '"',
        "`",
        "\\",
        "+",
        "-",
        "é",
        "\x00",
        "2026-02-31",
    ]
)


@given(st.lists(PIECES, max_size=24).map(" ".join) | st.text(max_size=60) | st.lists(PIECES).map("".join))
def test_every_text_is_an_expression_or_refused(text: str) -> None:
    """Whatever is typed comes out as an expression that can be asked, or as an error with a place in it."""
    try:
        found = parse_expression(text)
    except Misused as error:
        position = error.details["position"]
        assert isinstance(position, int)
        assert 0 <= position <= len(text)
    else:
        assert found.holds({}) in (True, False)
        assert encode_expression(found)
