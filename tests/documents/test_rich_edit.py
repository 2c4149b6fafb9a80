"""Edits before they are made."""

import pytest

from syncore.core.errors import InvalidChange, InvalidName, InvalidValue
from syncore.documents.rich_edit import ListSplice, RichEdit, TextSplice

TEXT = "aé😀b"
ITEMS = [b"one", b"two", b"three"]


@pytest.fixture
def edit() -> RichEdit:
    """An edit of a text and a list that hold something."""
    return RichEdit(read_text=lambda _: TEXT, read_list=lambda _: list(ITEMS))


def test_positions_of_texts_count_characters(edit: RichEdit) -> None:
    """Characters become bytes of what is kept, where each splice sees what the ones before left."""
    edit.splice_text("body", 2, 1, "zé")
    edit.splice_text("body", 4, 0, "😀")
    assert edit.text("body") == "aézé😀b"
    assert edit.splices == [TextSplice("body", 3, 6, "zé"), TextSplice("body", 6, 0, "\ue03d\ue603")]


def test_positions_of_lists_count_items(edit: RichEdit) -> None:
    """The same for lists; what was read is not changed in place."""
    edit.splice_list("tags", 1, 2, [b"x"])
    edit.splice_list("tags", 2, items=[b"y"])
    assert edit.items("tags") == [b"one", b"x", b"y"]
    assert edit.splices == [ListSplice("tags", 1, 2, (b"x",)), ListSplice("tags", 2, 0, (b"y",))]
    assert ITEMS == [b"one", b"two", b"three"]


def test_a_splice_that_changes_nothing_is_none(edit: RichEdit) -> None:
    """Deleting nothing and inserting nothing leaves no trace."""
    edit.splice_text("body", 0)
    edit.splice_list("tags", 3)
    assert not edit.splices
    assert not edit.texts
    assert not edit.lists


@pytest.mark.parametrize(
    ("position", "delete"),
    [(-1, 0), (5, 0), (0, 5), (4, 1), (0, -1), (True, 0), (0, True), (1.0, 0), ("1", 0)],
)
def test_places_that_do_not_exist_are_refused(edit: RichEdit, position: int, delete: int) -> None:
    """A position or length outside of the text or list, or no integer, is an invalid change."""
    with pytest.raises(InvalidChange):
        edit.splice_text("body", position, delete, "x")
    with pytest.raises(InvalidChange):
        edit.splice_list("tags", position, delete, [b"x"])
    assert not edit.splices


def test_what_cannot_be_kept_is_refused(edit: RichEdit) -> None:
    """A lone surrogate, an insertion that is no str, an item that is not bytes, a field without a name."""
    with pytest.raises(InvalidValue):
        edit.splice_text("body", 0, 0, "\ud800")
    with pytest.raises(InvalidValue):
        edit.splice_text("body", 0, 0, b"x")  # type: ignore[arg-type]
    with pytest.raises(InvalidValue):
        edit.splice_list("tags", 0, 0, [bytearray(b"x")])  # type: ignore[list-item]
    with pytest.raises(InvalidName):
        edit.splice_text("", 0, 0, "x")
    with pytest.raises(InvalidName):
        edit.splice_list("a\n", 0, 0, [b"x"])
    assert not edit.splices
