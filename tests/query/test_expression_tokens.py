"""The pieces of expressions written as text."""

import pytest

from syncore.core.errors import Misused
from syncore.query.expression_tokens import Kind, Token, tokens, unquoted, wrong


def read(text: str) -> list[Token]:
    """The pieces up to the end."""
    found: list[Token] = []
    for token in tokens(text):
        if token.kind is Kind.END:
            return found
        found.append(token)
    raise AssertionError("a text ends")


def test_pieces() -> None:
    """Every kind of piece is told, with its text and its place, whatever space stands between."""
    text = "a <= 1  `b c`='x'\n2026-01-31 2026-01-31T10:00Z -2.5d"
    assert [(one.kind, one.text) for one in read(text)] == [
        (Kind.NAME, "a"),
        (Kind.SIGN, "<="),
        (Kind.NUMBER, "1"),
        (Kind.QUOTED_NAME, "`b c`"),
        (Kind.SIGN, "="),
        (Kind.TEXT, "'x'"),
        (Kind.DATE, "2026-01-31"),
        (Kind.INSTANT, "2026-01-31T10:00Z"),
        (Kind.NUMBER, "-2.5d"),
    ]
    assert all(text.startswith(one.text, one.start) for one in read(text))
    end = next(tokens("  "))
    assert (end.kind, end.start) == (Kind.END, 2)


def test_quotes_are_taken_off() -> None:
    """A backslash stands before quotes and itself."""
    assert [unquoted(one) for one in read(r'"a\"b\\" `c\`d`')] == ['a"b\\', "c`d"]


@pytest.mark.parametrize(
    ("text", "message", "position"),
    [
        ('a = "x', 'begins with " does not end', 4),
        ("`a", "begins with ` does not end", 0),
        ("1x", "neither a number nor a date", 0),
        ("a # b", "'#' means nothing here", 2),
    ],
)
def test_what_is_no_piece(text: str, message: str, position: int) -> None:
    """What cannot be read is named with its place."""
    with pytest.raises(Misused, match=message) as caught:
        read(text)
    assert caught.value.details["position"] == position


def test_a_place_is_shown_with_what_stands_around_it() -> None:
    """The message shows where it points to, and cuts what is far away."""
    assert wrong("abc", 1, "no").message == "no, at character 2: a-->bc"
    assert wrong("x" * 90, 45, "no").message == f"no, at character 46: …{'x' * 24}-->{'x' * 24}…"
