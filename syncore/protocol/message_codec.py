"""Frames as bytes: one encoder and one decoder per message (``docs/formats/session.md``)."""

from collections.abc import Callable

from syncore.codec.fields import as_array, as_bytes, as_integer, as_text
from syncore.codec.packing import Packed, Unpacked, pack, unpack
from syncore.core.errors import Malformed
from syncore.core.limits import (
    MAX_BATCH_ITEMS,
    MAX_FRAME_BYTES,
    MAX_PRESENCE_BYTES,
    MAX_SLOT_BYTES,
    MAX_SPACES_PER_CONNECTION,
    MAX_UNAUTHENTICATED_FRAME_BYTES,
)
from syncore.protocol.control_payloads import INVITATION_ID_BYTES, MAX_TIME_MS
from syncore.protocol.control_records import MAX_OFFSET
from syncore.protocol.frame_fields import (
    as_code,
    as_control_item,
    as_cursor,
    as_generation,
    as_hash,
    as_key,
    as_receipt,
    as_request_id,
    as_signature,
    as_space,
)
from syncore.protocol.items import ControlItem, SegmentItem, item_from_structure, item_structure
from syncore.protocol.messages import (
    MAX_DETAIL_BYTES,
    MAX_REQUESTS,
    MAX_TOKEN_BYTES,
    NONCE_BYTES,
    Append,
    Create,
    Done,
    Fault,
    Hello,
    Identify,
    Items,
    Message,
    MessageType,
    Open,
    Opened,
    OpenOutcome,
    PutSlot,
    Redeem,
    Refusal,
    SessionLimits,
    Show,
    Shown,
    Slot,
    Stored,
    Welcome,
)
from syncore.protocol.receipts import Cursor
from syncore.protocol.refusal_codes import FaultCode, RefusalCode

MAX_CONTROL_ITEMS = MAX_FRAME_BYTES // 256
"""Control records in one slot answer: no record with its signatures is shorter than 256 bytes."""


def encode_message(message: Message) -> bytes:
    """The frame of a message."""
    frame = pack(_structure(message))
    assert len(frame) <= MAX_FRAME_BYTES
    return frame


def decode_message(frame: bytes, max_bytes: int) -> Message:
    """The message in a frame.

    Raises:
        Malformed: longer than ``max_bytes``, of unknown type, or with fields of other types or sizes.
    """
    fields = as_array(unpack(frame, what="a frame", max_bytes=max_bytes), what="a frame", max_length=8)
    number = as_integer(fields[0], what="a frame's type") if fields else 0
    decoder = _DECODERS.get(number)
    if decoder is None:
        raise Malformed(f"a frame has type {number}, which does not exist")
    length, decode = decoder
    as_array(fields, what="a frame", length=length)
    return decode(fields)


def encode_limits(limits: SessionLimits) -> bytes:
    """A relay's limits as they enter its handshake signature."""
    return pack(_limits_structure(limits))


def clip_detail(text: str) -> str:
    """A sentence cut to what a refusal or fault may carry."""
    return text.encode()[:MAX_DETAIL_BYTES].decode(errors="ignore")


def _limits_structure(limits: SessionLimits) -> Packed:
    return [limits.frame_bytes, limits.spaces, limits.requests]


def _structure(message: Message) -> Packed:  # noqa: C901, PLR0911, PLR0912 - one case per message, nothing else
    match message:
        case Hello():
            return [MessageType.HELLO.value, message.version, message.relay_key, message.nonce]
        case Identify():
            return [
                MessageType.IDENTIFY.value,
                message.device_key,
                message.nonce,
                message.token,
                message.signature,
            ]
        case Welcome():
            return [MessageType.WELCOME.value, _limits_structure(message.limits), message.signature]
        case Open():
            return [
                MessageType.OPEN.value,
                message.request_id,
                message.space,
                _cursor_structure(message.cursor),
                message.receipt,
                message.control_seq,
            ]
        case Opened():
            return [
                MessageType.OPENED.value,
                message.request_id,
                message.space,
                message.generation,
                message.head_offset,
                message.head_hash,
                message.outcome.value,
            ]
        case Items():
            items = [item_structure(item) for item in message.items]
            return [MessageType.ITEMS.value, message.space, message.first_offset, items, message.receipt]
        case Append():
            return [MessageType.APPEND.value, message.request_id, message.space, item_structure(message.item)]
        case Refusal():
            return [
                MessageType.REFUSAL.value,
                message.request_id,
                message.code.value,
                message.is_final,
                message.detail,
            ]
        case Stored():
            return [MessageType.STORED.value, message.request_id, message.offset]
        case Create():
            return [
                MessageType.CREATE.value,
                message.request_id,
                item_structure(message.genesis),
                item_structure(message.relay),
            ]
        case Redeem():
            return [
                MessageType.REDEEM.value,
                message.request_id,
                message.invitation_id,
                message.public_key,
                message.signature,
            ]
        case Slot():
            control = [item_structure(item) for item in message.control]
            return [MessageType.SLOT.value, message.request_id, message.space, message.sealed, control]
        case PutSlot():
            return [
                MessageType.PUT_SLOT.value,
                message.request_id,
                message.space,
                message.invitation_id,
                message.signing_key,
                message.expires_ms,
                message.sealed,
            ]
        case Done():
            return [MessageType.DONE.value, message.request_id]
        case Fault():
            return [MessageType.FAULT.value, message.code.value, message.detail]
        case Show():
            return [
                MessageType.SHOW.value,
                message.request_id,
                message.space,
                message.content,
                message.signature,
            ]
        case Shown():
            return [MessageType.SHOWN.value, message.space, message.content, message.signature]


def _cursor_structure(cursor: Cursor | None) -> Packed:
    return None if cursor is None else [cursor.generation, cursor.offset, cursor.running_hash]


# --- decoding --------------------------------------------------------------------------------

Fields = tuple[Unpacked, ...]


def _hello(fields: Fields) -> Hello:
    return Hello(
        version=as_integer(fields[1], what="a version", high=255),
        relay_key=as_key(fields[2]),
        nonce=as_bytes(fields[3], what="a nonce", length=NONCE_BYTES),
    )


def _identify(fields: Fields) -> Identify:
    return Identify(
        device_key=as_key(fields[1]),
        nonce=as_bytes(fields[2], what="a nonce", length=NONCE_BYTES),
        token=as_bytes(fields[3], what="a token", max_length=MAX_TOKEN_BYTES),
        signature=as_signature(fields[4]),
    )


def _welcome(fields: Fields) -> Welcome:
    frame_bytes, spaces, requests = as_array(fields[1], what="limits", length=3)
    limits = SessionLimits(
        frame_bytes=as_integer(
            frame_bytes, what="a limit", low=MAX_UNAUTHENTICATED_FRAME_BYTES, high=MAX_FRAME_BYTES
        ),
        spaces=as_integer(spaces, what="a limit", low=1, high=MAX_SPACES_PER_CONNECTION),
        requests=as_integer(requests, what="a limit", low=1, high=MAX_REQUESTS),
    )
    return Welcome(limits=limits, signature=as_signature(fields[2]))


def _open(fields: Fields) -> Open:
    return Open(
        request_id=as_request_id(fields[1]),
        space=as_space(fields[2]),
        cursor=as_cursor(fields[3]),
        receipt=as_receipt(fields[4]),
        control_seq=as_integer(fields[5], what="a control sequence", high=2**32 - 1),
    )


def _opened(fields: Fields) -> Opened:
    outcome = as_integer(fields[6], what="an outcome", high=max(known.value for known in OpenOutcome))
    return Opened(
        request_id=as_request_id(fields[1]),
        space=as_space(fields[2]),
        generation=as_generation(fields[3]),
        head_offset=as_integer(fields[4], what="an offset", high=MAX_OFFSET),
        head_hash=as_hash(fields[5]),
        outcome=OpenOutcome(outcome),
    )


def _items(fields: Fields) -> Items:
    items = as_array(fields[3], what="items", max_length=MAX_BATCH_ITEMS)
    if not items:
        raise Malformed("an items frame is empty")
    return Items(
        space=as_space(fields[1]),
        first_offset=as_integer(fields[2], what="an offset", low=1, high=MAX_OFFSET - MAX_BATCH_ITEMS),
        items=tuple(item_from_structure(item) for item in items),
        receipt=as_receipt(fields[4]),
    )


def _append(fields: Fields) -> Append:
    item = item_from_structure(fields[3])
    if not isinstance(item, SegmentItem | ControlItem):
        raise Malformed("only segments and control records can be appended")
    return Append(request_id=as_request_id(fields[1]), space=as_space(fields[2]), item=item)


def _refusal(fields: Fields) -> Refusal:
    if type(fields[3]) is not bool:
        raise Malformed("whether a refusal is final must be a boolean")
    return Refusal(
        request_id=as_request_id(fields[1]),
        code=as_code(RefusalCode, fields[2]),
        is_final=fields[3],
        detail=as_text(fields[4], what="a detail", max_bytes=MAX_DETAIL_BYTES),
    )


def _stored(fields: Fields) -> Stored:
    return Stored(
        request_id=as_request_id(fields[1]),
        offset=as_integer(fields[2], what="an offset", low=1, high=MAX_OFFSET),
    )


def _create(fields: Fields) -> Create:
    return Create(
        request_id=as_request_id(fields[1]),
        genesis=as_control_item(fields[2]),
        relay=as_control_item(fields[3]),
    )


def _redeem(fields: Fields) -> Redeem:
    return Redeem(
        request_id=as_request_id(fields[1]),
        invitation_id=as_bytes(fields[2], what="an invitation's id", length=INVITATION_ID_BYTES),
        public_key=as_key(fields[3]),
        signature=as_signature(fields[4]),
    )


def _slot(fields: Fields) -> Slot:
    control = as_array(fields[4], what="a control log", max_length=MAX_CONTROL_ITEMS)
    return Slot(
        request_id=as_request_id(fields[1]),
        space=as_space(fields[2]),
        sealed=as_bytes(fields[3], what="a slot", max_length=MAX_SLOT_BYTES),
        control=tuple(as_control_item(item) for item in control),
    )


def _put_slot(fields: Fields) -> PutSlot:
    return PutSlot(
        request_id=as_request_id(fields[1]),
        space=as_space(fields[2]),
        invitation_id=as_bytes(fields[3], what="an invitation's id", length=INVITATION_ID_BYTES),
        signing_key=as_key(fields[4]),
        expires_ms=as_integer(fields[5], what="an expiry", high=MAX_TIME_MS - 1),
        sealed=as_bytes(fields[6], what="a slot", max_length=MAX_SLOT_BYTES),
    )


def _done(fields: Fields) -> Done:
    return Done(request_id=as_request_id(fields[1]))


def _fault(fields: Fields) -> Fault:
    return Fault(
        code=as_code(FaultCode, fields[1]),
        detail=as_text(fields[2], what="a detail", max_bytes=MAX_DETAIL_BYTES),
    )


def _show(fields: Fields) -> Show:
    return Show(
        request_id=as_request_id(fields[1]),
        space=as_space(fields[2]),
        content=_presence(fields[3]),
        signature=as_signature(fields[4]),
    )


def _shown(fields: Fields) -> Shown:
    return Shown(space=as_space(fields[1]), content=_presence(fields[2]), signature=as_signature(fields[3]))


def _presence(structure: Unpacked) -> bytes:
    return as_bytes(structure, what="a presence message", max_length=MAX_PRESENCE_BYTES)


_DECODERS: dict[int, tuple[int, Callable[[Fields], Message]]] = {
    MessageType.HELLO: (4, _hello),
    MessageType.IDENTIFY: (5, _identify),
    MessageType.WELCOME: (3, _welcome),
    MessageType.OPEN: (6, _open),
    MessageType.OPENED: (7, _opened),
    MessageType.ITEMS: (5, _items),
    MessageType.APPEND: (4, _append),
    MessageType.REFUSAL: (5, _refusal),
    MessageType.STORED: (3, _stored),
    MessageType.CREATE: (4, _create),
    MessageType.REDEEM: (5, _redeem),
    MessageType.SLOT: (5, _slot),
    MessageType.PUT_SLOT: (7, _put_slot),
    MessageType.DONE: (2, _done),
    MessageType.FAULT: (3, _fault),
    MessageType.SHOW: (5, _show),
    MessageType.SHOWN: (4, _shown),
}
"""How many fields a frame of each type has, its type included, and who reads them."""
