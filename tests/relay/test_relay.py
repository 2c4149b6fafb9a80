"""A relay without an endpoint: it serves channels from wherever they come."""

import asyncio
import contextlib
import sqlite3
from pathlib import Path

import pytest

from relay.relay import Relay
from relay.schema import FILE_NAME
from syncore import Replica, SyncState
from syncore.core.errors import ConnectionFailed, StorageError
from tests.relay.device import key
from tests.relay.in_network import RELAY_ADDRESS, open_relay, relay_in_network
from tests.sync.waiting import converged, synced


async def test_replicas_sync_through_the_simulated_network(tmp_path: Path) -> None:
    """Real replicas share, invite, join and converge at the real relay without a socket."""
    async with relay_in_network(tmp_path) as network:
        connectors = [network.host(name).connector() for name in ("one", "other")]
        async with Replica.open(tmp_path / "one.db", connector=connectors[0]) as one:
            await one.collection("notes").insert({"n": 1}, id="first")
            space = await one.share(RELAY_ADDRESS)
            await synced(space)
            async with Replica.open(tmp_path / "other.db", connector=connectors[1]) as other:
                joined = await other.join(await space.invite())
                await joined.collection("notes").insert({"n": 2})
                await synced(joined)
                await converged(space, joined)
                assert space.status().state is SyncState.LIVE
        assert network.frames > 10
        assert not network.faults


async def test_a_drained_relay_has_no_connections(tmp_path: Path) -> None:
    """Draining closes every channel with 1001, and the relay says that it takes no more work."""
    async with relay_in_network(tmp_path) as network:
        channel = await network.host("device").connector().connect(RELAY_ADDRESS)
        assert await channel.receive()
    assert b"shutting_down" in await channel.receive()
    with pytest.raises(ConnectionFailed, match="1001"):
        await channel.receive()


async def test_who_composed_it_learns_that_a_relay_has_failed(tmp_path: Path) -> None:
    """A store that cannot be read ends the work: it is told at once, and raised at the end of the block."""

    async def failing(relay: Relay) -> None:
        failed = asyncio.Event()
        async with relay.working(failed=failed.set):
            await failed.wait()

    async with open_relay(tmp_path) as relay:
        with contextlib.closing(sqlite3.connect(tmp_path / FILE_NAME)) as connection:
            connection.execute("DROP TABLE spaces")
        with pytest.raises(StorageError):
            await failing(relay)
        assert relay.public_key == key("relay").public
        assert relay.connection_count == 0
