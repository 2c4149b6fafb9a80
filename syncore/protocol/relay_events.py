"""What a session asks of its relay: one event per request, parsed as far as bytes alone allow.

Every event but ``Authenticated`` names a request that the relay must answer exactly once, through its
session.
"""

from dataclasses import dataclass

from syncore.core.identifiers import SpaceId
from syncore.protocol.control_records import AcceptedRecord, SignedRecord
from syncore.protocol.items import SegmentItem
from syncore.protocol.presence import PresenceMessage
from syncore.protocol.receipts import Cursor, SignedReceipt
from syncore.protocol.segments import Segment


@dataclass(frozen=True, slots=True, kw_only=True)
class Authenticated:
    """The device proved its key; nothing to answer."""

    device_key: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenRequested:
    """After checking that the device is a member, answer with ``send_opened`` or ``send_refused``.

    Attributes:
        request_id: Names the request in the answer.
        space: The space.
        cursor: Where the device stopped, or None.
        receipt: The last receipt that the device holds, its signature *not* verified; None for none.
        control_seq: The last control record that the device holds.
    """

    request_id: int
    space: SpaceId
    cursor: Cursor | None
    receipt: SignedReceipt | None
    control_seq: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SegmentOffered:
    """Judge it; answer ``send_stored`` once it is durable, or was there before, or ``send_refused``."""

    request_id: int
    space: SpaceId
    segment: Segment
    item: SegmentItem


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordOffered:
    """Judge and accept it; answer like ``SegmentOffered``.

    A device that is not a member may offer an accept record.

    Attributes:
        request_id: Names the request in the answer.
        space: The space.
        record: With the acceptance that it came with, if it had one (its signature not verified).
    """

    request_id: int
    space: SpaceId
    record: SignedRecord | AcceptedRecord


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateRequested:
    """Begin the space's log, or find it there; answer with ``send_opened`` or ``send_refused``.

    Genesis and relay record fit each other in space, place and type; rules and signatures are not checked.
    """

    request_id: int
    space: SpaceId
    genesis: AcceptedRecord
    relay: SignedRecord | AcceptedRecord


@dataclass(frozen=True, slots=True, kw_only=True)
class RedeemRequested:
    """After comparing the key with the slot's, answer with ``send_slot`` or ``send_refused``.

    The key's signature over this connection's handshake was verified.
    """

    request_id: int
    invitation_id: bytes
    public_key: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class PutSlotRequested:
    """Keep the slot until it expires or is spent; answer with ``send_done`` or ``send_refused``."""

    request_id: int
    space: SpaceId
    invitation_id: bytes
    signing_key: bytes
    expires_ms: int
    sealed: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class ShowRequested:
    """Hand it to whoever is here, and keep nothing; answer with ``send_done`` or ``send_refused``.

    Attributes:
        request_id: Names the request in the answer.
        space: The space, which is open on this connection.
        message: Parsed, in that space; its signature is *not* verified.
    """

    request_id: int
    space: SpaceId
    message: PresenceMessage


Request = (
    OpenRequested
    | SegmentOffered
    | RecordOffered
    | CreateRequested
    | RedeemRequested
    | PutSlotRequested
    | ShowRequested
)

RelayEvent = Authenticated | Request
