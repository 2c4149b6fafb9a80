"""The pieces that expressions written as text are made of.

Reads a text from its start, one piece after the other, and says where it finds what is none.
"""

import re
from collections.abc import Iterator
from enum import Enum
from typing import Final, NamedTuple

from syncore.core.errors import Misused

_EXCERPT: Final = 24
"""Characters that a message shows on either side of a place."""


class Kind(Enum):
    """What a token is."""

    NAME = "a name"
    QUOTED_NAME = "a name in backquotes"
    TEXT = "text"
    NUMBER = "a number"
    DATE = "a date"
    INSTANT = "a time"
    SIGN = "a sign"
    END = "the end"


class Token(NamedTuple):
    """A piece of an expression.

    Attributes:
        kind: What it is.
        text: As it stands there.
        start: Characters before it.
    """

    kind: Kind
    text: str
    start: int


_TOKENS: Final = re.compile(
    r"""
    (?P<INSTANT>\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d{1,6})?)?(?:Z|[+-]\d{2}:\d{2})?(?!\w))
    | (?P<DATE>\d{4}-\d{2}-\d{2}(?!\w))
    | (?P<NUMBER>[+-]?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?[dD]?(?![\w.]))
    | (?P<TEXT>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')
    | (?P<QUOTED_NAME>`(?:[^`\\]|\\.)*`)
    | (?P<NAME>[^\W\d]\w*)
    | (?P<SIGN>[<>!=]=|[<>=(),.])
    """,
    re.VERBOSE | re.DOTALL,
)
_SPACE: Final = re.compile(r"\s*")
_ESCAPED: Final = re.compile(r"\\(.)", re.DOTALL)


def tokens(text: str) -> Iterator[Token]:
    """The pieces of a text, and the end again and again.

    Raises:
        Misused: something stands there that is none.
    """
    place = 0
    while True:
        space = _SPACE.match(text, place)
        assert space is not None
        place = space.end()
        if place == len(text):
            break
        found = _TOKENS.match(text, place)
        if found is None:
            raise wrong(text, place, _unreadable(text[place]))
        assert found.lastgroup is not None
        yield Token(Kind[found.lastgroup], found[0], place)
        place = found.end()
    while True:
        yield Token(Kind.END, "", len(text))


def unquoted(token: Token) -> str:
    """What stands between the quotes of a token."""
    return _ESCAPED.sub(r"\1", token.text[1:-1])


def wrong(text: str, place: int, message: str, *, hint: str = "") -> Misused:
    """The error that says what is wrong with a text, and where; the place is counted from 1."""
    before = ("…" if place > _EXCERPT else "") + text[max(0, place - _EXCERPT) : place]
    after = text[place : place + _EXCERPT] + ("…" if place + _EXCERPT < len(text) else "")
    return Misused(f"{message}, at character {place + 1}: {before}-->{after}", hint=hint, position=place)


def _unreadable(character: str) -> str:
    if character in "\"'`":
        return f"what begins with {character} does not end"
    if character.isdecimal() or character in "+-":
        return "this is neither a number nor a date"
    return f"{character!r} means nothing here"
