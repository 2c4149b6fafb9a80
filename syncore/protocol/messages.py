"""Every frame of a session, as data and as bytes (``docs/formats/session.md``).

A frame is one canonical msgpack array ``[type, field...]`` in one websocket message. Fields are checked for
type and size here; whether a frame is allowed now is for the two sessions, and what items hold for
:mod:`syncore.protocol.items`. Request ids are chosen by the device and rise within a connection.
"""

from dataclasses import dataclass
from enum import Enum, IntEnum

from syncore.core.identifiers import HASH_BYTES, KEY_BYTES, SpaceId
from syncore.core.limits import (
    KIB,
    MAX_BATCH_BYTES,
    MAX_BATCH_ITEMS,
    MAX_FRAME_BYTES,
    MAX_SPACES_PER_CONNECTION,
    MAX_UNAUTHENTICATED_FRAME_BYTES,
)
from syncore.protocol.items import ControlItem, Item, SegmentItem
from syncore.protocol.receipts import Cursor
from syncore.protocol.refusal_codes import FaultCode, RefusalCode

SESSION_VERSION = 1
NONCE_BYTES = 32
MAX_TOKEN_BYTES = 512
"""An admission token: fits the unauthenticated frame beside a key, a nonce and a signature."""
MAX_DETAIL_BYTES = 512
"""The sentence in a refusal or fault."""
MAX_REQUEST_ID = 2**32 - 1
MAX_REQUESTS = 256
"""Unanswered requests of one connection: a commit group and the one behind it, each of 64 KB segments or
less."""


class MessageType(IntEnum):
    """The first field of a frame."""

    HELLO = 1
    IDENTIFY = 2
    WELCOME = 3
    OPEN = 4
    OPENED = 5
    ITEMS = 6
    APPEND = 7
    REFUSAL = 8
    STORED = 9
    CREATE = 10
    REDEEM = 11
    SLOT = 12
    PUT_SLOT = 13
    DONE = 14
    FAULT = 15
    SHOW = 16
    SHOWN = 17


class OpenOutcome(Enum):
    """How a space's stream begins. The value is what travels."""

    RESUMED = 0
    """Behind the cursor: it was in this generation and its running hash fits."""
    FROM_START = 1
    """At offset 1, because the device sent no cursor."""
    NEW_GENERATION = 2
    """At offset 1: the cursor belongs to another generation."""
    LOST = 3
    """At offset 1 of a new generation: the relay's log ended before the cursor (it was restored from an older
    copy)."""
    DIVERGED = 4
    """At offset 1 of a new generation: the relay's log held something else at or before the cursor."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionLimits:
    """What a relay allows on one connection."""

    frame_bytes: int = MAX_FRAME_BYTES
    spaces: int = MAX_SPACES_PER_CONNECTION
    requests: int = MAX_REQUESTS


@dataclass(frozen=True, slots=True, kw_only=True)
class Hello:
    """R -> D, 1: the relay presents itself."""

    version: int
    relay_key: bytes
    nonce: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Identify:
    """D -> R, 2: the device, with a signature over the handshake's transcript."""

    device_key: bytes
    nonce: bytes
    token: bytes
    signature: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Welcome:
    """R -> D, 3: the relay proves its key; the session begins."""

    limits: SessionLimits
    signature: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Open:
    """D -> R, 4: read a space from a cursor on; answered by opened or refused.

    Attributes:
        request_id: Names the request in its answer.
        space: Which space.
        cursor: Where the device stopped reading, None to read from the start.
        receipt: The last receipt that this relay gave for the space, or empty: shows a restored relay what it
            lost.
        control_seq: The last control record that the device holds.
    """

    request_id: int
    space: SpaceId
    cursor: Cursor | None
    receipt: bytes
    control_seq: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """R -> D, 5: the space's stream follows, in items frames, for as long as the connection lives."""

    request_id: int
    space: SpaceId
    generation: bytes
    head_offset: int
    head_hash: bytes
    outcome: OpenOutcome


@dataclass(frozen=True, slots=True, kw_only=True)
class Items:
    """R -> D, 6: the next items of a space's log; a receipt closes each commit group or batch."""

    space: SpaceId
    first_offset: int
    items: tuple[Item, ...]
    receipt: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Append:
    """D -> R, 7: add an item; answered by a segment's stub in the stream, stored, or refused."""

    request_id: int
    space: SpaceId
    item: SegmentItem | ControlItem


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """R -> D, 8: a request was not carried out."""

    request_id: int
    code: RefusalCode
    is_final: bool
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """R -> D, 9: the item is durably in the log at this offset (a duplicate, or a space not open here)."""

    request_id: int
    offset: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Create:
    """D -> R, 10: begin a space's log and open it; answered by opened or refused.

    Idempotent: a space that exists already with this genesis is opened from the start.
    """

    request_id: int
    genesis: ControlItem
    relay: ControlItem


@dataclass(frozen=True, slots=True, kw_only=True)
class Redeem:
    """D -> R, 11: fetch an invitation's slot, signed for by the invitation's key."""

    request_id: int
    invitation_id: bytes
    public_key: bytes
    signature: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    """R -> D, 12: the sealed slot and the space's whole control log."""

    request_id: int
    space: SpaceId
    sealed: bytes
    control: tuple[ControlItem, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PutSlot:
    """D -> R, 13: keep a slot for an invitation; answered by done or refused."""

    request_id: int
    space: SpaceId
    invitation_id: bytes
    signing_key: bytes
    expires_ms: int
    sealed: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """R -> D, 14: the request was carried out."""

    request_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """R -> D, 15: the relay ends the connection; nothing follows."""

    code: FaultCode
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Show:
    """D -> R, 16: show this presence message to whoever is here; answered by done or refused.

    The first one in a space also asks for those of others.
    """

    request_id: int
    space: SpaceId
    content: bytes
    signature: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """R -> D, 17: another connection's presence message, as it came."""

    space: SpaceId
    content: bytes
    signature: bytes


Message = (
    Hello
    | Identify
    | Welcome
    | Open
    | Opened
    | Items
    | Append
    | Refusal
    | Stored
    | Create
    | Redeem
    | Slot
    | PutSlot
    | Done
    | Fault
    | Show
    | Shown
)

TYPES: dict[type[Message], MessageType] = {
    Hello: MessageType.HELLO,
    Identify: MessageType.IDENTIFY,
    Welcome: MessageType.WELCOME,
    Open: MessageType.OPEN,
    Opened: MessageType.OPENED,
    Items: MessageType.ITEMS,
    Append: MessageType.APPEND,
    Refusal: MessageType.REFUSAL,
    Stored: MessageType.STORED,
    Create: MessageType.CREATE,
    Redeem: MessageType.REDEEM,
    Slot: MessageType.SLOT,
    PutSlot: MessageType.PUT_SLOT,
    Done: MessageType.DONE,
    Fault: MessageType.FAULT,
    Show: MessageType.SHOW,
    Shown: MessageType.SHOWN,
}


def message_type(message: Message) -> MessageType:
    """The type that a message is sent as."""
    return TYPES[type(message)]


assert KEY_BYTES + NONCE_BYTES + MAX_TOKEN_BYTES + 2 * HASH_BYTES + 32 < MAX_UNAUTHENTICATED_FRAME_BYTES
assert MAX_DETAIL_BYTES + 128 < MAX_UNAUTHENTICATED_FRAME_BYTES
assert MAX_BATCH_BYTES + 64 * MAX_BATCH_ITEMS + KIB < MAX_FRAME_BYTES
