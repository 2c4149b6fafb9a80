"""Differences: a splice that makes one sequence of another, and no longer than needed."""

from hypothesis import given
from hypothesis import strategies as st

from syncore.documents.differences import find_splice

letters = st.text(alphabet="ab", max_size=12)


@given(letters, letters)
def test_the_splice_makes_the_new_of_the_old(old: str, new: str) -> None:
    """Applying the splice gives the new text; what it replaces begins and ends differently."""
    position, delete, insert = find_splice(old, new)
    assert old[:position] + insert + old[position + delete :] == new
    removed = old[position : position + delete]
    if removed and insert:
        assert removed[0] != insert[0]
        assert removed[-1] != insert[-1]


@given(st.lists(st.binary(max_size=1), max_size=8), st.lists(st.binary(max_size=1), max_size=8))
def test_lists_are_spliced_alike(old: list[bytes], new: list[bytes]) -> None:
    """Lists of items take the same rule."""
    position, delete, insert = find_splice(old, new)
    assert old[:position] + insert + old[position + delete :] == new


def test_equal_sequences_need_nothing() -> None:
    """No difference is an empty splice."""
    assert find_splice("abc", "abc") == (3, 0, "")


def test_an_insertion_is_found_where_it_is() -> None:
    """Typing within a text is an insertion of what was typed."""
    assert find_splice("hello world", "hello big world") == (6, 0, "big ")
