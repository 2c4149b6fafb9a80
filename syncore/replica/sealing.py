"""Sealing: pending commits become signed segments of fixed bytes.

Runs in the sync loop, not in the commit path. The caller makes what was sealed durable (FULL), then moves the
guard, and only then sends it; a retry sends the same bytes.
"""

from collections.abc import Sequence
from itertools import takewhile

from syncore.core.commits import Commit
from syncore.core.errors import InvalidSegment
from syncore.core.identifiers import Writer
from syncore.core.limits import MAX_CLOSED_WRITERS, MAX_COMMITS_PER_SEGMENT
from syncore.core.ports import SqlConnection
from syncore.core.vectors import join
from syncore.protocol.commit_codec import decode_commit
from syncore.protocol.packing_plan import commits_for_next_segment
from syncore.protocol.segments import (
    ClosedWriter,
    Segment,
    SegmentHeader,
    SegmentPlain,
    decode_segment,
    encode_segment,
    hash_dependencies,
    seal_segment,
)
from syncore.replica.checking import ContentCheck
from syncore.replica.document_work import DocumentWork
from syncore.replica.space_keys import SpaceKeys
from syncore.replica.space_state import SpaceState
from syncore.storage.log_rows import LogRows, SealedRow
from syncore.storage.pending_rows import PendingRow, PendingRows
from syncore.storage.space_rows import SpaceRows

MAX_SEALED_SEGMENTS = 16
"""Own segments sealed ahead of the relay's acknowledgement: enough to fill a round trip, few enough to hold
in memory."""

_COUNTER = "sealed"


class UnsendableCommit(InvalidSegment):
    """An own commit that every receiver would refuse: a defect of this program, found before it was sent."""

    def __init__(self, row: PendingRow, cause: InvalidSegment) -> None:
        """Keep the commit."""
        super().__init__(f"commit {row.dot.number} cannot be sent: {cause.message}")
        self.row = row


def seal_pending(
    *, sql: SqlConnection, state: SpaceState, work: DocumentWork, keys: SpaceKeys
) -> list[SealedRow]:
    """Seal the oldest pending commits that are not sealed yet.

    Returns:
        The new segments in order; fewer than wait when ``MAX_SEALED_SEGMENTS`` are under way.

    Raises:
        UnsendableCommit: a commit breaks a rule; nothing was sealed.
    """
    pending = PendingRows(sql, state.number)
    log = LogRows(sql, state.number)
    checks = _overtake_sealed(state, pending, work)
    made: list[SealedRow] = []
    last = state.sealed[-1].sequence if state.sealed else 0
    while len(state.sealed) < MAX_SEALED_SEGMENTS:
        rows = _next_run(pending.after(last, limit=MAX_COMMITS_PER_SEGMENT))
        if not rows or (state.sealed and state.sealed[-1].writer != rows[0].dot.writer):
            break  # a new incarnation's commits depend on those before it: the relay has to hold these first
        sealed = _seal_run(rows, state=state, work=work, keys=keys, checks=checks)
        log.add_sealed(sealed)
        state.sealed.append(sealed)
        made.append(sealed)
        last = rows[-1].sequence
    if made:
        write_sealed_count(sql, sealed_count(sql) + len(made))
    return made


def sealed_count(sql: SqlConnection) -> int:
    """How many segments this file has ever sealed; the guard beside the keystore counts along."""
    stored = SpaceRows(sql).value(_COUNTER)
    return 0 if stored is None else int.from_bytes(stored, "big")


def write_sealed_count(sql: SqlConnection, count: int) -> None:
    """Keep the count."""
    SpaceRows(sql).write_value(_COUNTER, count.to_bytes(8, "big"))


def _next_run(rows: Sequence[PendingRow]) -> list[PendingRow]:
    """The first commits of one writer that go into one segment."""
    run = list(takewhile(lambda row: row.dot.writer == rows[0].dot.writer, rows))
    return run[: commits_for_next_segment(len(row.body) for row in run)]


def _overtake_sealed(
    state: SpaceState, pending: PendingRows, work: DocumentWork
) -> dict[Writer, ContentCheck]:
    """A check for each writer that stands behind the commits which are sealed, but not confirmed."""
    checks: dict[Writer, ContentCheck] = {}
    last = 0
    for sealed in state.sealed:
        check = checks.setdefault(sealed.writer, ContentCheck(work, sealed.writer, {}))
        for row in pending.after(last, limit=sealed.last - sealed.first + 1):
            for entries in work.decoded(row).entries.values():
                check.pass_over(entries)
        last = sealed.sequence
    return checks


def _seal_run(
    rows: list[PendingRow],
    *,
    state: SpaceState,
    work: DocumentWork,
    keys: SpaceKeys,
    checks: dict[Writer, ContentCheck],
) -> SealedRow:
    writer = rows[0].dot.writer
    header, reach = _header(rows, state=state)
    check = checks.setdefault(writer, ContentCheck(work, writer, {}))
    check.past = reach
    commits = [_checked(row, check) for row in rows]
    plain = SegmentPlain(receipt=state.row.receipt, closed=_reports(state), commits=tuple(commits))
    segment = seal_segment(header, plain, cipher=keys.cipher, signer=keys.signer)
    return SealedRow(
        rows[-1].sequence, writer, header.first, header.last, segment.hash, encode_segment(segment)
    )


def _checked(row: PendingRow, check: ContentCheck) -> Commit:
    """The commit, if receivers will take it."""
    commit = decode_commit(row.body)
    try:
        (checked,) = check.check([commit], row.dot.number)
    except InvalidSegment as error:
        raise UnsendableCommit(row, error) from error
    check.work.remember(row, commit.time, [entry for entry in checked.entries if entry is not None])
    return commit


def _header(rows: list[PendingRow], *, state: SpaceState) -> tuple[SegmentHeader, dict[Writer, int]]:
    """The header of the next segment, and everything that it and its predecessors depend on."""
    control = state.control
    assert control is not None
    writer = rows[0].dot.writer
    prev, reach = _chain_end(writer, state)
    dependencies = [
        (other, head.number, head.hash)
        for other, head in sorted(state.heads.items())
        if other != writer and head.number > reach.get(other, 0)
    ]
    header = SegmentHeader(
        space=state.id,
        writer=writer,
        first=rows[0].dot.number,
        count=len(rows),
        prev=prev,
        control_seq=control.head_seq,
        control_hash=control.head_link,
        epoch=control.epoch,
        dependencies=tuple((other, number) for other, number, _ in dependencies),
        dependencies_hash=hash_dependencies(dependencies),
    )
    return header, join([reach, dict(header.dependencies)])


def _chain_end(writer: Writer, state: SpaceState) -> tuple[bytes, dict[Writer, int]]:
    """Hash of the writer's last segment, sealed ones included, and what its chain depends on so far."""
    head = state.heads.get(writer)
    prev: bytes = state.id if head is None else head.hash
    reach = {} if head is None else dict(head.reach)
    for sealed in state.sealed:
        if sealed.writer == writer:
            prev = sealed.hash
            reach = join([reach, dict(unsealed_header(sealed).dependencies)])
    return prev, reach


def unsealed_header(sealed: SealedRow) -> SegmentHeader:
    """The header of a sealed segment."""
    return sealed_segment(sealed).header


def sealed_segment(sealed: SealedRow) -> Segment:
    """A sealed segment in parts."""
    return decode_segment(sealed.segment)


def _reports(state: SpaceState) -> tuple[ClosedWriter, ...]:
    """Which writers this replica closed, so that an honest author learns of it."""
    reports = [
        ClosedWriter(
            writer=row.writer, number=row.number, hash=decode_segment(row.evidence).hash, reason=row.reason
        )
        for row in state.closed.values()
    ]
    return tuple(reports[:MAX_CLOSED_WRITERS])
