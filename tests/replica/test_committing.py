"""Tests of syncore.replica.committing: a group of transactions inside one write transaction."""

from collections.abc import Iterator

import pytest

from syncore.core.errors import DocumentExists, DocumentNotFound, InvalidChange, TooLarge
from syncore.core.hybrid_clock import HybridTime, from_milliseconds
from syncore.core.identifiers import COMMIT_ID_BYTES, DocumentKey, Dot
from syncore.documents.changes import Text, increment, rewrite, splice
from syncore.documents.entries import RecordEntry, RichEntry
from syncore.protocol.commit_codec import decode_commit
from syncore.replica.committing import LocalCommits
from syncore.replica.entries import decode_entries
from syncore.replica.requests import CommitRequest
from syncore.storage.log_rows import LogRows
from tests.documents.worlds import KEY
from tests.replica.memory_space import (
    OURS,
    MemorySpace,
    deletion,
    insertion,
    open_memory_space,
    request_of,
    update,
)
from tests.replica.world import SeededEntropy, SteppingClock

OTHER = DocumentKey("notes", "two")


@pytest.fixture
def space() -> Iterator[MemorySpace]:
    """A shared space without documents."""
    with open_memory_space() as space:
        yield space


@pytest.fixture
def private() -> Iterator[MemorySpace]:
    """A private space without documents."""
    with open_memory_space(is_private=True) as space:
        yield space


def commit_group(space: MemorySpace, *requests: CommitRequest) -> None:
    """Commit a group in one transaction."""
    space.commits.commit_group(requests, state=space.state, work=space.work(), sql=space.sql)


def test_each_transaction_of_a_group_becomes_one_pending_commit(space: MemorySpace) -> None:
    """In the order of the group, each gets a dot, a place, an id of its own and a later time, and tells the
    documents as it left them.
    """
    group = [
        request_of(insertion({"n": 1}), insertion({"t": Text("abc")}, key=OTHER)),
        request_of(update({"n": 2})),
        request_of(deletion(), update({"t": splice(0, 1)}, key=OTHER)),
    ]
    commit_group(space, *group)
    pending = space.work().pending.all()
    assert [(row.sequence, row.dot) for row in pending] == [(n, Dot(OURS, n)) for n in (1, 2, 3)]
    assert {len(row.id) for row in pending} == {COMMIT_ID_BYTES}
    assert len({row.id for row in pending}) == 3
    commits = [decode_commit(row.body) for row in pending]
    assert [commit.id for commit in commits] == [row.id for row in pending]
    times = [commit.time for commit in commits]
    assert times == sorted(set(times))
    assert space.commits.last_time == times[-1]
    assert [sorted(request.projections or {}) for request in group] == [[KEY, OTHER], [KEY], [KEY, OTHER]]
    assert [(request.projections or {})[KEY].values for request in group] == [{"n": 1}, {"n": 2}, {}]
    work = space.work()
    assert [row.dot.number for row in work.pending.of_document(work.row_of(KEY))] == [1, 2, 3]
    assert [row.dot.number for row in work.pending.of_document(work.row_of(OTHER))] == [1, 3]
    assert (space.state.pending_count, space.state.heads) == (3, {})


def test_what_is_stored_is_what_is_visible(space: MemorySpace) -> None:
    """The pending commit holds the entries that made the visible document, and the file shows the same."""
    space.commit(insertion({"n": 1, "t": Text("abc")}))
    (row,) = space.work().pending.all()
    entries = decode_entries(decode_commit(row.body))
    assert [type(entry) for entry in entries] == [RecordEntry, RichEntry]
    assert space.values() == space.stored_values() == {"n": 1, "t": "abc"}
    assert space.work().rows.state(space.work().row_of(KEY)) is None, "nothing is confirmed yet"


@pytest.mark.parametrize("ahead_ms", [0, 10**9])
def test_time_never_runs_backwards(space: MemorySpace, ahead_ms: int) -> None:
    """Behind a time that is ahead of the clock commits count on, else they take the time of the clock."""
    clock = SteppingClock()
    last = from_milliseconds(clock.time_ms + ahead_ms)
    space.commits = LocalCommits(clock, SeededEntropy("time"), last)
    space.commit(insertion())
    expected = HybridTime(last + 1) if ahead_ms else from_milliseconds(clock.time_ms)
    (row,) = space.work().pending.all()
    assert decode_commit(row.body).time == space.commits.last_time == expected


def test_a_transaction_that_cannot_be_planned_fails_alone(space: MemorySpace) -> None:
    """It learns its error and leaves nothing, not even of its possible parts; others build on one another."""

    def fail(_: object) -> object:
        raise ZeroDivisionError

    space.commit(insertion({"n": 1, "t": Text("abc")}))
    good = [request_of(update({"n": 2})), request_of(update({"n": 3, "t": splice(3, insert="d")}))]
    bad = [
        request_of(update({"n": 9}), insertion(key=OTHER), deletion(key=DocumentKey("notes", "never"))),
        request_of(insertion()),
        request_of(update({"t": (splice(0, 3), increment(1))})),
        request_of(update({"t": splice(0, 1), "n": rewrite(fail)})),
        request_of(),
    ]
    commit_group(space, good[0], *bad, good[1])
    kinds = [DocumentNotFound, DocumentExists, InvalidChange, ZeroDivisionError, InvalidChange]
    assert [type(request.failure) for request in bad] == kinds
    assert [request.projections for request in bad] == [None] * len(bad)
    assert [request.failure for request in good] == [None, None]
    assert [row.dot.number for row in space.work().pending.all()] == [1, 2, 3]
    assert space.values() == space.stored_values() == {"n": 3, "t": "abcd"}
    assert space.work().rows.row_of(OTHER) is None


def test_a_commit_that_is_too_large_as_a_whole_is_forgotten(space: MemorySpace) -> None:
    """Found too large only after its texts were edited, it takes no number, no place and no time, and memory
    follows the file.
    """
    space.commit(insertion({"t": Text("abc")}))
    before = space.state.next_number, space.state.next_sequence, space.commits.last_time
    large = [
        insertion({"t": Text("x" * 600_000)}, key=DocumentKey("notes", str(number))) for number in (1, 2)
    ]
    request = request_of(update({"t": splice(0, 0, "lost")}), *large)
    commit_group(space, request)
    assert type(request.failure) is TooLarge
    assert (space.state.next_number, space.state.next_sequence, space.commits.last_time) == before
    assert space.work().rows.count() == 1
    assert space.values() == space.stored_values() == {"t": "abc"}
    space.commit(update({"t": splice(3, 0, "d")}))
    assert space.values() == space.stored_values() == {"t": "abcd"}


def test_a_private_commit_is_confirmed_at_once(private: MemorySpace) -> None:
    """In a private space nothing is pending: state, rich part and our head are written with the commit."""
    private.commit(insertion({"n": 1, "t": Text("abc")}))
    private.commit(update({"t": splice(3, 0, "d")}))
    work = private.work()
    row = work.row_of(KEY)
    assert (work.pending.all(), private.state.pending_count) == ([], 0)
    assert work.rows.state(row) is not None
    assert len(work.rows.rich_updates(row)) == 2
    assert private.values() == private.stored_values() == {"n": 1, "t": "abcd"}
    (head,) = LogRows(private.sql, private.state.number).heads()
    assert (head.writer, head.number) == (OURS, 2)
    assert private.state.vector == {OURS: 2}


def test_a_private_group_of_failures_moves_no_head(private: MemorySpace) -> None:
    """Where nothing was ever committed there is no head; later failures leave it where it is."""
    commit_group(private, request_of(update({"n": 1})))
    assert (private.state.heads, LogRows(private.sql, 1).heads()) == ({}, [])
    private.commit(insertion())
    commit_group(private, request_of(insertion()))
    assert private.state.vector == {OURS: 1}
