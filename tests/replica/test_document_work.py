"""Tests of syncore.replica.document_work: what one transaction loads, changes and writes of its documents."""

from collections.abc import Iterator

import pytest

from syncore.core.hybrid_clock import HybridTime
from syncore.core.identifiers import DocumentKey, Dot
from syncore.core.limits import MAX_RICH_TAIL_UPDATES
from syncore.documents.changes import Text, splice
from syncore.documents.record_encoding import encode_record
from syncore.documents.rich import RichPart
from syncore.replica.document_work import DocumentWork
from syncore.replica.planning import prepare
from tests.documents.worlds import KEY, Device
from tests.replica.memory_space import (
    OURS,
    THEIRS,
    MemorySpace,
    insertion,
    open_memory_space,
    receive,
    update,
)

OTHER = DocumentKey("notes", "two")


@pytest.fixture
def space() -> Iterator[MemorySpace]:
    """A shared space without documents."""
    with open_memory_space() as space:
        yield space


@pytest.fixture
def theirs(space: MemorySpace) -> Device:
    """Another device, whose document is confirmed in the space."""
    device = Device(THEIRS)
    work = space.work()
    receive(work, device.write(lambda plan: plan.insert({"r": 0, "t": Text("abc")})))
    work.flush()
    return device


def confirm_all(work: DocumentWork) -> None:
    """Confirm every pending commit, each as a segment of its own."""
    for row in work.pending.all():
        commit = work.decoded(row)
        for entry in [one for entries in commit.entries.values() for one in entries]:
            work.confirm_own(entry, dot=row.dot, time=commit.time, segment_end=row.dot.number)
        work.pending.remove(row.sequence, [work.row_of(key) for key in commit.entries])
        for key in commit.entries:
            work.settle(key)


def confirmed_text(work: DocumentWork) -> str:
    """The text that the stored rich part holds."""
    return RichPart.load(work.rows.rich_updates(work.row_of(KEY)), OURS).text("t")


def test_a_document_is_held_once(space: MemorySpace) -> None:
    """Every transaction works on the same object while it is in memory, and on an equal one from the file
    when it is not; a document that never was is empty.
    """
    space.commit(insertion({"n": 1, "t": Text("abc")}))
    held = space.work().hold(KEY)
    assert space.work().hold(KEY) is held
    space.memory.clear()
    again = space.work().hold(KEY)
    assert again is not held
    assert again.visible.digest() == held.visible.digest()
    assert (space.work().hold(OTHER).row, space.work().hold(OTHER).visible.is_empty) == (None, True)


def test_what_others_wrote_is_merged_on_both_sides(space: MemorySpace, theirs: Device) -> None:
    """The stored state is theirs to the byte, whatever we have pending; what is visible is both."""
    space.commit(update({"r": "ours", "t": splice(0, 0, "<")}))
    work = space.work()
    receive(work, theirs.write(lambda plan: plan.update({"r": "theirs", "t": splice(3, 0, ">")})))
    changed = work.flush()
    assert list(changed) == [KEY]
    assert (changed[KEY].conflicts, changed[KEY].values["t"]) == (("r",), "<abc>")
    assert work.rows.state(work.row_of(KEY)) == encode_record(theirs.document.record)
    assert confirmed_text(work) == "abc>"
    assert space.stored_values() == dict(changed[KEY].values)


def test_confirming_makes_no_visible_side(space: MemorySpace) -> None:
    """A document that is not in memory is confirmed from its record alone, and shows nothing new."""
    space.commit(insertion({"n": 1, "t": Text("abc")}))
    before = space.values()
    record = space.work().hold(KEY).visible.record.copy()
    space.memory.clear()
    work = space.work()
    confirm_all(work)
    assert space.memory.documents.get(KEY) is None
    assert work.flush() == {}
    assert work.rows.state(work.row_of(KEY)) == encode_record(record)
    assert space.stored_values() == before
    assert work.own_clock(KEY, OURS) == 3


def test_a_document_known_by_its_record_alone_can_be_held(space: MemorySpace) -> None:
    """When the same transaction goes on to merge into it, what was confirmed so far is not lost."""
    space.commit(insertion({"n": 1, "t": Text("abc")}))
    space.memory.clear()
    work = space.work()
    confirm_all(work)
    receive(work, Device(THEIRS).write(lambda plan: plan.insert({"m": 2, "u": Text("x")})))
    assert work.flush()[KEY].values == {"m": 2, "n": 1, "t": "abc", "u": "x"}
    assert work.rows.state(work.row_of(KEY)) == encode_record(work.hold(KEY).visible.record)
    assert space.values() == space.stored_values() == {"m": 2, "n": 1, "t": "abc", "u": "x"}


def test_both_sides_are_one_when_nothing_is_pending(space: MemorySpace, theirs: Device) -> None:
    """A local commit takes the confirmed record apart, and only the last one confirmed joins it again."""
    assert theirs.document.is_live()
    assert space.work().hold(KEY).confirmed is None
    for value in (1, 2):
        space.commit(update({"r": value}))
    work = space.work()
    work.settle(KEY)
    assert work.hold(KEY).confirmed is not None, "two commits are pending"
    assert work.hold(KEY).confirmed_record.vector == {THEIRS: 1}
    confirm_all(work)
    work.flush()
    assert work.hold(KEY).confirmed is None
    assert work.hold(KEY).confirmed_record.vector == {THEIRS: 1, OURS: 2}


def test_clocks_are_those_of_a_past(space: MemorySpace) -> None:
    """Where a writer's text stood is told by segment ends, the same before and after it was written down."""
    author, work = Device(THEIRS), space.work()
    receive(work, author.write(lambda plan: plan.insert({"t": Text("abc")})), segment_end=2)
    work.flush()
    author.known[THEIRS] = 2
    receive(work, author.write(lambda plan: plan.update({"t": splice(3, 0, "de")})), segment_end=5)
    for _ in range(2):
        assert [work.clock_at(KEY, THEIRS, number) for number in range(7)] == [0, 0, 3, 3, 3, 5, 5]
        assert (work.clock_at(KEY, OURS, 9), work.clock_at(OTHER, THEIRS, 9)) == (0, 0)
        assert (work.own_clock(KEY, THEIRS), work.own_clock(KEY, OURS)) == (5, 0)
        work.flush()
    space.commit(update({"t": splice(0, 0, "pending")}))
    assert space.work().own_clock(KEY, OURS) == 0
    confirm_all(work)
    assert work.own_clock(KEY, OURS) == 7


def test_flushing_tells_once_what_has_changed(space: MemorySpace, theirs: Device) -> None:
    """Each flush tells what is new to see, all of them together stay in ``changed``; looking is no change."""
    work = space.work()
    work.hold(KEY)
    assert work.flush() == {}
    receive(work, theirs.write(lambda plan: plan.update({"r": 1})))
    assert {key: one.values["r"] for key, one in work.flush().items()} == {KEY: 1}
    work.reload({work.rows.add(OTHER, b"outdated", is_deleted=False)})
    assert {key: dict(one.values) for key, one in work.flush().items()} == {OTHER: {}}
    assert work.flush() == {}
    assert sorted(work.changed) == [KEY, OTHER]
    assert work.rows.projection(OTHER) != b"outdated"


def test_memory_that_is_ahead_of_the_file_is_forgotten(space: MemorySpace) -> None:
    """An evicted document is not written and is loaded anew; memory as a whole goes after a flush only."""
    space.commit(insertion({"n": 1, "t": Text("abc")}))
    work = space.work()
    lost = prepare([update({"n": 2, "t": splice(0, 3, "lost")})], KEY, work).plan
    work.note_local(KEY)
    lost.commit(dot=Dot(OURS, 2), time=HybridTime(2))
    assert space.values() == {"n": 2, "t": "lost"}
    with pytest.raises(AssertionError, match="flush first"):
        work.forget_all()
    work.evict([KEY])
    assert work.flush() == {}
    assert space.values() == space.stored_values() == {"n": 1, "t": "abc"}
    held = work.hold(KEY)
    work.forget_all()
    assert work.hold(KEY) is not held


@pytest.mark.parametrize("is_pending", [False, True])
def test_a_long_tail_of_updates_is_folded(space: MemorySpace, theirs: Device, *, is_pending: bool) -> None:
    """Beyond the bound the stored rich part becomes one state of what is confirmed, without pending edits."""
    if is_pending:
        space.commit(update({"t": splice(0, 0, "pending")}))
    for number in range(MAX_RICH_TAIL_UPDATES):
        work = space.work()
        assert len(work.rows.rich_updates(work.row_of(KEY))) == number + 1
        receive(work, theirs.write(lambda plan: plan.update({"t": splice(3, 0, ".")})))
        work.flush()
    work = space.work()
    assert len(work.rows.rich_updates(work.row_of(KEY))) == 1
    assert confirmed_text(work) == "abc" + "." * MAX_RICH_TAIL_UPDATES
    assert space.values()["t"] == ("pending" if is_pending else "") + confirmed_text(work)
    assert space.stored_values() == space.values()
