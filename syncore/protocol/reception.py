"""A replica's judgement of what a relay shows it: pure, and the same wherever the same past is held.

Validity decides about authors, so only what lies in a segment and its causal past may make it ``Invalid``. A
hash that does not fit the held chain is a ``Fork``, never an invalidity; what is not held yet is ``Missing``;
a signature that does not hold says nothing about the author and makes the relay the culprit (``Foreign``).

The caller verifies the signature before it acts on any verdict but ``AlreadyHeld``, ``Missing`` and
``Foreign``: otherwise a relay could close an honest writer with a segment of its own making.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from syncore.core.identifiers import Dot, Writer
from syncore.protocol.control_log import ControlLog
from syncore.protocol.control_records import AcceptedRecord
from syncore.protocol.ports import SegmentIndex
from syncore.protocol.segment_rules import Examination, Finding, author_key, examine_segment
from syncore.protocol.segments import Segment, SegmentHeader


@dataclass(frozen=True, slots=True, kw_only=True)
class Apply:
    """It is the next one: verify its signature, open it, check its entries, apply it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AlreadyHeld:
    """Nothing to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fork:
    """Another one is held in its place: report it; nobody is closed."""

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Missing:
    """It cannot be judged yet. A relay's stream never shows one, so coming from there it breaks the protocol.

    Attributes:
        commit: The commit that is missing; None when it is a control record.
        reason: A sentence for people.
    """

    commit: Dot | None
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Invalid:
    """It breaks a rule of validity: keep it as evidence and close its writer before it."""

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Foreign:
    """No device of this space made it: whoever delivered it breaks the protocol; nobody is closed."""

    reason: str


Verdict = Apply | AlreadyHeld | Fork | Missing | Invalid | Foreign

_FORKS = frozenset({Finding.FORK, Finding.DEPENDENCY_DIFFERS, Finding.CONTROL_DIFFERS})
_MISSING = frozenset({Finding.GAP, Finding.DEPENDENCY_MISSING, Finding.CONTROL_AHEAD})


def judge_received(
    segment: Segment, *, control: ControlLog, index: SegmentIndex, closed: Mapping[Writer, int]
) -> Verdict:
    """What a segment from a relay's stream is to this replica.

    Args:
        segment: The parsed segment.
        control: The space's control log as far as it was received.
        index: The segments that were applied.
        closed: Writers that were closed, each with its last valid commit.
    """
    examination = examine_segment(segment, control=control, index=index)
    if examination.finding is Finding.DUPLICATE:
        return AlreadyHeld()
    if examination.finding is Finding.WRONG_SPACE:
        return Foreign(reason=examination.detail)
    if examination.finding is Finding.NOT_MEMBER and author_key(segment, control) is None:
        return Foreign(reason=examination.detail)
    return _closed_verdict(segment.header, closed) or _verdict(examination)


def judge_received_record(accepted: AcceptedRecord, *, control: ControlLog) -> Verdict:
    """What a control record from a relay's stream is to this replica.

    After ``Apply`` the caller appends it, which can still raise ``InvalidRecord``. A ``Fork``, two accepted
    records in one place, is proof against the relay: keep both and stop sealing.
    """
    seq = accepted.record.seq
    if accepted.signed.space != control.space:
        return Foreign(reason="the record belongs to another space")
    held = control.link_at(seq)
    if held is not None:
        if held == accepted.link:
            return AlreadyHeld()
        return Fork(reason=f"the relay accepted two control records {seq}")
    if seq > control.head_seq + 1:
        return Missing(commit=None, reason=f"control record {seq - 1} is not held")
    if seq and accepted.record.prev != control.head_link:
        return Fork(reason=f"control record {seq} follows another record than the one held")
    return Apply()


def _closed_verdict(header: SegmentHeader, closed: Mapping[Writer, int]) -> Invalid | None:
    if header.writer in closed and header.first > closed[header.writer]:
        return Invalid(reason="its writer was closed before it")
    for writer, number in header.dependencies:
        if number > closed.get(writer, number):
            return Invalid(reason=f"it builds on an invalid segment of writer {writer}")
    return None


def _verdict(examination: Examination) -> Verdict:
    if examination.finding is Finding.FITS:
        return Apply()
    if examination.finding in _FORKS:
        return Fork(reason=examination.detail)
    if examination.finding in _MISSING:
        return Missing(commit=examination.missing, reason=examination.detail)
    return Invalid(reason=examination.detail)
