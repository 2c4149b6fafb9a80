"""Whether a segment fits what is held: one pure examination, cheap first, for relay and replica.

The relay turns a finding into an answer (:mod:`syncore.protocol.admission`), a replica into a verdict
(:mod:`syncore.protocol.reception`). The signature is verified separately
(:func:`~syncore.protocol.segments.verify_segment`).
"""

from dataclasses import dataclass
from enum import Enum, auto

from syncore.core.identifiers import Dot, device_index
from syncore.protocol.control_log import ControlLog
from syncore.protocol.ports import SegmentIndex
from syncore.protocol.segments import Segment, SegmentHeader, hash_dependencies


class Finding(Enum):
    """What an examination can find."""

    FITS = auto()
    DUPLICATE = auto()
    WRONG_SPACE = auto()
    CONTROL_AHEAD = auto()
    """It names a control record that is not held yet."""
    CONTROL_DIFFERS = auto()
    """It names another control record than the one held at that place."""
    NOT_MEMBER = auto()
    NOT_PERMITTED = auto()
    WRONG_EPOCH = auto()
    GAP = auto()
    """Commits of the writer before it are not held."""
    FORK = auto()
    """Another segment is held for its commit numbers, or before it."""
    DEPENDENCY_MISSING = auto()
    DEPENDENCY_DIFFERS = auto()
    """It builds on other segments than those held for these numbers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Examination:
    """A finding, a sentence for people, and the commit that is missing if one is."""

    finding: Finding
    detail: str = ""
    missing: Dot | None = None


FITS = Examination(finding=Finding.FITS)
DUPLICATE = Examination(finding=Finding.DUPLICATE, detail="the segment is held already")


def examine_segment(segment: Segment, *, control: ControlLog, index: SegmentIndex) -> Examination:
    """Compare a segment with the control log and the segments that are held."""
    if segment.header.space != control.space:
        return Examination(finding=Finding.WRONG_SPACE, detail="the segment belongs to another space")
    if _is_held(segment, index):
        return DUPLICATE
    return (
        _examine_membership(segment.header, control)
        or _examine_chain(segment.header, index)
        or _examine_dependencies(segment.header, index)
        or FITS
    )


def author_key(segment: Segment, control: ControlLog) -> bytes | None:
    """The signing key of a segment's author; None when no such device was ever admitted."""
    device = control.devices.get(device_index(segment.header.writer))
    return None if device is None else device.signing_key


def _is_held(segment: Segment, index: SegmentIndex) -> bool:
    header = segment.header
    head = index.head(header.writer)
    if head is None or header.last > head.number:
        return False
    return index.hash_at(header.writer, header.last) == segment.hash


def _examine_membership(header: SegmentHeader, control: ControlLog) -> Examination | None:
    link = control.link_at(header.control_seq)
    if link is None:
        return Examination(
            finding=Finding.CONTROL_AHEAD,
            detail=f"control record {header.control_seq} is not held; the last one is {control.head_seq}",
        )
    if link != header.control_hash:
        return Examination(
            finding=Finding.CONTROL_DIFFERS, detail=f"another control record {header.control_seq} is held"
        )
    author = device_index(header.writer)
    if control.role_at(author, header.control_seq) is None:
        return Examination(finding=Finding.NOT_MEMBER, detail=f"device {author} was not a member then")
    if not control.can_write_at(author, header.control_seq):
        return Examination(
            finding=Finding.NOT_PERMITTED, detail=f"device {author} had no right to write then"
        )
    epoch = control.epoch_at(header.control_seq)
    if header.epoch != epoch:
        return Examination(
            finding=Finding.WRONG_EPOCH, detail=f"epoch {epoch} was in force, not {header.epoch}"
        )
    return None


def _examine_chain(header: SegmentHeader, index: SegmentIndex) -> Examination | None:
    head = index.head(header.writer)
    held = head.number if head else 0
    if header.first > held + 1:
        return Examination(
            finding=Finding.GAP,
            detail=f"commit {header.first - 1} of its writer is not held; the last one is {held}",
            missing=Dot(header.writer, header.first - 1),
        )
    if header.first <= held:
        return Examination(finding=Finding.FORK, detail=f"another segment holds commit {header.first}")
    if head is not None and header.prev != head.hash:
        return Examination(finding=Finding.FORK, detail=f"another segment ends with commit {held}")
    return None


def _examine_dependencies(header: SegmentHeader, index: SegmentIndex) -> Examination | None:
    named = []
    for writer, number in header.dependencies:
        head = index.head(writer)
        if head is None or number > head.number:
            return Examination(
                finding=Finding.DEPENDENCY_MISSING,
                detail=f"commit {number} of writer {writer} is not held",
                missing=Dot(writer, number),
            )
        digest = head.hash if number == head.number else index.hash_at(writer, number)
        if digest is None:
            return Examination(
                finding=Finding.DEPENDENCY_DIFFERS,
                detail=f"no segment of writer {writer} ends with commit {number}",
            )
        named.append((writer, number, digest))
    if hash_dependencies(named) != header.dependencies_hash:
        return Examination(
            finding=Finding.DEPENDENCY_DIFFERS, detail="it builds on other segments than those held"
        )
    return None
