"""The real relay behind the simulated network."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from random import Random

from relay.adapters.database import StoreDatabase
from relay.config import RelayConfig
from relay.relay import Relay
from relay.schema import APPLICATION_ID, FILE_NAME, FORMAT_VERSION, SCHEMA
from simulations.network.network import Network
from syncore.adapters.clock import SystemClock
from syncore.adapters.entropy import SystemEntropy
from tests.relay.device import key

RELAY_ADDRESS = "ws://relay:1"


@asynccontextmanager
async def open_relay(folder: Path) -> AsyncIterator[Relay]:
    """A relay without an endpoint, over a store in a folder."""
    database = await StoreDatabase.open(
        folder / FILE_NAME, application_id=APPLICATION_ID, version=FORMAT_VERSION, schema=SCHEMA
    )
    try:
        yield Relay(
            database,
            signer=key("relay"),
            clock=SystemClock(),
            entropy=SystemEntropy(),
            config=RelayConfig(store=folder),
        )
    finally:
        await database.close()


@asynccontextmanager
async def relay_in_network(folder: Path) -> AsyncIterator[Network]:
    """A network with a host ``relay``, which serves until the end of the block and then drains."""
    network = Network(asyncio.get_running_loop(), Random(0))
    host = network.host("relay")
    async with open_relay(folder) as relay, asyncio.TaskGroup() as tasks, relay.working(failed=lambda: None):
        host.listen(RELAY_ADDRESS, relay.serve, tasks)
        yield network
        host.stop_listening()
        await relay.drain()
