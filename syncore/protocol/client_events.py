"""What a device's session tells the program around it, checked as far as this connection alone allows."""

from dataclasses import dataclass

from syncore.core.identifiers import SpaceId
from syncore.protocol.control_records import AcceptedRecord
from syncore.protocol.messages import OpenOutcome, SessionLimits
from syncore.protocol.receipts import Cursor, SignedReceipt
from syncore.protocol.refusal_codes import FaultCode, RefusalCode
from syncore.protocol.segments import Segment


@dataclass(frozen=True, slots=True, kw_only=True)
class Connected:
    """The relay proved this key.

    On first contact nobody vouches for it: compare it with the one that the space names.
    """

    relay_key: bytes
    limits: SessionLimits


@dataclass(frozen=True, slots=True, kw_only=True)
class SpaceOpened:
    """The space's stream begins.

    Attributes:
        request_id: The request that this answers.
        space: The space.
        cursor: Where the stream begins: the cursor that was sent if the stream resumes, else offset 0.
        head: The relay's head at this moment.
        outcome: Why the stream begins there. ``LOST``, ``DIVERGED`` and ``NEW_GENERATION`` mean that the
            relay lost data: say so, read from the start, and upload what it lacks.
    """

    request_id: int
    space: SpaceId
    cursor: Cursor
    head: Cursor
    outcome: OpenOutcome

    @property
    def is_resumed(self) -> bool:
        """Whether the stream goes on behind the cursor that was sent."""
        return self.outcome is OpenOutcome.RESUMED

    @property
    def is_caught_up(self) -> bool:
        """Whether nothing is to be read before uploading."""
        return self.cursor.offset >= self.head.offset


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnUpload:
    """A segment that was uploaded over this connection: it is in the log now."""

    hash: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceivedItem:
    """One item of the stream.

    Attributes:
        offset: Its place.
        hash: What the running hash took in: a segment's hash, a control record's link.
        content: Parsed, in the right space; signatures are *not* verified.
        request_id: The append request that an ``OwnUpload`` answers, else None.
    """

    offset: int
    hash: bytes
    content: Segment | AcceptedRecord | OwnUpload
    request_id: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemsReceived:
    """The next items of a space.

    Attributes:
        space: The space.
        items: In offset order, following the previous ones without a gap.
        cursor: Behind the last of them.
        receipt: The relay's word on that cursor, verified; None when it gave none with this frame.
        is_caught_up: Whether everything that the relay had when the space was opened is in.
    """

    space: SpaceId
    items: tuple[ReceivedItem, ...]
    cursor: Cursor
    receipt: SignedReceipt | None
    is_caught_up: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class UploadStored:
    """An uploaded item is in the log at this offset; it was there already, or the space is not open here."""

    request_id: int
    space: SpaceId
    offset: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestRefused:
    """A request was not carried out. The space is None for a refused invitation."""

    request_id: int
    space: SpaceId | None
    code: RefusalCode
    is_final: bool
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SlotReceived:
    """The slot of an invitation, and the space's control log from the genesis on, parsed and not verified."""

    request_id: int
    space: SpaceId
    sealed: bytes
    control: tuple[AcceptedRecord, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestDone:
    """A request about a space was carried out."""

    request_id: int
    space: SpaceId


@dataclass(frozen=True, slots=True, kw_only=True)
class PresenceReceived:
    """Somebody else's presence message, in a space that is open; *not* parsed: its author answers for it."""

    space: SpaceId
    content: bytes
    signature: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class FaultReceived:
    """The relay ended the connection."""

    code: FaultCode
    detail: str


ClientEvent = (
    Connected
    | SpaceOpened
    | ItemsReceived
    | UploadStored
    | RequestRefused
    | SlotReceived
    | RequestDone
    | PresenceReceived
    | FaultReceived
)
