"""Re-keying: entries under another writer's name say the same."""

import pytest

from syncore.codec.values import encode_value
from syncore.core.commits import Commit, Entry, EntryKind
from syncore.core.errors import InvalidSegment, RemoteError
from syncore.core.hybrid_clock import HybridTime
from syncore.core.identifiers import CommitId, Dot
from syncore.documents.changes import UNSET, Counter, Text, increment, splice
from syncore.documents.descent import Ancestor
from syncore.documents.entries import (
    RecordEntry,
    RichEntry,
    decode_record_entry,
    encode_record_entry,
)
from syncore.documents.operations import (
    CancelCounter,
    DeleteDocument,
    RestoreDocument,
    SetField,
)
from syncore.documents.rekeying import Renaming, rekey_entry
from syncore.documents.rich_places import DocumentPlaces, Places
from syncore.documents.rich_rekeying import ClockRange
from syncore.documents.structures import Cancelled
from syncore.documents.yjs_update import decode_update
from tests.documents.fuzzing import damage
from tests.documents.renaming import make_renaming
from tests.documents.worlds import KEY, Device, Sent, decode, writer

OLD, NEW, OTHER = writer(1), writer(1, 99), writer(2)
NEW_LIFE = writer(2, 99)
RENAMING = Renaming(dots={Dot(OLD, 4): Dot(NEW, 1), Dot(OLD, 5): Dot(NEW, 2), Dot(OLD, 7): Dot(NEW, 3)})


def rekeyed(
    sent: list[Sent], *, first_number: int = 1, clocks: dict[object, int] | None = None
) -> list[Sent]:
    """Commits under the name of the new writer."""
    commits = [
        (one.dot, Commit(CommitId(bytes(8)), HybridTime(one.time_ms << 16), one.entries)) for one in sent
    ]
    renaming = make_renaming(commits, writer=NEW, first_number=first_number, clocks=clocks)  # type: ignore[arg-type]
    return [
        Sent(
            renaming.dots[one.dot],
            one.time_ms,
            tuple(rekey_entry(entry, renaming, dot=one.dot) for entry in one.entries),
            renaming.vector(one.past),
        )
        for one in sent
    ]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({OTHER: 9}, {OTHER: 9}),
        ({OLD: 2, OTHER: 9}, {OLD: 2, OTHER: 9}),
        ({OLD: 3}, {OLD: 3}),
        ({OLD: 4}, {OLD: 3, NEW: 1}),
        ({OLD: 5}, {OLD: 3, NEW: 2}),
        ({OLD: 6, NEW: 1}, {OLD: 3, NEW: 2}),
        ({OLD: 99}, {OLD: 3, NEW: 3}),
        ({}, {}),
    ],
    ids=str,
)
def test_vectors_are_what_keeps_its_name_and_the_new_names_of_the_rest(
    before: dict[int, int], after: dict[int, int]
) -> None:
    """A token covers renamed commits under their new names, and nothing of the other fork."""
    assert RENAMING.vector(before) == after  # type: ignore[arg-type]


def test_a_writer_that_is_renamed_whole_disappears() -> None:
    """Where the first commit was renamed, nothing keeps the old name."""
    assert Renaming(dots={Dot(OLD, 1): Dot(NEW, 8)}).vector({OLD: 3}) == {NEW: 8}


def test_dots_that_are_gone_are_dropped() -> None:
    """From the fork on, a commit that has no new name may not be named any more."""
    dots = (Dot(OLD, 3), Dot(OLD, 4), Dot(OLD, 6), Dot(OTHER, 1))
    assert RENAMING.renamed(dots) == (Dot(OLD, 3), Dot(NEW, 1), Dot(OTHER, 1))


def test_operations_name_what_they_named() -> None:
    """Replaced dots, seen vectors and restored deletions follow the renaming, in their one order."""
    replaced = (Dot(OLD, 3), Dot(OLD, 5), Dot(OTHER, 2))
    renamed = (Dot(OLD, 3), Dot(NEW, 2), Dot(OTHER, 2))
    value = encode_value(1)
    entry = RecordEntry(
        key=KEY,
        operations=(
            SetField(field="f", value=value, replaces=replaced),
            DeleteDocument(seen={OLD: 5, OTHER: 2}, replaces=replaced[:1]),
            RestoreDocument(replaces=replaced),
        ),
    )
    (result,) = (
        decode(rekey_entry(Entry(EntryKind.RECORD, encode_record_entry(entry)), RENAMING, dot=Dot(OLD, 7))),
    )
    assert result == RecordEntry(
        key=KEY,
        operations=(
            SetField(field="f", value=value, replaces=renamed),
            DeleteDocument(seen={OLD: 3, OTHER: 2, NEW: 2}, replaces=renamed[:1]),
            RestoreDocument(replaces=renamed),
        ),
    )


def test_a_cancelled_total_is_split_at_the_fork() -> None:
    """Of what a cancellation saw, each name stands for what was added under it."""
    device = Device(OLD)
    device.write(lambda plan: plan.insert({"n": Counter(5), "m": Counter(1)}))
    base = device.stored()
    forked = [
        device.write(lambda plan: plan.update({"n": increment(2)})),
        device.write(lambda plan: plan.update({"n": increment(3), "m": increment(1)})),
        device.write(lambda plan: plan.update({"n": UNSET})),
    ]
    (entry,) = rekeyed(forked)[-1].entries
    assert decode(entry) == RecordEntry(
        key=KEY,
        operations=(CancelCounter(field="n", cancelled=(Cancelled(OLD, 1, 5), Cancelled(NEW, 2, 5))),),
    )
    # The other fork has counted on meanwhile; only that is left.
    base.write(lambda plan: plan.update({"n": increment(10)}))
    for sent in rekeyed(forked):
        base.receive(sent)
    assert base.document.project().values == {"m": 2, "n": 10}


def test_edits_of_both_forks_are_kept() -> None:
    """The same characters typed on two copies are there once for each copy, and nobody's are lost."""
    device = Device(OLD)
    device.write(lambda plan: plan.insert({"t": Text("ac")}))
    base = device.stored()
    forked = [
        device.write(lambda plan: plan.update({"t": splice(1, insert="b")})),
        device.write(lambda plan: plan.update({"t": (splice(3, insert="d"), splice(0, 1))})),
        device.write(lambda plan: plan.update({"t": splice(0, 1)})),
    ]
    assert device.document.project().values == {"t": "cd"}
    base.write(lambda plan: plan.update({"t": splice(1, insert="X")}))
    other = base.stored(OTHER)
    for sent in rekeyed(forked):
        base.receive(sent)
        other.receive(sent)
    assert base.document.project().values == {"t": "Xcd"}
    assert base.document.digest() == other.document.digest()


def test_a_rich_entry_builds_on_what_kept_its_old_name() -> None:
    """What was the author's own before is another's now, and waited for; only deleting moves no clock."""
    device = Device(OLD)
    device.write(lambda plan: plan.insert({"t": Text("abc")}))
    forked = [device.write(lambda plan: plan.update({"t": splice(0, 1)}))]
    (entry,) = (decode(entry) for entry in rekeyed(forked, first_number=4, clocks={KEY: 12})[0].entries)
    assert isinstance(entry, RichEntry)
    assert (entry.clock_before, entry.clock_after, entry.builds_on) == (12, 12, {OLD: 1})


def test_what_stood_between_units_that_change_sides_stays_behind_its_left_one() -> None:
    """Where the new name sorts on another side of somebody's than the old one, the text is still one that
    everybody takes, with everything in it.
    """
    device, other = Device(writer(2, 7)), Device(writer(2, 50))
    first = other.write(lambda plan: plan.insert({"t": Text("AB")}))
    theirs = other.write(lambda plan: plan.update({"t": splice(1, 0, "x")}))
    device.receive(first)
    ours = device.write(lambda plan: plan.update({"t": splice(1, 0, "o")}))
    device.receive(theirs)
    assert device.projected().values["t"] == "AoxB"
    between = device.write(lambda plan: plan.update({"t": splice(2, 0, "-")}))
    commits = [(one.dot, Commit(CommitId(bytes(8)), HybridTime(1), one.entries)) for one in (ours, between)]
    renaming = make_renaming(commits, writer=NEW_LIFE, first_number=1)
    reader = Device(writer(9))
    reader.receive(first)
    reader.receive(theirs)
    part = reader.document.rich_part()

    def judge(places: DocumentPlaces | None) -> list[RichEntry]:
        judged, made = Places(part), []
        for dot, commit in commits:
            entry = decode(rekey_entry(commit.entries[-1], renaming, dot=dot, places=places))
            assert isinstance(entry, RichEntry)
            judged.check(decode_update(entry.update), dot=dot)
            made.append(entry)
        return made

    with pytest.raises(InvalidSegment, match="side by side"):
        judge(None)
    part.apply_all(entry.update for entry in judge(DocumentPlaces(lambda _: part)))
    assert part.text("t") == "Axo-B"


def test_a_writer_that_has_edited_before_continues_from_there() -> None:
    """Renamed clocks follow those that the new writer has in a document already."""
    device = Device(OLD)
    device.write(lambda plan: plan.insert({"t": Text("abc")}))
    base = device.stored(NEW)
    own = base.write(lambda plan: plan.update({"t": splice(0, insert="12")}))
    forked = [device.write(lambda plan: plan.update({"t": splice(3, insert="d")}))]
    (sent,) = rekeyed(forked, first_number=2, clocks={KEY: 2})
    (entry,) = (decode(entry) for entry in sent.entries)
    assert isinstance(entry, RichEntry)
    assert (entry.clock_before, entry.clock_after) == (2, 3)
    reader = device.stored(OTHER)
    reader.document, reader.known = base.stored(OTHER).document, dict(base.known)
    reader.receive(sent)
    assert own.dot.number == 1
    assert reader.document.project().values == {"t": "12abcd"}


def test_entries_of_an_unknown_kind_come_back_as_they_are() -> None:
    """What this version cannot read it does not touch."""
    entry = Entry(77, b"whatever")
    assert rekey_entry(entry, RENAMING, dot=Dot(OLD, 4)) is entry
    renaming = make_renaming(
        [(Dot(OLD, 4), Commit(CommitId(bytes(8)), HybridTime(1), (entry,)))], writer=NEW, first_number=6
    )
    assert renaming.dots == {Dot(OLD, 4): Dot(NEW, 6)}


def test_damaged_entries_are_refused() -> None:
    """Re-keying reads entries as strictly as everything else does."""
    device = Device(OLD)
    sent = device.write(lambda plan: plan.insert({"a": 1, "t": Text("abc")}))
    full = Renaming(
        dots={sent.dot: Dot(NEW, 1)},
        clocks={KEY: (ClockRange(writer=OLD, start=0, end=3, new_writer=NEW, new_start=0),)},
    )
    for entry in sent.entries:
        for body in damage(entry.body, rounds=50):
            if KEY.id.encode() in body and KEY.collection.encode() in body:
                try:
                    decoded = decode(Entry(entry.kind, body))
                except RemoteError:
                    with pytest.raises(RemoteError):
                        rekey_entry(Entry(entry.kind, body), full, dot=sent.dot)
                else:
                    assert decoded.key.id


def test_ancestors_are_renamed_with_their_commits() -> None:
    """A text goes on telling what it was made of; what is gone has no name, and is not told any more."""
    ancestors = tuple(
        Ancestor(Dot(*dot), "x") for dot in [(OLD, 5), (OLD, 6), (OTHER, 6), (OLD, 3), (OLD, 4)]
    )
    operation = SetField(field="f", value=encode_value("y"), label="a", ancestors=ancestors)
    entry = Entry(EntryKind.RECORD, encode_record_entry(RecordEntry(key=KEY, operations=(operation,))))
    renamed = decode_record_entry(rekey_entry(entry, RENAMING, dot=Dot(OLD, 7)).body).operations[0]
    assert isinstance(renamed, SetField)
    assert [one.dot for one in renamed.ancestors] == [(NEW, 2), (OTHER, 6), (OLD, 3), (NEW, 1)]
    assert (renamed.label, renamed.value) == ("a", operation.value)
