"""Which documents a search finds and how well they fit, by their words alone: what FTS5 does, done by hand.

It serves where there is no finished index, and finds the same with the same scores: Okapi BM25 with FTS5's
constants, in the order of its arithmetic. A phrase counts where all that it is part of holds.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from syncore.query.text_queries import All, Node, Phrase, Some, TextQuery
from syncore.query.words import words_of

_K1: Final = 1.2
_B: Final = 0.75
_LEAST: Final = 1e-6
"""The weight of a phrase that half of all documents have, or more."""

Words = Sequence[Sequence[str]]
"""The words of a document, field by field."""
Occurrences = dict[int, list[tuple[int, int]]]
"""By the number of a phrase: the fields, and the places there, where it begins."""


@dataclass(slots=True)
class Statistics:
    """What scores depend on beside the document: sums over all documents that have texts.

    Attributes:
        documents: How many there are.
        words: How many words they have.
        having: How many have each phrase.
    """

    phrases: tuple[Phrase, ...]
    documents: int = 0
    words: int = 0
    having: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Begin with nothing."""
        self.having = self.having or [0] * len(self.phrases)

    def add(self, words: Words) -> None:
        """Take a document in."""
        self.documents += 1
        self.words += sum(map(len, words))
        for phrase in self.phrases:
            if occurrences(phrase, words):
                self.having[phrase.number] += 1

    def score(self, found: Occurrences, words: Words, weights: Sequence[float]) -> float:
        """How well a document fits that was found: the lower, the better."""
        average = self.words / self.documents
        size = float(sum(map(len, words)))
        total = 0.0
        for phrase in self.phrases:
            frequency = 0.0
            for column, _ in found.get(phrase.number, ()):
                frequency += weights[column]
            rarity = math.log(
                (self.documents - self.having[phrase.number] + 0.5) / (self.having[phrase.number] + 0.5)
            )
            if rarity <= 0:
                rarity = _LEAST
            total += rarity * ((frequency * (_K1 + 1.0)) / (frequency + _K1 * (1 - _B + _B * size / average)))
        return -1.0 * total


def words_in(texts: Sequence[str]) -> Words:
    """The words of folded texts."""
    return [words_of(text) for text in texts]


def find_in(query: TextQuery, words: Words) -> Occurrences | None:
    """Where what is searched for stands; None if the document is not meant."""
    return _find(query.root, words)


def occurrences(phrase: Phrase, words: Words) -> list[tuple[int, int]]:
    """Where a phrase begins: fields and places."""
    fields = range(len(words)) if phrase.field is None else (phrase.field,)
    return [(column, place) for column in fields for place in _places(phrase, words[column])]


def _find(node: Node, words: Words) -> Occurrences | None:
    match node:
        case Phrase():
            found = occurrences(node, words)
            return {node.number: found} if found else None
        case Some(parts=parts):
            some = [one for part in parts if (one := _find(part, words)) is not None]
            return _merged(some) if some else None
        case All(parts=parts, without=without):
            each: list[Occurrences] = []
            for part in parts:
                one = _find(part, words)
                if one is None:
                    return None
                each.append(one)
            if any(_find(part, words) is not None for part in without):
                return None
            return _merged(each)


def _merged(found: list[Occurrences]) -> Occurrences:
    return {number: places for one in found for number, places in one.items()}


def _places(phrase: Phrase, words: Sequence[str]) -> list[int]:
    *before, last = phrase.words
    count = len(before)
    if not phrase.is_prefix and last not in words:
        return []
    return [
        place - count
        for place, word in enumerate(words)
        if (word.startswith(last) if phrase.is_prefix else word == last)
        and place >= count
        and list(words[place - count : place]) == before
    ]
