"""The held segments: places without gap, hashes, signatures, chains; and the heads that follow from them."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from syncore.core.errors import SyncoreError
from syncore.core.identifiers import Writer, device_index
from syncore.core.ports import Row
from syncore.core.vectors import join
from syncore.crypto.signing import verify
from syncore.protocol.segments import Segment, SegmentHeader, decode_segment, verify_segment
from syncore.replica.doctor.findings import Finding, Mend
from syncore.replica.doctor.subject import Subject
from syncore.replica.space_memory import load_record
from syncore.replica.space_state import Head, SpaceState
from syncore.storage.document_rows import DocumentRows
from syncore.storage.log_rows import ClosedWriterRow, LogRows
from syncore.storage.protection import recover


@dataclass(slots=True)
class _Fold:
    """The heads that the segments so far come to."""

    closed: dict[Writer, int]
    heads: dict[Writer, Head] = field(default_factory=dict)

    def is_applied(self, header: SegmentHeader) -> bool:
        return header.first <= self.closed.get(header.writer, header.first)

    def add(self, segment: Segment) -> None:
        header = segment.header
        head = self.heads.get(header.writer)
        reach = join([{} if head is None else head.reach, dict(header.dependencies)])
        self.heads[header.writer] = Head(header.last, segment.hash, reach)


def examine(subject: Subject) -> Iterator[Finding]:
    """Segments, heads and closed writers that do not fit each other."""
    for state in subject.states.values():
        if state.is_private:
            yield from _private_heads(subject, state)
            continue
        yield from _closed(state)
        fold = _Fold({writer: row.number for writer, row in state.closed.items()})
        is_whole = True
        for finding in _segments(subject, state, fold):
            is_whole = False
            yield finding
        if is_whole:
            yield from _heads(state, fold)


def _segments(subject: Subject, state: SpaceState, fold: _Fold) -> Iterator[Finding]:
    total = LogRows(subject.sql, state.number).last_position()
    columns = "position, writer, first, last, hash, segment, arrived_ms"
    for expected, row in enumerate(
        subject.walk("segments", "position", columns, where=f"space = {state.number}"), start=1
    ):
        if row[0] != expected:
            yield _finding(state, f"position {expected}", "it is not there")
            return
        if expected % 64 == 0:
            subject.progress("segments", expected, total)
        try:
            problem = _segment(state, row, fold)
        except SyncoreError as error:
            problem = error.message
        if problem:
            yield _finding(state, f"position {expected}", problem)


def _segment(state: SpaceState, row: Row, fold: _Fold) -> str:
    """What is wrong with a segment; empty if nothing is, and then it is added to the heads."""
    assert state.control is not None
    _, writer, first, last, hash_, data, arrived_ms = row
    segment = decode_segment(recover(data, what="it"))
    header = segment.header
    if (writer, first, last) != (header.writer, header.first, header.last):
        return "it is not the segment that the row names"
    if hash_ != segment.hash:
        return "its hash is not the one of its bytes"
    if not isinstance(arrived_ms, int) or arrived_ms < 0:
        return "it came in at no time that there is"
    device = state.control.devices.get(device_index(header.writer))
    if header.space != state.id or device is None:
        return "no member of the space wrote it"
    verify_segment(segment, public_key=device.signing_key, verify=verify)
    if not fold.is_applied(header):
        return ""
    head = fold.heads.get(header.writer)
    if header.prev != (state.id if head is None else head.hash):
        return "it does not follow the segment before it"
    if header.first != (1 if head is None else head.number + 1):
        return "commits are missing before it"
    fold.add(segment)
    return ""


def _heads(state: SpaceState, fold: _Fold) -> Iterator[Finding]:
    for writer in sorted({*state.heads, *fold.heads}):
        if state.heads.get(writer) != fold.heads.get(writer):
            yield Finding(
                examination="segments",
                table="writers",
                row=f"writer {writer}",
                what="the head is not the one that the held segments come to",
                mend=Mend.LOG,
                space=state.number,
            )


def _closed(state: SpaceState) -> Iterator[Finding]:
    for row in state.closed.values():
        if not _is_evidence(row):
            yield Finding(
                examination="segments",
                table="closed_writers",
                row=f"writer {row.writer}",
                what="the evidence is not about this writer and commit",
                mend=Mend.LOG,
                space=state.number,
            )


def _is_evidence(row: ClosedWriterRow) -> bool:
    try:
        header = decode_segment(row.evidence).header
    except SyncoreError:
        return False
    return (header.writer, header.first - 1) == (row.writer, row.number)


def _private_heads(subject: Subject, state: SpaceState) -> Iterator[Finding]:
    """In the private space a head is as far as the documents go."""
    rows, after = DocumentRows(subject.sql, state.number), 0
    found: dict[Writer, int] = {}
    while page := rows.keys(after=after, limit=64):
        for document, _ in page:
            try:
                found = join([found, load_record(rows, document).vector])
            except SyncoreError:
                return  # told where documents are examined
        after = page[-1][0]
    heads = {writer: head.number for writer, head in state.heads.items()}
    for writer in sorted({*found, *heads}):
        if found.get(writer, 0) != heads.get(writer) or state.heads[writer].hash or state.heads[writer].reach:
            yield Finding(
                examination="segments",
                table="writers",
                row=f"writer {writer}",
                what="the head is not where the documents stand",
                mend=Mend.STATES,
                space=state.number,
            )


def _finding(state: SpaceState, row: str, what: str) -> Finding:
    return Finding(
        examination="segments", table="segments", row=row, what=what, mend=Mend.RELAY, space=state.number
    )
