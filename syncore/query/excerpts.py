"""Excerpts: the part of a text where most of what was searched for stands, with marks around it."""

import unicodedata
from collections.abc import Sequence
from typing import Final

from syncore.query.text_queries import TextQuery
from syncore.query.text_scoring import occurrences
from syncore.query.words import fold, places_of, words_of

MAX_EXCERPT_WORDS: Final = 1_000
_MORE: Final = "…"


def excerpt(query: TextQuery, column: int, texts: Sequence[str], *, size: int, marks: tuple[str, str]) -> str:
    """A part of one field's texts, of so many words.

    Args:
        query: What was searched for.
        column: The number of the field.
        texts: Its texts.
        size: How many words.
        marks: What goes before and behind each run of words that was searched for.
    """
    best, best_found = "", -1
    for text in texts:
        composed = unicodedata.normalize("NFC", text)
        words = words_of(fold(composed))
        marked = _marked(query, column, words)
        start, found = _densest(marked, size)
        if found > best_found:
            best, best_found = _cut(composed, marked, start, size, marks), found
        if found and len(texts) == 1:
            break
    return best


def _marked(query: TextQuery, column: int, words: Sequence[str]) -> list[bool]:
    """Which words were searched for."""
    marked = [False] * len(words)
    columns = [words if number == column else () for number in range(_columns(query, column))]
    for phrase in query.phrases:
        for _, place in occurrences(phrase, columns):
            marked[place : place + len(phrase.words)] = [True] * len(phrase.words)
    return marked


def _columns(query: TextQuery, column: int) -> int:
    return 1 + max(column, *(phrase.field or 0 for phrase in query.phrases))


def _densest(marked: Sequence[bool], size: int) -> tuple[int, int]:
    """Where the first so many words with the most marks begin, and how many those are."""
    found = best = sum(marked[:size])
    start = 0
    for place in range(1, len(marked) - size + 1):
        found += marked[place + size - 1] - marked[place - 1]
        if found > best:
            start, best = place, found
    return start, best


def _cut(text: str, marked: Sequence[bool], start: int, size: int, marks: tuple[str, str]) -> str:
    places = places_of(text)
    end = min(start + size, len(places))
    shown = "" if start == 0 else _MORE
    last = 0 if start == 0 else places[start][0]
    place = start
    while place < end:
        if marked[place]:
            first = place
            while place + 1 < end and marked[place + 1]:
                place += 1
            low, high = places[first][0], places[place][1]
            shown += text[last:low] + marks[0] + text[low:high] + marks[1]
            last = high
        place += 1
    if end == len(places):
        return shown + text[last:]
    return shown + text[last : max(last, places[end - 1][1])] + _MORE
