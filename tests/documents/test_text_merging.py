"""Merging texts that were made of one: nothing of anybody is lost, and nobody's order matters."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncore.core.identifiers import Dot
from syncore.core.limits import MAX_ANCESTOR_BYTES, MAX_ANCESTORS, MAX_MERGED_CHARACTERS
from syncore.documents.descent import Ancestor
from syncore.documents.text_merging import MergedText, ancestry, common_base, merge_texts
from tests.documents.worlds import writer

BASE = "the quick brown fox"
WORDS = st.lists(st.sampled_from(["a", "b", "c", " ", "."]), max_size=12).map("".join)


def ancestor(number: int, text: str = "") -> Ancestor:
    """A text that commit ``number`` of a device wrote."""
    return Ancestor(Dot(writer(1), number), text or f"text {number}")


@pytest.mark.parametrize(
    ("texts", "merged", "is_clean"),
    [
        (["the very quick brown fox", "the quick red fox"], "the very quick red fox", True),
        (["the quick brown fox jumps", "The quick brown fox"], "The quick brown fox jumps", True),
        (["the quick brown fox!", "the quick brown fox?"], "the quick brown fox!?", True),
        (["the quick fox", "the quick fox"], "the quick fox", True),
        (["the quick red fox", "the quick red fox."], "the quick red fox.", True),
        (["the quick red fox", "the quick grey fox"], "the quick redgrey fox", False),
        (["the quick fox", "the quick brown old fox"], "the quick old fox", True),
        (["fox", "the quick brown dog"], "dog", True),
        (["", "the quick brown fox jumps"], " jumps", True),
        (
            ["a the quick brown fox", "the quick brown fox b", "the quick c brown fox"],
            "a the quick c brown fox b",
            True,
        ),
    ],
)
def test_merging(texts: list[str], merged: str, is_clean: bool) -> None:  # noqa: FBT001 - a column of the table
    """Edits of different places are joined; of one place, all insertions are kept, and it is said."""
    found = merge_texts(BASE, texts)
    assert found is not None
    assert found.text.split() == merged.split()
    assert found.is_clean is is_clean


@given(WORDS, st.lists(WORDS, min_size=1, max_size=4))
def test_edits_that_only_one_made_are_taken_over(base: str, texts: list[str]) -> None:
    """Texts that nobody changed do not count, and one that several made alike counts once."""
    for text in texts:
        assert merge_texts(base, [base, text, base]) == MergedText(text, is_clean=True)
        assert merge_texts(base, [text, text]) == MergedText(text, is_clean=True)


@given(WORDS, st.lists(WORDS, min_size=2, max_size=4))
def test_what_the_order_of_the_texts_changes(base: str, texts: list[str]) -> None:
    """It decides in which order insertions stand, never which there are, or whether the merge was clean."""
    found = [merge_texts(base, list(order)) for order in itertools.permutations(texts)]
    assert all(one is not None for one in found)
    assert len({(tuple(sorted(one.text)), one.is_clean) for one in found if one is not None}) == 1


def test_texts_beyond_the_bounds_are_not_merged() -> None:
    """Too long or too different, there is no merged text."""
    assert merge_texts(BASE, ["x" * (MAX_MERGED_CHARACTERS + 1), BASE]) is None
    assert merge_texts("a " * 2_000, ["b " * 2_000, "a " * 2_000]) is None


def test_the_common_base_is_the_youngest() -> None:
    """Of the texts that all carry, the one that stands nearest to the front; other texts do not count."""
    assert common_base([[ancestor(3), ancestor(2), ancestor(1)], [ancestor(2), ancestor(1)]]) == "text 2"
    assert common_base([[ancestor(1)], [ancestor(2)]]) is None
    assert common_base([[], [ancestor(2)]]) is None
    # One dot with two texts: a write, and what several writes were shown as.
    assert common_base([[ancestor(2, "x"), ancestor(1)], [ancestor(2, "y"), ancestor(1)]]) == "text 1"
    lists = [[ancestor(1), ancestor(2)], [ancestor(2), ancestor(1)]]
    assert common_base(lists) == common_base(lists[::-1])


def test_a_text_carries_what_it_replaced() -> None:
    """First what was shown where that was several texts, then these, then what they carried; none twice."""
    replaced = [(ancestor(4), [ancestor(2), ancestor(1)]), (ancestor(3), [ancestor(2)])]
    assert ancestry(replaced, "shown", [ancestor(1)], None) == (
        Ancestor(Dot(writer(1), 4), "shown"),
        *map(ancestor, (4, 3, 2, 1)),
    )
    assert ancestry([], None, [], None) == ()


def test_what_others_may_have_seen_is_kept_longest() -> None:
    """Texts that nobody else can have seen give way to older ones, but for the very last."""
    replaced = [(ancestor(20), [ancestor(number) for number in range(19, 0, -1)])]
    found = ancestry(replaced, None, [], {writer(1): 5})
    assert [one.dot.number for one in found] == [20, 19, 18, 5, 4, 3, 2, 1]
    assert len(ancestry(replaced, None, [], None)) == MAX_ANCESTORS


def test_what_a_text_carries_is_bounded_in_bytes() -> None:
    """A long text is left out, and shorter ones behind it are not."""
    replaced = [(ancestor(2, "é" * (MAX_ANCESTOR_BYTES // 2 + 1)), [ancestor(1)])]
    assert ancestry(replaced, None, [], None) == (ancestor(1),)
    whole = [(ancestor(2, "é" * (MAX_ANCESTOR_BYTES // 2)), [ancestor(1)])]
    assert [one.dot.number for one in ancestry(whole, None, [], None)] == [2]
