"""Tests of syncore.replica.checking: a verdict on what a segment holds, from its author's past alone."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from syncore.codec.values import encode_value
from syncore.core.commits import Commit, Entry, EntryKind
from syncore.core.errors import InvalidSegment
from syncore.core.hybrid_clock import from_milliseconds
from syncore.core.identifiers import CommitId, DocumentKey, Dot
from syncore.core.vectors import Vector
from syncore.documents.changes import Text, splice
from syncore.documents.entries import RecordEntry, RichEntry
from syncore.documents.operations import (
    SetField,
)
from syncore.documents.yjs_update import StructId, Update, decode_update, encode_update
from syncore.replica.checking import CheckedCommit, ContentCheck
from tests.documents.worlds import KEY, Device, Sent, writer
from tests.replica.hostile import record_entry, rich_entry
from tests.replica.memory_space import THEIRS, MemorySpace, open_memory_space, receive

THIRD = writer(3)


@pytest.fixture
def space() -> Iterator[MemorySpace]:
    """The space of a replica that receives."""
    with open_memory_space() as space:
        yield space


def commit_of(*entries: Entry, number: int = 1) -> Commit:
    """A commit of these entries."""
    return Commit(CommitId(number.to_bytes(8, "big")), from_milliseconds(number), entries)


def commits_of(*all_sent: Sent) -> list[Commit]:
    """What an author has sent, as the commits of a segment."""
    return [commit_of(*sent.entries, number=sent.dot.number) for sent in all_sent]


def check(
    space: MemorySpace, *commits: Commit, first: int = 1, past: Vector | None = None
) -> list[CheckedCommit]:
    """Check the commits of a segment of theirs."""
    return ContentCheck(space.work(), THEIRS, past or {}).check(commits, first)


def setting(*replaces: Dot, key: DocumentKey = KEY) -> Entry:
    """An entry that writes a register over what it names."""
    return record_entry(SetField(field="r", value=encode_value(1), replaces=replaces), key=key)


def write_texts(author: Device) -> list[Sent]:
    """Three commits: a text, and an edit at its end each."""
    inserted = author.write(lambda plan: plan.insert({"t": Text("abc")}))
    return [inserted, *(author.write(lambda plan: plan.update({"t": splice(3, 0, "d")})) for _ in range(2))]


def rich_of(sent: Sent) -> RichEntry:
    """The rich entry of a commit."""
    return next(entry for entry in sent.decoded() if isinstance(entry, RichEntry))


def test_valid_commits_come_back_decoded_and_named(space: MemorySpace) -> None:
    """Each commit gets the next dot of its writer, and its entries are there to be applied."""
    author = Device(THEIRS)
    sent = [
        author.write(lambda plan: plan.insert({"n": 1, "t": Text("abc")})),
        author.write(lambda plan: plan.update({"n": 2, "t": splice(0, 1)})),
    ]
    commits = commits_of(*sent)
    checked = check(space, *commits)
    assert [one.commit for one in checked] == commits
    assert [one.dot for one in checked] == [Dot(THEIRS, 1), Dot(THEIRS, 2)]
    assert [list(one.entries) for one in checked] == [one.decoded() for one in sent]
    assert check(space) == []


def test_entries_of_later_versions_keep_their_places(space: MemorySpace) -> None:
    """An unknown kind is None at its place and never a fault, however often it comes."""
    unknown = Entry(77, b"whatever")
    (checked,) = check(space, commit_of(unknown, setting(), unknown, Entry(255, b"")))
    assert [type(entry) for entry in checked.entries] == [type(None), RecordEntry, type(None), type(None)]


@pytest.mark.parametrize("kind", EntryKind)
def test_an_entry_that_does_not_decode_is_the_authors_fault(space: MemorySpace, kind: EntryKind) -> None:
    """The error says which commit holds it, and nothing before it counts."""
    with pytest.raises(InvalidSegment, match="commit 8 holds an entry that does not decode"):
        check(space, commit_of(setting()), commit_of(Entry(kind, b"damaged")), first=7)


def test_a_commit_has_one_entry_of_a_kind_for_a_document(space: MemorySpace) -> None:
    """Two record entries for one document are refused; two documents, or two commits, are not."""
    other = DocumentKey("notes", "two")
    assert len(check(space, commit_of(setting(), setting(key=other)), commit_of(setting()))) == 2
    with pytest.raises(InvalidSegment, match="commit 2 changes one document twice"):
        check(space, commit_of(setting()), commit_of(setting(), setting(key=other), setting()))
    author = Device(THEIRS)
    (record, rich) = author.write(lambda plan: plan.insert({"n": 1, "t": Text("abc")})).entries
    assert check(space, commit_of(record, rich))
    with pytest.raises(InvalidSegment):
        check(space, commit_of(rich, rich))


def test_a_commit_names_only_what_its_author_had_seen(space: MemorySpace) -> None:
    """The past is what the segment depends on and the author's own commits before this one, no more."""
    past = {THIRD: 4, THEIRS: 99}
    good = (Dot(THIRD, 4), Dot(THEIRS, 5), Dot(THEIRS, 6))
    assert check(space, commit_of(), commit_of(setting(*sorted(good))), first=6, past=past)
    for beyond in (Dot(THIRD, 5), Dot(THEIRS, 7), Dot(THEIRS, 8), Dot(writer(4), 1)):
        with pytest.raises(InvalidSegment):
            check(space, commit_of(), commit_of(setting(beyond)), first=6, past=past)


def test_rich_clocks_go_on_from_commit_to_commit(space: MemorySpace) -> None:
    """A delta continues its author's last one, in this segment, one checked before, or what is confirmed."""
    sent = write_texts(Device(THEIRS))
    commits = commits_of(*sent)
    assert len(check(space, *commits)) == 3
    work = space.work()
    behind = ContentCheck(work, THEIRS, {})
    behind.pass_over([entry for one in sent[:2] for entry in one.decoded()])
    for one in sent[:2]:  # which are shown already, though not confirmed
        work.hold(KEY).visible.rich_part().apply(rich_of(one).update)
    assert behind.check(commits[2:], first=3)
    with pytest.raises(InvalidSegment, match="starts at clock"):
        check(space, commits[0], commits[2])
    work = space.work()
    for one in sent[:2]:
        receive(work, one)
    work.flush()
    assert check(space, commits[2], first=3)
    with pytest.raises(InvalidSegment, match="starts at clock"):
        check(space, commits[1], first=3)


def test_the_verdict_does_not_depend_on_what_else_is_held(space: MemorySpace) -> None:
    """What a delta builds on is measured at the author's past, whether or not the replica holds more by now,
    within the same transaction and after it.
    """
    third, author = Device(THIRD), Device(THEIRS)
    early, late, _ = write_texts(third)
    author.receive(early)
    upon_early = author.write(lambda plan: plan.update({"t": splice(3, 0, "!")}))
    other_author = Device(THEIRS)
    for sent in (early, late):
        other_author.receive(sent)
    upon_late = other_author.write(lambda plan: plan.update({"t": splice(4, 0, "!")}))
    work = space.work()
    receive(work, early)
    receive(work, late)
    for _ in range(2):
        verdict = ContentCheck(work, THEIRS, {THIRD: 1})
        assert verdict.check(commits_of(upon_early), first=1)
        with pytest.raises(InvalidSegment, match="builds on clock"):
            ContentCheck(work, THEIRS, {THIRD: 1}).check(commits_of(upon_late), first=1)
        assert ContentCheck(work, THEIRS, {THIRD: 2}).check(commits_of(upon_late), first=1)
        with pytest.raises(InvalidSegment, match="builds on clock"):
            ContentCheck(work, THEIRS, {}).check(commits_of(upon_early), first=1)
        work.flush()
        work = space.work()


def test_inserts_stand_where_somebody_can_have_seen_them(space: MemorySpace) -> None:
    """A delta whose neighbours never stood side by side is refused, upon confirmed text or its own."""
    inserted, edited, _ = write_texts(Device(THEIRS))
    entry = rich_of(edited)
    update = decode_update(entry.update)
    (struct,) = update.sections[0].structs
    turned = struct._replace(origin=StructId(THEIRS, 2), right_origin=StructId(THEIRS, 0))
    section = update.sections[0]._replace(structs=(turned,))
    forged = rich_entry(replace(entry, update=encode_update(Update((section,), ()))))
    assert check(space, *commits_of(inserted, edited))
    with pytest.raises(InvalidSegment, match=r"commit 2: .* side by side"):
        check(space, *commits_of(inserted), commit_of(forged, number=2))
    work = space.work()
    receive(work, inserted)
    assert ContentCheck(work, THEIRS, {}).check(commits_of(edited), first=2)
    with pytest.raises(InvalidSegment, match=r"commit 2: .* side by side"):
        ContentCheck(work, THEIRS, {}).check([commit_of(forged, number=2)], first=2)
