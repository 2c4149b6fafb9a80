"""What every Connector does: over websockets to a real relay, in memory, and in the simulated network."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import NamedTuple

import pytest

from syncore.adapters.websockets_connector import WebsocketsConnector
from syncore.core.errors import ConnectionFailed
from syncore.core.limits import MAX_FRAME_BYTES
from syncore.core.ports import Connector
from syncore.protocol.message_codec import decode_message
from syncore.protocol.messages import Hello
from tests.relay.device import running_relay
from tests.relay.in_network import RELAY_ADDRESS, relay_in_network
from tests.sync.memory_relay import relay_in_memory


class Reach(NamedTuple):
    """A connector with an address where a relay is, and one where none is."""

    connector: Connector
    relay: str
    nowhere: str


@pytest.fixture(params=["websockets", "memory", "simulated"])
async def reach(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Reach]:
    """A relay and a way to it."""
    if request.param == "websockets":
        async with running_relay(tmp_path / "relay") as relay:
            yield Reach(WebsocketsConnector(), relay.address, "ws://127.0.0.1:9")
    elif request.param == "simulated":
        async with relay_in_network(tmp_path) as network:
            yield Reach(network.host("device").connector(), RELAY_ADDRESS, "ws://nowhere:1")
    else:
        async with relay_in_memory() as relay:
            yield Reach(relay, "ws://127.0.0.1:1", "")


async def test_connections_are_fresh_and_independent(reach: Reach) -> None:
    """Each connection is greeted by itself, and closing one leaves the other."""
    one = await reach.connector.connect(reach.relay)
    other = await reach.connector.connect(reach.relay)
    hellos = [decode_message(await channel.receive(), MAX_FRAME_BYTES) for channel in (one, other)]
    assert all(isinstance(hello, Hello) for hello in hellos)
    assert hellos[0] != hellos[1]
    await one.close()
    await one.close()
    with pytest.raises(ConnectionFailed):
        await one.receive()
    await other.close()


async def test_where_nobody_answers(reach: Reach) -> None:
    """An address without a relay is a failed connection."""
    if not reach.nowhere:
        reach.connector.is_down = True  # type: ignore[attr-defined]  # the relay in memory has one address
    with pytest.raises(ConnectionFailed):
        await reach.connector.connect(reach.nowhere or reach.relay)
