"""Merging: what the relay's log says next becomes confirmed state, in order, each segment in one piece.

A replica's confirmed state is a prefix of the relay's log, or more than that while a relay is healed that
lost data: then what is held already comes again, and is crossed off. An item of the log is a control record,
somebody's segment, or our own segment coming back, as a stub or in full: its acknowledgement. Everything here
runs inside one write transaction with the new cursor, so that a crash leaves either both or neither.
"""

from dataclasses import dataclass, field, replace

from syncore.core.errors import CryptoError, InvalidSegment, ProtocolViolation, RelayLostData, SyncoreError
from syncore.core.hybrid_clock import HybridTime
from syncore.core.identifiers import CommitId, DocumentKey, Writer, device_index
from syncore.core.ports import SqlConnection
from syncore.core.vectors import Vector, join
from syncore.documents.entries import RichEntry
from syncore.protocol.client_events import ItemsReceived, OwnUpload
from syncore.protocol.control_log import ControlLog
from syncore.protocol.control_records import AcceptedRecord
from syncore.protocol.items import control_item, encode_item
from syncore.protocol.receipts import encode_receipt
from syncore.protocol.reception import (
    AlreadyHeld,
    Apply,
    Foreign,
    Fork,
    Invalid,
    Missing,
    judge_received,
    judge_received_record,
)
from syncore.protocol.segments import Segment, SegmentPlain, encode_segment, open_segment, verify_segment
from syncore.replica.checking import CheckedCommit, ContentCheck
from syncore.replica.document_work import DocumentWork
from syncore.replica.log_path import LogPath
from syncore.replica.rebasing import CarriedCommit, Rebase, lift_pending, rebase
from syncore.replica.sealing import unsealed_header
from syncore.replica.segment_index import ConfirmedSegments, check_what_it_builds_on
from syncore.replica.space_keys import SpaceKeys
from syncore.replica.space_state import Head, SpaceState, write_head
from syncore.replica.testimony import Testimony, judge_receipt, report_against
from syncore.replica.times import write_last_time
from syncore.replica.undo_log import log_pending
from syncore.storage.finding_rows import FindingKind, FindingRow, FindingRows
from syncore.storage.log_rows import ClosedWriterRow, LogRows, SealedRow
from syncore.storage.missing_rows import MissingRows
from syncore.storage.space_rows import SpaceRows

_NO_TIME = HybridTime(0)


@dataclass(slots=True)
class Merged:
    """What merging a batch did.

    Attributes:
        acknowledged: How many of our commits the relay holds now.
        rebases: What was re-keyed.
        closed: Writers that were closed because of an invalid segment.
        has_new_control: Whether the control log grew.
        newest_time: The greatest time among the commits that came in.
        earlier_contradictions: Receipts of the generation before that do not fit what was shown here then.
    """

    acknowledged: int = 0
    rebases: list[Rebase] = field(default_factory=list)
    closed: list[ClosedWriterRow] = field(default_factory=list)
    has_new_control: bool = False
    newest_time: HybridTime = _NO_TIME
    earlier_contradictions: int = 0


class Merge:
    """Merges one batch into one space; made anew for each transaction."""

    def __init__(
        self, *, sql: SqlConnection, state: SpaceState, work: DocumentWork, keys: SpaceKeys, now_ms: int
    ) -> None:
        """Work within ``sql``; ``now_ms`` is when the batch arrived, since 1970."""
        self._sql = sql
        self._state = state
        self._work = work
        self._keys = keys
        self._now_ms = now_ms
        self._log = LogRows(sql, state.number)
        self._merged = Merged()

    def run(self, batch: ItemsReceived) -> Merged:
        """Merge the batch and move the cursor.

        Raises:
            ProtocolViolation: the relay's log holds what no honest relay accepts; nothing was merged.
            UnsupportedVersion: it holds what only a later version can read.
            RelayLostData: it lost data, and holds now what does not fit what is held here.
        """
        path = LogPath(self._sql, self._state, batch)
        for item in batch.items:
            match item.content:
                case AcceptedRecord():
                    self._add_control(item.content)
                case OwnUpload():
                    if not self._note_held(item.hash):
                        self._acknowledge(item.hash)
                case Segment():
                    self._add_segment(item.content, item.offset, path)
        path.keep()
        self._state.row = replace(
            self._state.row,
            generation=batch.cursor.generation,
            log_offset=batch.cursor.offset,
            running_hash=batch.cursor.running_hash,
            receipt=encode_receipt(batch.receipt) if batch.receipt else self._state.row.receipt,
        )
        SpaceRows(self._sql).write(self._state.row)
        return self._merged

    @property
    def _control(self) -> ControlLog:
        assert self._state.control is not None, "nothing is merged into a private space"
        return self._state.control

    def _add_control(self, accepted: AcceptedRecord) -> None:
        verdict = judge_received_record(accepted, control=self._control)
        if isinstance(verdict, AlreadyHeld):
            self._note_held(accepted.link)
            return
        if not isinstance(verdict, Apply):
            raise self._unfit(verdict, "control log")
        self._control.append(accepted, verify=self._keys.verify)
        self._log.add_control(accepted.record.seq, encode_item(control_item(accepted)))
        self._merged.has_new_control = True

    def _acknowledge(self, hash_: bytes) -> None:
        """Our oldest sealed segment is in the log: its commits are confirmed."""
        sealed = self._state.sealed[0] if self._state.sealed else None
        if sealed is None or sealed.hash != hash_:
            raise ProtocolViolation(
                "the relay acknowledged a segment out of order, or one that was never sent"
            )
        self._confirm(sealed)
        self._log.add_segment(
            writer=sealed.writer,
            first=sealed.first,
            last=sealed.last,
            hash_=hash_,
            segment=sealed.segment,
            arrived_ms=self._now_ms,
        )
        self._log.remove_sealed(hash_)
        self._state.sealed.pop(0)

    def _confirm(self, sealed: SealedRow) -> None:
        pending = self._work.pending
        rows = pending.after(0, limit=sealed.last - sealed.first + 1)
        assert [row.dot.number for row in rows] == list(range(sealed.first, sealed.last + 1))
        log_pending(self._sql, self._state.number, until=rows[-1].sequence)
        documents: dict[DocumentKey, int] = {}
        removed: list[tuple[int, list[int]]] = []
        for row in rows:
            commit = self._work.decoded(row)
            for entries in commit.entries.values():
                for entry in entries:
                    self._work.confirm_own(entry, dot=row.dot, time=commit.time, segment_end=sealed.last)
            documents.update((key, self._work.row_of(key)) for key in commit.entries if key not in documents)
            removed.append((row.sequence, [documents[key] for key in commit.entries]))
        pending.remove_all(removed)
        for key in documents:
            self._work.settle(key)
        write_last_time(self._sql, self._work.decoded(rows[-1]).time)
        self._state.pending_count -= len(rows)
        self._merged.acknowledged += len(rows)
        self._move_head(sealed.writer, sealed.last, sealed.hash, dict(unsealed_header(sealed).dependencies))

    def _add_segment(self, segment: Segment, offset: int, path: LogPath) -> None:
        """Somebody's segment, or one of ours in full, because the connection broke after its upload."""
        if self._state.sealed and self._state.sealed[0].hash == segment.hash:
            self._acknowledge(segment.hash)
            return
        self._verify(segment)
        verdict = judge_received(
            segment,
            control=self._control,
            index=ConfirmedSegments(self._state, self._log),
            closed={writer: row.number for writer, row in self._state.closed.items()},
        )
        if isinstance(verdict, AlreadyHeld):
            self._note_held(segment.hash)
            self._log.mend_segment(segment.header.writer, segment.header.last, encode_segment(segment))
            return
        if not isinstance(verdict, Apply | Invalid):
            check_what_it_builds_on(segment, self._state, self._log)
            raise self._unfit(verdict, "log")
        try:
            plain, checked = self._examine(segment, verdict)
        except InvalidSegment as error:
            self._close(segment, error)
            return
        carried = self._carried(segment, checked)
        if carried or self._takes_our_number(segment):
            self._rebase(segment, checked, carried)
        else:
            self._apply(segment, checked)
        self._log.add_segment(
            writer=segment.header.writer,
            first=segment.header.first,
            last=segment.header.last,
            hash_=segment.hash,
            segment=encode_segment(segment),
            arrived_ms=self._now_ms,
        )
        self._hear(segment, plain, offset, path)

    def _unfit(self, verdict: Fork | Missing | Foreign | Invalid, what: str) -> SyncoreError:
        """Why the log cannot be followed: a fork is what a loss left behind, or the relay's fault."""
        if isinstance(verdict, Fork) and self._state.row.relay_losses:
            return RelayLostData(
                f"the relay lost data, and its {what} holds something else now: {verdict.reason}"
            )
        return ProtocolViolation(f"the relay's {what} cannot be followed: {verdict.reason}")

    def _note_held(self, hash_: bytes) -> bool:
        """Note that the relay's log holds an item that it had lost; whether that was not known before."""
        if not self._state.missing_count or not MissingRows(self._sql, self._state.number).remove(hash_):
            return False
        self._state.missing_count -= 1
        return True

    def _hear(self, segment: Segment, plain: SegmentPlain, offset: int, path: LogPath) -> None:
        """Look at what the segment says beside its commits."""
        said = judge_receipt(
            plain.receipt,
            space=self._state.id,
            offset=offset,
            path=path,
            relay_key=self._control.relay_key,
            verify=self._keys.verify,
        )
        author = device_index(segment.header.writer)
        if said is Testimony.EARLIER_CONTRADICTION:
            self._merged.earlier_contradictions += 1
        elif said is Testimony.CONTRADICTION:
            reason = f"the relay showed another log to device {author} than to this one"
            self._find(
                FindingRow(FindingKind.DISPUTE, reason, plain.receipt or b"", self._state.row.receipt or b"")
            )
        report = report_against(plain.closed, state=self._state, author=segment.header.writer, log=self._log)
        if report is not None:
            self._find(FindingRow(FindingKind.REJECTED_WRITER, report))

    def _find(self, finding: FindingRow) -> None:
        """Keep a finding; the first of its kind stays."""
        if finding.kind not in self._state.findings:
            FindingRows(self._sql, self._state.number).write(finding)
            self._state.findings[finding.kind] = finding

    def _verify(self, segment: Segment) -> None:
        device = self._control.devices.get(device_index(segment.header.writer))
        if device is None:
            raise ProtocolViolation("the relay's log holds a segment of a device that is not a member")
        try:
            verify_segment(segment, public_key=device.signing_key, verify=self._keys.verify)
        except CryptoError as error:
            raise ProtocolViolation(
                "the relay's log holds a segment whose signature does not hold"
            ) from error

    def _examine(
        self, segment: Segment, verdict: Apply | Invalid
    ) -> tuple[SegmentPlain, list[CheckedCommit]]:
        """What a segment holds, and its commits, if it is valid.

        Raises:
            InvalidSegment: it is not; its writer is to be closed.
        """
        if isinstance(verdict, Invalid):
            raise InvalidSegment(verdict.reason)
        plain = open_segment(segment, cipher=self._keys.cipher)
        header = segment.header
        head = self._state.heads.get(header.writer)
        reach = {} if head is None else head.reach
        past = join([reach, dict(header.dependencies)])
        return plain, ContentCheck(self._work, header.writer, past).check(plain.commits, header.first)

    def _carried(self, segment: Segment, checked: list[CheckedCommit]) -> dict[CommitId, CarriedCommit]:
        """Which of our pending commits a segment holds: a copy of this file has sent them.

        A copy writes as the same device. Whoever else repeats our ids only wants our commits to be dropped.
        """
        state = self._state
        own = {device_index(writer) for writer in (state.writer, *state.pending_writers)}
        if not state.pending_count or device_index(segment.header.writer) not in own:
            return {}
        return {one.commit.id: _carried(one) for one in checked if self._work.pending.has_id(one.commit.id)}

    def _takes_our_number(self, segment: Segment) -> bool:
        """Whether a copy of this file wrote under our number."""
        writer = segment.header.writer
        return writer == self._state.writer or (
            self._state.pending_count > 0 and writer in self._state.pending_writers
        )

    def _rebase(
        self, segment: Segment, checked: list[CheckedCommit], carried: dict[CommitId, CarriedCommit]
    ) -> None:
        """Merge the segment below our pending commits, which may build on it, and re-key these."""
        lifted = lift_pending(sql=self._sql, state=self._state, work=self._work)
        self._apply(segment, checked)
        done = rebase(
            lifted,
            sql=self._sql,
            state=self._state,
            work=self._work,
            trigger=segment.hash,
            carried=carried,
        )
        self._merged.rebases.append(done)

    def _apply(self, segment: Segment, checked: list[CheckedCommit]) -> None:
        header = segment.header
        for one in checked:
            self._merged.newest_time = max(self._merged.newest_time, one.commit.time)
            for ordinal, entry in enumerate(one.entries):
                if entry is None:
                    raw = one.commit.entries[ordinal]
                    self._log.keep_waiting(one.dot.writer, one.dot.number, ordinal, raw.kind, raw.body)
                else:
                    self._work.apply_remote(entry, dot=one.dot, time=one.commit.time, segment_end=header.last)
        self._move_head(header.writer, header.last, segment.hash, dict(header.dependencies))

    def _move_head(self, writer: Writer, number: int, hash_: bytes, dependencies: Vector) -> None:
        head = self._state.heads.get(writer)
        reach = join([{} if head is None else head.reach, dependencies])
        self._state.heads[writer] = Head(number, hash_, reach)
        write_head(self._sql, self._state, writer)

    def _close(self, segment: Segment, error: InvalidSegment) -> None:
        """Accept nothing of this writer from here on, for ever, and keep what shows why."""
        self._pass_over(segment)
        writer = segment.header.writer
        if writer in self._state.closed:
            return
        row = ClosedWriterRow(writer, segment.header.first - 1, error.message, encode_segment(segment))
        self._log.close_writer(row)
        self._state.closed[writer] = row
        self._merged.closed.append(row)

    def _pass_over(self, segment: Segment) -> None:
        """Keep a segment that is not applied: a relay that loses it has to get it back from somebody."""
        header = segment.header
        held = self._log.segment_hash(header.writer, header.last)
        if held is None:
            self._log.add_segment(
                writer=header.writer,
                first=header.first,
                last=header.last,
                hash_=segment.hash,
                segment=encode_segment(segment),
                arrived_ms=self._now_ms,
            )
        elif held == segment.hash:
            self._note_held(segment.hash)


def _carried(one: CheckedCommit) -> CarriedCommit:
    return CarriedCommit(
        one.dot, {entry.key: entry.clock_before for entry in one.entries if isinstance(entry, RichEntry)}
    )
