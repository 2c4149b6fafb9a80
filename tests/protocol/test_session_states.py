"""Tests of syncore.protocol.session_states."""

import re
from pathlib import Path

import pytest

from syncore.protocol.messages import MessageType
from syncore.protocol.session_states import (
    ANSWERS,
    DEVICE_CONNECTION,
    RELAY_CONNECTION,
    STREAM,
    Connection,
    Stream,
)

FORMAT = (Path(__file__).parents[2] / "docs" / "formats" / "session.md").read_text()
REQUESTS = {kind for state, kind in RELAY_CONNECTION if state is Connection.READY}


@pytest.mark.parametrize(("receiver", "sender"), [("relay", "D"), ("device", "R")])
def test_each_end_receives_what_the_other_one_sends(receiver: str, sender: str) -> None:
    """Every frame that the format lets an end send is legal in some state of the other end, and no other."""
    sent = re.findall(rf"^\| (\d+) [a-z ]+ \| {sender} \|", FORMAT, re.MULTILINE)
    table = RELAY_CONNECTION if receiver == "relay" else DEVICE_CONNECTION
    assert {kind for _, kind in table} == {MessageType(int(number)) for number in sent}


def test_nothing_is_allowed_before_the_proof_or_after_the_end() -> None:
    """Only the handshake's own frames, or a fault, come before ready; out of closed there is no way."""
    for table, begins in (
        (DEVICE_CONNECTION, {MessageType.HELLO, MessageType.WELCOME, MessageType.FAULT}),
        (RELAY_CONNECTION, {MessageType.IDENTIFY}),
    ):
        assert {kind for state, kind in table if state is not Connection.READY} == begins
        assert all(state is not Connection.CLOSED for state, _ in table)
    assert DEVICE_CONNECTION[Connection.GREETING, MessageType.HELLO] is Connection.PROVING
    assert DEVICE_CONNECTION[Connection.PROVING, MessageType.WELCOME] is Connection.READY
    assert RELAY_CONNECTION[Connection.GREETING, MessageType.IDENTIFY] is Connection.READY


def test_the_handshake_is_not_repeated_and_requests_change_nothing() -> None:
    """Whatever but a fault comes in the ready state leaves the connection there."""
    for table in (DEVICE_CONNECTION, RELAY_CONNECTION):
        for (state, kind), following in table.items():
            is_fault = kind is MessageType.FAULT
            if state is Connection.READY or is_fault:
                assert following is (Connection.CLOSED if is_fault else Connection.READY)
    for state in (Connection.GREETING, Connection.PROVING, Connection.READY):
        assert (state, MessageType.FAULT) in DEVICE_CONNECTION


def test_a_space_is_asked_for_then_open_or_absent_again() -> None:
    """Both requests ask, the answer opens or takes back; only an open space has items and presence."""
    assert {kind for state, kind in STREAM if state is Stream.ABSENT} == {
        MessageType.OPEN,
        MessageType.CREATE,
    }
    for asking in (MessageType.OPEN, MessageType.CREATE):
        assert STREAM[Stream.ABSENT, asking] is Stream.ASKED
    answers = {kind: following for (state, kind), following in STREAM.items() if state is Stream.ASKED}
    assert answers == {MessageType.OPENED: Stream.OPEN, MessageType.REFUSAL: Stream.ABSENT}
    still_open = {kind: following for (state, kind), following in STREAM.items() if state is Stream.OPEN}
    assert still_open == dict.fromkeys((MessageType.ITEMS, MessageType.SHOW, MessageType.SHOWN), Stream.OPEN)


def test_every_request_has_an_answer_and_can_be_refused() -> None:
    """Each request may be carried out or refused, and answers are frames that a ready device takes in."""
    assert {request for request, _ in ANSWERS} == REQUESTS
    for request in REQUESTS:
        answers = {answer for asked, answer in ANSWERS if asked is request}
        assert MessageType.REFUSAL in answers
        assert answers - {MessageType.REFUSAL}
        assert all((Connection.READY, answer) in DEVICE_CONNECTION for answer in answers)
    for request in (MessageType.OPEN, MessageType.CREATE):
        assert {answer for asked, answer in ANSWERS if asked is request} == {
            kind for state, kind in STREAM if state is Stream.ASKED
        }
