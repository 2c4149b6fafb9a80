"""The relay's judgement of what is offered to a space's log: pure, cheap first, signatures apart.

Any member may upload any signed segment, so who sent it plays no part here; whether the *connection's* device
is a member is asked before. After ``Accept`` the relay verifies the signatures, on any thread, and appends;
because others may have been appended meanwhile, it judges again in the transaction that does.
"""

from dataclasses import dataclass

from syncore.core.identifiers import device_index
from syncore.protocol.control_log import ControlLog
from syncore.protocol.control_records import AcceptedRecord, SignedRecord
from syncore.protocol.ports import SegmentIndex
from syncore.protocol.refusal_codes import RefusalCode
from syncore.protocol.segment_rules import Finding, author_key, examine_segment
from syncore.protocol.segments import Segment


@dataclass(frozen=True, slots=True, kw_only=True)
class Accept:
    """It may be appended once its signatures hold under these keys, in order."""

    keys: tuple[bytes, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Duplicate:
    """The log holds it already: answer with its offset."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Refuse:
    """It cannot be appended."""

    code: RefusalCode
    detail: str

    @property
    def is_final(self) -> bool:
        """Whether offering the same again is pointless."""
        return self.code.is_final


Judgement = Accept | Duplicate | Refuse

CODES: dict[Finding, RefusalCode] = {
    Finding.WRONG_SPACE: RefusalCode.MALFORMED,
    Finding.CONTROL_AHEAD: RefusalCode.STALE_CONTROL,
    Finding.CONTROL_DIFFERS: RefusalCode.UNKNOWN_CONTROL,
    Finding.NOT_MEMBER: RefusalCode.NOT_MEMBER,
    Finding.NOT_PERMITTED: RefusalCode.NOT_PERMITTED,
    Finding.WRONG_EPOCH: RefusalCode.EPOCH_MISMATCH,
    Finding.GAP: RefusalCode.NOT_CONTIGUOUS,
    Finding.FORK: RefusalCode.FORK,
    Finding.DEPENDENCY_MISSING: RefusalCode.MISSING_DEPENDENCY,
    Finding.DEPENDENCY_DIFFERS: RefusalCode.DEPENDENCY_MISMATCH,
}


def judge_segment(segment: Segment, *, control: ControlLog, index: SegmentIndex) -> Judgement:
    """Whether a segment may be appended; the caller checked size, rate and the connection's membership.

    Args:
        segment: The parsed segment.
        control: The space's control log as of the relay's head.
        index: The space's segments as of the same moment, those of the running group commit included.
    """
    examination = examine_segment(segment, control=control, index=index)
    if examination.finding is Finding.DUPLICATE:
        return Duplicate()
    if examination.finding is not Finding.FITS:
        return Refuse(code=CODES[examination.finding], detail=examination.detail)
    author = device_index(segment.header.writer)
    if not control.can_write_at(author, control.head_seq):
        return Refuse(
            code=RefusalCode.NOT_PERMITTED, detail=f"device {author} has no right to write any more"
        )
    key = author_key(segment, control)
    assert key is not None
    return Accept(keys=(key,))


def judge_control(offered: SignedRecord | AcceptedRecord, *, control: ControlLog, now_ms: int) -> Judgement:
    """Whether a control record may be appended.

    A record that comes with an acceptance is one that this relay lost: after ``Accept`` the caller verifies
    the acceptance under its own key and stores it unchanged; a record without one it accepts itself, at
    ``now_ms``.
    """
    signed, accepted_ms = offered, now_ms
    if isinstance(offered, AcceptedRecord):
        signed, accepted_ms = offered.signed, offered.acceptance.time_ms if offered.acceptance else 0
    assert isinstance(signed, SignedRecord)
    seq = signed.record.seq
    if signed.space == control.space and control.hash_at(seq) == signed.hash:
        return Duplicate()
    if signed.space == control.space and seq > control.head_seq + 1:
        return Refuse(
            code=RefusalCode.STALE_CONTROL, detail=f"control record {seq - 1} is not held; send it first"
        )
    problem = control.problem(signed, accepted_ms=accepted_ms)
    if problem is not None:
        return Refuse(code=problem.code, detail=problem.detail)
    return Accept(keys=control.signing_keys(signed))
