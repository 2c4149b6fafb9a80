"""Tests of syncore.protocol.client_answers."""

import pytest

from syncore.core.errors import Malformed
from syncore.protocol.client_answers import SentRequest, answer_event
from syncore.protocol.client_events import RequestDone, RequestRefused, SlotReceived, UploadStored
from syncore.protocol.items import ControlItem, control_item
from syncore.protocol.messages import Done, MessageType, Refusal, Slot, Stored
from syncore.protocol.refusal_codes import RefusalCode
from tests.protocol.builders import Space

SPACE = Space()


def test_answers_about_a_space_name_it() -> None:
    """The event of an answer holds its request's id, and the space that was asked about."""
    about = SentRequest(type=MessageType.APPEND, space=SPACE.id)
    assert answer_event(Stored(request_id=4, offset=9), about) == UploadStored(
        request_id=4, space=SPACE.id, offset=9
    )
    assert answer_event(Done(request_id=4), about) == RequestDone(request_id=4, space=SPACE.id)
    refusal = Refusal(request_id=4, code=RefusalCode.FORK, is_final=True, detail="because")
    assert answer_event(refusal, about) == RequestRefused(
        request_id=4, space=SPACE.id, code=RefusalCode.FORK, is_final=True, detail="because"
    )


def test_an_invitation_is_answered_without_a_space_of_ours() -> None:
    """A refused invitation names no space; a slot brings its own, and the records in it parsed."""
    about = SentRequest(type=MessageType.REDEEM)
    refusal = Refusal(request_id=1, code=RefusalCode.INVITATION_USED, is_final=True, detail="")
    refused = answer_event(refusal, about)
    assert isinstance(refused, RequestRefused)
    assert refused.space is None
    slot = Slot(request_id=1, space=SPACE.id, sealed=b"s", control=tuple(map(control_item, SPACE.controls)))
    event = answer_event(slot, about)
    assert isinstance(event, SlotReceived)
    assert event.control == tuple(SPACE.controls)
    broken = ControlItem(record=b"", signatures=(), acceptance=b"", acceptance_signature=b"")
    with pytest.raises(Malformed):
        answer_event(Slot(request_id=1, space=SPACE.id, sealed=b"s", control=(broken,)), about)
