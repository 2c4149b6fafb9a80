"""Tests of syncore.protocol.relay_events."""

import dataclasses
from typing import get_args

from syncore.protocol.messages import MessageType
from syncore.protocol.relay_events import (
    Authenticated,
    CreateRequested,
    OpenRequested,
    PutSlotRequested,
    RecordOffered,
    RedeemRequested,
    RelayEvent,
    Request,
    SegmentOffered,
    ShowRequested,
)
from syncore.protocol.session_states import ANSWERS

EVENTS: dict[MessageType, set[type]] = {
    MessageType.OPEN: {OpenRequested},
    MessageType.APPEND: {SegmentOffered, RecordOffered},
    MessageType.CREATE: {CreateRequested},
    MessageType.REDEEM: {RedeemRequested},
    MessageType.PUT_SLOT: {PutSlotRequested},
    MessageType.SHOW: {ShowRequested},
}


def test_there_is_an_event_for_every_request_that_a_device_can_make() -> None:
    """What has an answer has an event, and nothing but the proof of a device is an event besides."""
    assert set(EVENTS) == {request for request, _ in ANSWERS}
    assert set(get_args(Request)) == {event for events in EVENTS.values() for event in events}
    assert set(get_args(RelayEvent)) == {*get_args(Request), Authenticated}


def test_every_event_but_a_proof_names_a_request() -> None:
    """What the relay has to answer holds the id to answer with."""
    for event in get_args(RelayEvent):
        names = {one.name for one in dataclasses.fields(event)}
        assert ("request_id" in names) is (event is not Authenticated)
