"""Tests of syncore.protocol.client_events."""

import dataclasses
from typing import get_args

import pytest

from syncore.protocol.client_events import (
    ClientEvent,
    Connected,
    FaultReceived,
    ItemsReceived,
    PresenceReceived,
    RequestDone,
    RequestRefused,
    SlotReceived,
    SpaceOpened,
    UploadStored,
)
from syncore.protocol.messages import MessageType, OpenOutcome
from syncore.protocol.session_states import ANSWERS
from tests.protocol.builders import Space

ANSWERED_BY = {
    MessageType.OPENED: SpaceOpened,
    MessageType.ITEMS: ItemsReceived,
    MessageType.STORED: UploadStored,
    MessageType.REFUSAL: RequestRefused,
    MessageType.SLOT: SlotReceived,
    MessageType.DONE: RequestDone,
}
UNASKED = {Connected, FaultReceived, ItemsReceived, PresenceReceived}
"""Events that answer no request, or not only."""


@pytest.mark.parametrize("outcome", OpenOutcome)
@pytest.mark.parametrize(("offset", "is_caught_up"), [(0, False), (3, False), (4, True)])
def test_an_opened_space_says_what_is_to_be_read(
    outcome: OpenOutcome, offset: int, *, is_caught_up: bool
) -> None:
    """A stream resumes with that outcome alone; at the head, and not one item before it, all is read."""
    space = Space(devices=2)
    event = SpaceOpened(
        request_id=1, space=space.id, cursor=space.cursor(offset), head=space.head, outcome=outcome
    )
    assert event.is_resumed is (outcome is OpenOutcome.RESUMED)
    assert event.is_caught_up is is_caught_up


def test_every_answer_has_an_event_that_names_its_request() -> None:
    """For each frame that answers a request there is an event; but for items, it holds the request's id."""
    assert set(ANSWERED_BY) == {answer for _, answer in ANSWERS}
    assert set(get_args(ClientEvent)) == {
        *ANSWERED_BY.values(),
        Connected,
        FaultReceived,
        PresenceReceived,
    }
    for event in get_args(ClientEvent):
        names = {one.name for one in dataclasses.fields(event)}
        assert ("request_id" in names) is (event not in UNASKED)
