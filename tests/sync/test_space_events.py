"""Tests of syncore.sync.space_events."""

from typing import get_args

from syncore.protocol.client_events import (
    ClientEvent,
    Connected,
    FaultReceived,
    SlotReceived,
)
from syncore.sync.space_events import SpaceEvent


def test_every_event_that_a_space_waits_for_concerns_it() -> None:
    """Of what a session tells, a space takes in all but the connection's affairs and what others wait for."""
    others = {Connected, FaultReceived, SlotReceived}
    assert set(get_args(SpaceEvent)) == set(get_args(ClientEvent)) - others
