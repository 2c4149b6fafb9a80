"""Differences of texts: edits that make one of the other, few of them, and none where they are too many."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncore.core.limits import MAX_TEXT_DISTANCE
from syncore.documents.text_differences import Hunk, find_hunks, tokens

TEXTS = st.text("ab é\n🎬", max_size=30)


def applied(old: list[str], hunks: list[Hunk]) -> list[str]:
    """The old tokens with the edits made."""
    for hunk in reversed(hunks):
        old = [*old[: hunk.start], *hunk.inserted, *old[hunk.end :]]
    return old


@given(TEXTS, TEXTS)
def test_the_edits_make_one_text_of_the_other(old: str, new: str) -> None:
    """Applied to the old text they give the new one; they are in order, and none touches another."""
    hunks = find_hunks(tokens(old), tokens(new))
    assert hunks is not None
    assert "".join(applied(tokens(old), hunks)) == new
    assert all(first.end < second.start for first, second in pairwise(hunks))
    assert all(hunk.inserted or hunk.start < hunk.end for hunk in hunks)


@given(st.lists(st.integers(0, 3), max_size=12), st.lists(st.integers(0, 3), max_size=12))
def test_the_edits_are_as_few_as_can_be(old: list[int], new: list[int]) -> None:
    """No fewer tokens could be inserted and deleted: what stays is a longest common subsequence."""
    first, second = [str(item) for item in old], [str(item) for item in new]
    longest = [[0] * (len(second) + 1) for _ in range(len(first) + 1)]
    for i, one in enumerate(first):
        for j, other in enumerate(second):
            longest[i + 1][j + 1] = (
                longest[i][j] + 1 if one == other else max(longest[i][j + 1], longest[i + 1][j])
            )
    hunks = find_hunks(first, second)
    assert hunks is not None
    edits = sum(hunk.end - hunk.start + len(hunk.inserted) for hunk in hunks)
    assert edits == len(first) + len(second) - 2 * longest[-1][-1]


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("", []),
        ("a b", ["a", " ", "b"]),
        ("don't", ["don", "'", "t"]),
        ("naïve café", ["naïve", " ", "café"]),
        ("日本語", ["日", "本", "語"]),
        ("👩‍👩‍👧x👍🏽", ["👩‍👩‍👧", "x", "👍🏽"]),
        ("a\r\n\tb", ["a", "\r", "\n", "\t", "b"]),
    ],
)
def test_texts_are_taken_apart_at_words_and_signs(text: str, parts: list[str]) -> None:
    """Words stay whole, and what is drawn as one sign too; no character is lost."""
    assert tokens(text) == parts


@given(st.text())
def test_tokens_are_the_whole_text(text: str) -> None:
    """Joined they are the text, whatever is in it."""
    assert "".join(tokens(text)) == text


def test_too_many_edits_are_no_answer() -> None:
    """The search ends at its bound."""
    old = [str(number) for number in range(MAX_TEXT_DISTANCE)]
    assert find_hunks(old, [*reversed(old)]) is None
    assert find_hunks(old, old[: MAX_TEXT_DISTANCE // 2]) is not None
