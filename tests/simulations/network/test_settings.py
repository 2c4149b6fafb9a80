"""The ends of the simulated network are set up as the real ones."""

from relay.config import RECEIVE_QUEUE_FRAMES, Timeouts
from simulations.network.settings import CLIENT, RELAY, relay_settings
from syncore.adapters.websockets_connector import CLOSE_TIMEOUT_S, FRAMES_UNDER_WAY, PING_INTERVAL_S
from syncore.core.limits import MAX_FRAME_BYTES, MAX_UNAUTHENTICATED_FRAME_BYTES


def test_a_client_is_set_up_as_the_connector_does_it() -> None:
    """Its times and bounds are those of the websocket connector."""
    assert (CLIENT.ping_interval_s, CLIENT.ping_timeout_s) == (PING_INTERVAL_S, PING_INTERVAL_S)
    assert (CLIENT.close_timeout_s, CLIENT.queue_frames) == (CLOSE_TIMEOUT_S, FRAMES_UNDER_WAY)
    assert CLIENT.max_frame_bytes == MAX_FRAME_BYTES


def test_a_relay_is_set_up_as_its_configuration_says() -> None:
    """Its times come from its configuration, its bounds are those of the endpoint."""
    settings = relay_settings(Timeouts(ping_interval=1, ping_timeout=2, close=3))
    assert (settings.ping_interval_s, settings.ping_timeout_s, settings.close_timeout_s) == (1, 2, 3)
    assert relay_settings(Timeouts()) == RELAY
    assert RELAY.queue_frames == RECEIVE_QUEUE_FRAMES
    assert RELAY.max_frame_bytes == MAX_UNAUTHENTICATED_FRAME_BYTES
