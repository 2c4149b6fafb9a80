"""What connections hand to the appender, and what it answers: data only."""

from collections.abc import Callable
from dataclasses import dataclass

from syncore.core.identifiers import SpaceId
from syncore.protocol.admission import Refuse
from syncore.protocol.control_records import AcceptedRecord, SignedRecord
from syncore.protocol.segments import Segment

ENVELOPE_BYTES = 256
"""What a control record gains when it is accepted and stored, at most about."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferedSegment:
    """A parsed segment and the item that it is stored as."""

    segment: Segment
    encoded: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferedControl:
    """A control record, with an acceptance if this relay gave one before and lost it."""

    record: SignedRecord | AcceptedRecord


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferedSpace:
    """The beginning of a new space's log."""

    genesis: SignedRecord | AcceptedRecord
    relay: SignedRecord | AcceptedRecord


@dataclass(frozen=True, slots=True, kw_only=True)
class Durable:
    """What was offered is on the disk.

    Attributes:
        offset: Of the item; of a space's relay record.
        is_new: False when the log held it before.
    """

    offset: int
    is_new: bool


Outcome = Durable | Refuse


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One offer.

    Attributes:
        size_bytes: What it counts in queues and quotas.
        answer: Called once, on the loop's thread, after the commit.
    """

    space: SpaceId
    offer: OfferedSegment | OfferedControl | OfferedSpace
    size_bytes: int
    answer: Callable[[Outcome], None]
