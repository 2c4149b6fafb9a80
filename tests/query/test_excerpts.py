"""Excerpts show the densest part of a text, as it was written, with marks."""

import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from syncore.query.excerpts import excerpt
from syncore.query.text_queries import parse_text_query
from tests.query import text_strategies

LONG = "One two. " * 20 + "Here the Café — au lait — is; a café. " + "Three four. " * 20


def shown(typed: str, text: str, size: int) -> str:
    """An excerpt of one text."""
    query = parse_text_query(typed, ["a"])
    return excerpt(query, 0, [text], size=size, marks=("<", ">"))


def test_the_densest_part_is_shown() -> None:
    """Runs of words that were searched for have one pair of marks; what is cut off shows."""
    assert shown("cafe au*", LONG, 8) == "…Here the <Café — au> lait — is; a <café>…"
    assert shown("nothing", "a short text.", 8) == "a short text."
    assert shown('"short text"', "a short text.", 2) == "…<short text>."


@given(text_strategies.searches, text_strategies.texts, st.integers(1, 5))
def test_an_excerpt_is_part_of_the_text(typed: str, text: str, size: int) -> None:
    """Without its marks it is a part of the composed text."""
    query = parse_text_query(typed, ["a", "b"])
    found = excerpt(query, 0, [text], size=size, marks=("<", ">"))
    plain = found.replace("<", "").replace(">", "").strip("…")
    assert plain in unicodedata.normalize("NFC", text)
