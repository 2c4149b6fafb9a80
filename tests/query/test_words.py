"""Texts are folded so that SQLite's tokenizer finds the same words in them as we do."""

import sqlite3
import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from syncore.query.words import BETWEEN_TEXTS, fold, places_of, words_of
from tests.query import text_strategies


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"])) | text_strategies.texts, max_size=3))
def test_sqlite_finds_the_same_words(texts: list[str]) -> None:
    """FTS5's tokenizer cuts a folded text into exactly the words that we cut it into."""
    folded = BETWEEN_TEXTS.join(map(fold, texts))
    connection = sqlite3.connect(":memory:")
    connection.execute("CREATE VIRTUAL TABLE t USING fts5(c0, content='', tokenize='ascii')")
    connection.execute("CREATE VIRTUAL TABLE v USING fts5vocab(t, instance)")
    connection.execute("INSERT INTO t (rowid, c0) VALUES (1, ?)", (folded,))
    found = [row[0] for row in connection.execute('SELECT term FROM v ORDER BY "offset"')]
    connection.close()
    assert found == words_of(folded)


@given(st.text(st.characters(exclude_categories=["Cs"])) | text_strategies.texts)
def test_the_places_of_words_are_where_they_stand(text: str) -> None:
    """Each place is that of the word of the same number, and folds to what contains it."""
    composed = unicodedata.normalize("NFC", text)
    words, places = words_of(fold(composed)), places_of(composed)
    assert len(words) == len(places)
    for word, (start, end) in zip(words, places, strict=True):
        assert word in words_of(fold(composed[start:end]))


def test_capitals_accents_and_forms_make_no_difference() -> None:
    """What people take for the same word is one; signs of Chinese and Japanese are words of their own."""
    assert words_of(fold("Amélie AMELIE ame\u0301lie")) == ["amelie"] * 3
    assert words_of(fold("Straße ﬁlm \uff21\uff22\uff23 x²")) == ["strasse", "film", "abc", "x2"]
    assert words_of(fold("東京タワー, 한국어")) == ["東", "京", "タ", "ワ", "ー", "한국어"]
    assert words_of(fold("don't_stop")) == ["don", "t", "stop"]
