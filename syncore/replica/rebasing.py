"""Rebase: the one answer to every return in time (``docs/ARCHITECTURE.md``, "When a file returns in time").

A file that was copied or restored may find that the relay's log holds other commits under its own numbers, or
that a fetched segment carries commits which are still pending here. Pending commits that were carried are
dropped; the others get new names under a new incarnation, in their dots and inside their rich deltas, so that
both sides' edits are kept and none is applied twice.

The new incarnation follows from the old writer and the segment that made the rebase necessary. Two copies of
one file that must re-key the same inherited commits therefore pick the same new numbers, the relay lets only
one of them in, and the other finds its commits carried: a random incarnation would apply them twice.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from syncore.core.commits import Commit
from syncore.core.hashing import hash_parts
from syncore.core.identifiers import (
    CommitId,
    DocumentKey,
    Dot,
    Incarnation,
    Writer,
    device_index,
    make_writer,
)
from syncore.core.ports import SqlConnection
from syncore.documents.entries import RecordEntry, RichEntry
from syncore.documents.operations import (
    AddToCounter,
)
from syncore.documents.rekeying import Renaming, rekey_entry
from syncore.documents.rich_places import DocumentPlaces
from syncore.documents.rich_rekeying import ClockRange
from syncore.protocol.commit_codec import decode_commit, encode_commit
from syncore.replica.document_work import DocumentWork
from syncore.replica.entries import decode_entries
from syncore.replica.space_state import SpaceState, start_incarnation
from syncore.replica.undo_log import forget_commit, log_pending, rekey_steps
from syncore.storage.log_rows import LogRows
from syncore.storage.pending_rows import PendingRow, PendingRows


@dataclass(frozen=True, slots=True)
class CarriedCommit:
    """Where a fetched segment carries a commit: its dot there, and where its rich deltas start there."""

    dot: Dot
    clocks_before: Mapping[DocumentKey, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rebase:
    """What a rebase did, for the status and the program's log.

    Attributes:
        old_writer: The number that was given up.
        new_writer: The number that this file writes under now.
        carried: Pending commits that were in the log already.
        rekeyed: Pending commits that got new names.
    """

    old_writer: Writer
    new_writer: Writer
    carried: int
    rekeyed: int


@dataclass(slots=True)
class _Names:
    """Old and new names, gathered while the pending log is read in order."""

    dots: dict[Dot, Dot] = field(default_factory=dict)
    clocks: dict[DocumentKey, list[ClockRange]] = field(default_factory=dict)
    amounts: dict[tuple[DocumentKey, str], list[tuple[Dot, int]]] = field(default_factory=dict)
    next_number: dict[Writer, int] = field(default_factory=dict)
    next_clock: dict[tuple[DocumentKey, Writer], int] = field(default_factory=dict)

    def add_carried(self, commit: Commit, old: Dot, where: CarriedCommit) -> None:
        """The commit is in the log under another name, or under this very one."""
        self.dots[old] = where.dot
        for entry in decode_entries(commit):
            if isinstance(entry, RichEntry):
                self._add_clocks(entry, old, where.dot.writer, where.clocks_before[entry.key])
            else:
                self._add_amounts(entry, old)

    def add_rekeyed(self, commit: Commit, old: Dot, writer: Writer) -> None:
        """The commit gets the new writer's next number."""
        number = self.next_number.get(writer, 1)
        self.next_number[writer] = number + 1
        self.dots[old] = Dot(writer, number)
        for entry in decode_entries(commit):
            if isinstance(entry, RichEntry):
                start = self.next_clock.get((entry.key, writer), 0)
                self.next_clock[entry.key, writer] = start + entry.clock_after - entry.clock_before
                self._add_clocks(entry, old, writer, start)
            else:
                self._add_amounts(entry, old)

    def renaming(self) -> Renaming:
        """Everything that was gathered."""
        return Renaming(
            dots=self.dots,
            clocks={key: tuple(ranges) for key, ranges in self.clocks.items()},
            amounts={counter: tuple(added) for counter, added in self.amounts.items()},
        )

    def _add_clocks(self, entry: RichEntry, old: Dot, writer: Writer, start: int) -> None:
        ranges = self.clocks.setdefault(entry.key, [])
        added = ClockRange(
            writer=old.writer,
            start=entry.clock_before,
            end=entry.clock_after,
            new_writer=writer,
            new_start=start,
        )
        if ranges and _continues(ranges[-1], added):
            ranges[-1] = replace(ranges[-1], end=added.end)
        else:
            ranges.append(added)

    def _add_amounts(self, entry: RecordEntry, old: Dot) -> None:
        for operation in entry.operations:
            if isinstance(operation, AddToCounter):
                self.amounts.setdefault((entry.key, operation.field), []).append((old, operation.amount))


def _continues(earlier: ClockRange, later: ClockRange) -> bool:
    """Whether one range goes on where the other ends, on both sides."""
    return (earlier.writer, earlier.new_writer, earlier.end) == (
        later.writer,
        later.new_writer,
        later.start,
    ) and earlier.new_start + earlier.end - earlier.start == later.new_start


def derive_incarnation(writer: Writer, trigger: bytes) -> Incarnation:
    """The incarnation that follows ``writer`` because of the segment with hash ``trigger``."""
    digest = hash_parts("rebase", writer.to_bytes(8, "big"), trigger)
    return Incarnation(int.from_bytes(digest[:4], "big"))


@dataclass(frozen=True, slots=True)
class LiftedCommit:
    """A pending commit outside the log, with the rows of the documents that it touches."""

    row: PendingRow
    commit: Commit
    documents: list[int]


def lift_pending(*, sql: SqlConnection, state: SpaceState, work: DocumentWork) -> list[LiftedCommit]:
    """Take all pending commits out of the log, so that what they build on can be merged below them.

    The caller puts them back with :func:`rebase` in the same transaction. Until then every document is as it
    is confirmed.
    """
    work.flush()
    log_pending(sql, state.number)
    pending = PendingRows(sql, state.number)
    lifted: list[LiftedCommit] = []
    for row in pending.all():
        commit = decode_commit(row.body)
        documents = sorted({work.row_of(entry.key) for entry in decode_entries(commit)})
        lifted.append(LiftedCommit(row, commit, documents))
    for one in lifted:
        pending.remove(one.row.sequence, one.documents)
    work.forget_all()
    return lifted


def rebase(
    lifted: list[LiftedCommit],
    *,
    sql: SqlConnection,
    state: SpaceState,
    work: DocumentWork,
    trigger: bytes,
    carried: Mapping[CommitId, CarriedCommit],
) -> Rebase:
    """Give every lifted commit a new name or drop it, and write under a new number from now on.

    Args:
        lifted: The pending commits, in order.
        sql: The open transaction.
        state: The space; its pending log, sealed segments and writer change.
        work: Its documents; those with pending commits are loaded anew.
        trigger: The hash of the segment that made this necessary.
        carried: Pending commits that a fetched segment holds.
    """
    work.flush()
    names = _Names()
    for one in lifted:
        where = carried.get(one.row.id)
        if where is None:
            names.add_rekeyed(one.commit, one.row.dot, _follower(one.row.dot.writer, trigger))
        else:
            names.add_carried(one.commit, one.row.dot, where)
    kept = [one for one in lifted if one.row.id not in carried]
    pending = PendingRows(sql, state.number)
    renaming = names.renaming()
    for one, body in zip(kept, _rekeyed_bodies(kept, renaming, work), strict=True):
        pending.append(replace(one.row, dot=names.dots[one.row.dot], body=body), one.documents)
    # A commit may be in the log under its own name: its token needs no other, and would be followed for ever.
    pending.note_renamed([(old, new) for old, new in names.dots.items() if old != new])
    _rekey_undo_log(sql, work, lifted, renaming)
    old_writer = state.writer
    start_incarnation(state, sql, derive_incarnation(old_writer, trigger))
    state.next_number = names.next_number.get(state.writer, 1)
    state.pending_count = len(kept)
    state.pending_writers = {names.dots[one.row.dot].writer for one in kept}
    state.sealed.clear()
    LogRows(sql, state.number).remove_all_sealed()
    work.forget_all()
    work.reload({document for one in lifted for document in one.documents})
    return Rebase(
        old_writer=old_writer, new_writer=state.writer, carried=len(lifted) - len(kept), rekeyed=len(kept)
    )


def _rekeyed_bodies(kept: list[LiftedCommit], renaming: Renaming, work: DocumentWork) -> list[bytes]:
    """The commits under their new names, as they stand on the confirmed documents, encoded."""
    places = DocumentPlaces(work.rich_part)
    bodies = []
    for one in kept:
        entries = (
            rekey_entry(entry, renaming, dot=one.row.dot, places=places) for entry in one.commit.entries
        )
        bodies.append(encode_commit(replace(one.commit, entries=tuple(entries))))
    return bodies


def set_aside(
    *, sql: SqlConnection, state: SpaceState, work: DocumentWork, id_: CommitId, reason: str
) -> Rebase:
    """Take a pending commit that cannot be sent out of the way, and re-key the rest, to go on without it.

    Only while no sealed segment is under way: what the relay may still accept must not get a second name. The
    commit itself is kept for its author.
    """
    assert not state.sealed
    lifted = lift_pending(sql=sql, state=state, work=work)
    refused = next(one for one in lifted if one.row.id == id_)
    PendingRows(sql, state.number).set_aside(id_, refused.row.body, reason)
    forget_commit(sql, refused.documents, refused.commit.time)
    rest = [one for one in lifted if one is not refused]
    done = rebase(rest, sql=sql, state=state, work=work, trigger=hash_parts("aside", id_), carried={})
    work.reload(set(refused.documents))
    return done


def _rekey_undo_log(
    sql: SqlConnection, work: DocumentWork, lifted: list[LiftedCommit], renaming: Renaming
) -> None:
    for document in sorted({document for one in lifted for document in one.documents}):
        clocks = renaming.clocks.get(work.rows.key_of(document), ())
        rekey_steps(sql, document, dots=renaming.dots, clocks=clocks)


def _follower(writer: Writer, trigger: bytes) -> Writer:
    return make_writer(device_index(writer), derive_incarnation(writer, trigger))
