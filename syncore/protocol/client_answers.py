"""From an answer of the relay to the event that a device acts on: what the request alone decides."""

from dataclasses import dataclass

from syncore.core.identifiers import SpaceId
from syncore.protocol.client_events import RequestDone, RequestRefused, SlotReceived, UploadStored
from syncore.protocol.items import read_accepted
from syncore.protocol.messages import Done, MessageType, Refusal, Slot, Stored


@dataclass(frozen=True, slots=True, kw_only=True)
class SentRequest:
    """A request that was not answered yet.

    Attributes:
        type: What was asked.
        space: About which space; None for an invitation.
        upload: The hash by which the stream can answer it.
    """

    type: MessageType
    space: SpaceId | None = None
    upload: bytes = b""


def answer_event(
    message: Refusal | Stored | Slot | Done, request: SentRequest
) -> RequestRefused | UploadStored | SlotReceived | RequestDone:
    """The event of an answer that fits its request.

    Raises:
        Malformed: a control record in a slot's answer is none.
    """
    match message:
        case Refusal():
            return RequestRefused(
                request_id=message.request_id,
                space=request.space,
                code=message.code,
                is_final=message.is_final,
                detail=message.detail,
            )
        case Stored():
            assert request.space is not None
            return UploadStored(request_id=message.request_id, space=request.space, offset=message.offset)
        case Slot():
            return SlotReceived(
                request_id=message.request_id,
                space=message.space,
                sealed=message.sealed,
                control=tuple(read_accepted(item) for item in message.control),
            )
        case Done():
            assert request.space is not None
            return RequestDone(request_id=message.request_id, space=request.space)
