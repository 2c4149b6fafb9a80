"""A relay as a process: reached at its address, killed, and back at the same address with the same store."""

import asyncio
from pathlib import Path

import pytest

from syncore.adapters.clock import SystemClock
from syncore.adapters.entropy import SystemEntropy
from syncore.adapters.websockets_connector import WebsocketsConnector
from syncore.cli.demo.children import Children
from syncore.cli.demo.relay_process import RelayProcess
from syncore.core.errors import ConnectionFailed, SyncoreError
from syncore.crypto.signing import verify
from syncore.sync.connection import RelayConnection
from syncore.sync.status import Traffic
from tests.protocol.builders import device_key


async def key_at(address: str) -> bytes:
    """The key that the relay at an address proves."""
    opening = RelayConnection.open(
        address,
        connector=WebsocketsConnector(),
        signer=device_key(0),
        verify=verify,
        clock=SystemClock(),
        entropy=SystemEntropy(),
        expected_relay_key=None,
        traffic=Traffic(),
    )
    async with await opening as connection:
        return connection.relay_key


async def test_a_relay_comes_back_where_it_was(tmp_path: Path) -> None:
    """Started twice it listens at one address and proves one key; in between nobody is there."""
    async with Children(tmp_path) as children:
        relay = RelayProcess(children, "relay", tmp_path / "store")
        assert (relay.address, relay.store) == ("", tmp_path / "store")
        await relay.start()
        address, key = relay.address, await key_at(relay.address)
        await relay.kill()
        with pytest.raises(ConnectionFailed):
            await key_at(address)
        await relay.start()
        assert (relay.address, await key_at(address)) == (address, key)


async def test_a_relay_that_cannot_start_is_named(tmp_path: Path) -> None:
    """Where its store can be no folder, starting fails with its name and its own last words, at once."""
    store = tmp_path / "store"
    await asyncio.to_thread(store.write_text, "a file in its place")
    async with Children(tmp_path) as children:
        relay = RelayProcess(children, "the relay", store)
        with pytest.raises(SyncoreError, match=r"(?s)the relay has ended with status \d+.*store"):
            await relay.start()
        assert relay.address == ""
