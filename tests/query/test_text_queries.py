"""Whatever somebody types is understood or refused with a reason, and SQLite never sees it."""

import sqlite3

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncore.core.errors import InvalidQuery
from syncore.query.text_queries import MAX_NESTING, MAX_PHRASES, parse_text_query
from tests.query import text_strategies

FIELDS = ("title", "body.main")


@given(
    st.text(st.sampled_from('ab"()-*: \\^+{}é') | st.characters(exclude_categories=["Cs"]))
    | text_strategies.searches
)
def test_sqlite_takes_every_query_that_is_understood(typed: str) -> None:
    """FTS5 finds no fault with what is made of it."""
    try:
        query = parse_text_query(typed, FIELDS)
    except InvalidQuery:
        return
    connection = sqlite3.connect(":memory:")
    connection.execute("CREATE VIRTUAL TABLE t USING fts5(c0, c1, content='', tokenize='ascii')")
    connection.execute("SELECT count(*) FROM t WHERE t MATCH ?", (str(query),)).fetchone()
    connection.close()


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("The Godfather", '("the" AND "godfather")'),
        ("godf* -part", '(("godf" *) NOT ("part"))'.replace('("godf" *)', '("godf" *)')),
        ('"the god"* AND saga', '("the god" * AND "saga")'),
        ("a -x OR b", '((("a" OR "b")) NOT ("x"))'),
        ("a OR b c", '("a" OR ("b" AND "c"))'),
        ("(a OR b) c", '(("a" OR "b") AND "c")'),
        ("a NOT (b c)", '(("a") NOT (("b" AND "c")))'),
        ("--a", '"a"'),
        ("title:é b", '(c0 : "e" AND "b")'),
        ("body.main:(a title:b)", '(c1 : "a" AND c0 : "b")'),
        ("http://x.org & more", '("http x org" AND "more")'),
        ("first-class - b", '("first class" AND "b")'),
        ("a NEAR b ^c", '("a" AND "near" AND "b" AND "c")'),
        ("or and", '("or" AND "and")'),
    ],
)
def test_what_is_meant(typed: str, meant: str) -> None:
    """Words, phrases, beginnings, brackets, fields and signs, in the language of FTS5."""
    assert str(parse_text_query(typed, FIELDS)) == meant


@pytest.mark.parametrize(
    "typed",
    [
        "", " & ", "-a", "-a OR -b", "(a -b)", '"a', "(a", "a)", "()", "title:", "x" * 1_001,
        " ".join(["a"] * (MAX_PHRASES + 1)), "(" * (MAX_NESTING + 2) + "a", 7,
    ],
)  # fmt: skip
def test_what_is_not_understood_is_refused(typed: object) -> None:
    """With a reason for whoever typed it."""
    with pytest.raises(InvalidQuery):
        parse_text_query(typed, FIELDS)
