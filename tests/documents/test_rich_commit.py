"""Edits of texts and lists on their way into a commit: checked before they are made."""

import pytest

from syncore.core.errors import IntegrityError, TooLarge
from syncore.core.limits import MAX_STRUCT_CLOCK
from syncore.documents.changes import List, Text
from syncore.documents.drafts import ListEdit, TextEdit
from syncore.documents.rich_commit import check_edits, make_edits
from tests.documents.worlds import Device, writer


def device() -> Device:
    """A device with a text and a list."""
    made = Device(writer(1))
    made.write(lambda plan: plan.insert({"t": Text("abc"), "l": List([1])}))
    return made


def test_an_edit_is_one_entry_whatever_it_touches() -> None:
    """Edits of several fields are one delta, whose clocks continue the author's."""
    one = device()
    edits: list[TextEdit | ListEdit] = [
        TextEdit(field="t", position=3, delete=0, insert="🎬"),
        ListEdit(field="l", position=0, delete=1, insert=(b"\x02",)),
    ]
    made = make_edits(one.document, edits)
    assert made is not None
    entry = made.entry
    assert (entry.clock_before, entry.clock_after, entry.builds_on) == (4, 7, {})


def test_an_entry_names_the_clocks_that_it_builds_on() -> None:
    """Editing beside what another wrote names that other's clock."""
    second = device().stored(writer(2))
    made = make_edits(second.document, [TextEdit(field="t", position=3, delete=0, insert="d")])
    assert made is not None
    entry = made.entry
    assert (entry.clock_before, entry.clock_after, entry.builds_on) == (0, 1, {writer(1): 3})


def test_no_edits_are_no_entry() -> None:
    """Without an edit there is nothing to say."""
    assert make_edits(device().document, []) is None


def test_clocks_end_before_their_arithmetic_breaks() -> None:
    """A device that wrote two thousand million characters is stopped."""
    one = device()
    one.document.record.clocks[writer(1)] = MAX_STRUCT_CLOCK - 3
    with pytest.raises(TooLarge, match="as much"):
        check_edits(one.document, [TextEdit(field="t", position=0, delete=0, insert="ab")])


def test_a_record_that_is_out_of_step_is_an_integrity_error() -> None:
    """A rich part that does not continue where its record says is damage, not a delta."""
    one = device()
    one.document.record.clocks[writer(1)] = 2
    with pytest.raises(IntegrityError, match="continue"):
        make_edits(one.document, [TextEdit(field="t", position=0, delete=0, insert="ab")])
