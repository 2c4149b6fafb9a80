"""From a request to the event that the relay acts on: what can be said from bytes alone.

What cannot be parsed, or fits neither its space nor this connection, is ``Refused`` with the code to answer;
the connection goes on.
"""

from syncore.core.errors import CryptoError, Malformed, Refused, UnsupportedVersion
from syncore.core.identifiers import SpaceId
from syncore.protocol.control_payloads import Genesis, NameRelay
from syncore.protocol.control_records import AcceptedRecord, SignedRecord
from syncore.protocol.handshake import REDEEM_KIND, redeem_hash
from syncore.protocol.items import ControlItem, SegmentItem, read_control, read_segment
from syncore.protocol.messages import Append, Create, Open, PutSlot, Redeem, Show
from syncore.protocol.ports import Verify
from syncore.protocol.presence import parse_presence
from syncore.protocol.receipts import decode_receipt
from syncore.protocol.refusal_codes import RefusalCode
from syncore.protocol.relay_events import (
    CreateRequested,
    OpenRequested,
    PutSlotRequested,
    RecordOffered,
    RedeemRequested,
    Request,
    SegmentOffered,
    ShowRequested,
)


def read_request(
    message: Open | Append | Create | Redeem | PutSlot | Show, *, transcript: bytes, verify: Verify
) -> Request:
    """The event for a request.

    Args:
        message: The decoded frame.
        transcript: T of this connection's handshake, which a redemption's signature covers.
        verify: The verifying function.

    Raises:
        Refused: the request cannot be carried out by any relay.
        Malformed: the receipt of an open request is none.
    """
    match message:
        case Open():
            return _open(message)
        case Append():
            return _append(message)
        case Create():
            return _create(message)
        case Redeem():
            return _redeem(message, transcript, verify)
        case PutSlot():
            return PutSlotRequested(
                request_id=message.request_id,
                space=message.space,
                invitation_id=message.invitation_id,
                signing_key=message.signing_key,
                expires_ms=message.expires_ms,
                sealed=message.sealed,
            )
        case Show():
            return _show(message)


def signed_part(record: SignedRecord | AcceptedRecord) -> SignedRecord:
    """The record without the acceptance that it may have come with."""
    return record.signed if isinstance(record, AcceptedRecord) else record


def _open(message: Open) -> OpenRequested:
    return OpenRequested(
        request_id=message.request_id,
        space=message.space,
        cursor=message.cursor,
        receipt=decode_receipt(message.receipt) if message.receipt else None,
        control_seq=message.control_seq,
    )


def _append(message: Append) -> SegmentOffered | RecordOffered:
    if isinstance(message.item, SegmentItem):
        return _segment_offer(message, message.item)
    record = _control(message.item)
    signed = signed_part(record)
    if isinstance(signed.record.payload, Genesis) or signed.space != message.space:
        raise _refused(RefusalCode.MALFORMED, "the record begins a space, or belongs to another one")
    return RecordOffered(request_id=message.request_id, space=message.space, record=record)


def _segment_offer(message: Append, item: SegmentItem) -> SegmentOffered:
    try:
        segment = read_segment(item)
    except UnsupportedVersion as error:
        raise _refused(RefusalCode.UNSUPPORTED, error.message) from error
    except Malformed as error:
        raise _refused(RefusalCode.MALFORMED, error.message) from error
    _check_space(segment.header.space, message.space)
    return SegmentOffered(request_id=message.request_id, space=message.space, segment=segment, item=item)


def _create(message: Create) -> CreateRequested:
    genesis = _control(message.genesis)
    relay = _control(message.relay)
    if not isinstance(genesis, AcceptedRecord) or not isinstance(genesis.record.payload, Genesis):
        raise _refused(RefusalCode.MALFORMED, "a space begins with a genesis")
    space = genesis.signed.space
    naming = signed_part(relay).record
    if not isinstance(naming.payload, NameRelay) or naming.seq != 1 or naming.prev != genesis.link:
        raise _refused(RefusalCode.MALFORMED, "a genesis is followed by the space's relay record")
    _check_space(naming.space, space)
    return CreateRequested(request_id=message.request_id, space=space, genesis=genesis, relay=relay)


def _redeem(message: Redeem, transcript: bytes, verify: Verify) -> RedeemRequested:
    digest = redeem_hash(transcript, message.invitation_id)
    try:
        verify(message.public_key, REDEEM_KIND, digest, message.signature)
    except CryptoError as error:
        raise _refused(RefusalCode.BAD_SIGNATURE, "the invitation's signature does not hold") from error
    return RedeemRequested(
        request_id=message.request_id, invitation_id=message.invitation_id, public_key=message.public_key
    )


def _show(message: Show) -> ShowRequested:
    try:
        presence = parse_presence(message.content, message.signature)
    except UnsupportedVersion as error:
        raise _refused(RefusalCode.UNSUPPORTED, error.message) from error
    except Malformed as error:
        raise _refused(RefusalCode.MALFORMED, error.message) from error
    _check_space(presence.header.space, message.space)
    return ShowRequested(request_id=message.request_id, space=message.space, message=presence)


def _control(item: ControlItem) -> SignedRecord | AcceptedRecord:
    try:
        return read_control(item)
    except UnsupportedVersion as error:
        raise _refused(RefusalCode.UNSUPPORTED, error.message) from error
    except Malformed as error:
        raise _refused(RefusalCode.MALFORMED, error.message) from error


def _check_space(named: SpaceId, wanted: SpaceId) -> None:
    if named != wanted:
        raise _refused(RefusalCode.MALFORMED, "the item belongs to another space")


def _refused(code: RefusalCode, detail: str) -> Refused:
    return Refused(detail, code=code.value, is_final=code.is_final)
