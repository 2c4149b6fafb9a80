"""HTTP answers, limits before authentication, TLS."""

import asyncio
import ssl
from pathlib import Path

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosedError, InvalidStatus

from relay.config import Timeouts
from syncore.core.limits import MAX_UNAUTHENTICATED_FRAME_BYTES
from syncore.protocol.client_events import ItemsReceived
from tests.relay.device import TestSpace, connected, key, running_relay

OWNER = key("owner")
CERTIFICATE = Path(__file__).with_name("localhost.pem")


async def get(address: str, path: str) -> tuple[int, str]:
    """Status and body of an HTTP answer."""
    host, _, port = address.removeprefix("ws://").rpartition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(f"GET {path} HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
    answer = (await asyncio.wait_for(reader.read(), 10)).decode()
    writer.close()
    await writer.wait_closed()
    head, _, body = answer.partition("\r\n\r\n")
    assert "server:" not in head.lower(), "an answer names no versions"
    return int(head.split()[1]), body


async def test_health_is_answered_on_the_same_port(tmp_path: Path) -> None:
    """The process is alive, the store commits, and there is nothing else to see."""
    async with running_relay(tmp_path) as relay:
        assert await get(relay.address, "/healthz") == (200, "ok\n")
        assert await get(relay.address, "/readyz?verbose") == (200, "ready\n")
        assert (await get(relay.address, "/metrics"))[0] == 404
        assert (await get(relay.address, "/"))[0] == 426


async def test_the_next_connection_beyond_the_bound_is_told_so(tmp_path: Path) -> None:
    """Beyond the bound a websocket is answered 503, health checks go on, and a place left is free again."""
    async with running_relay(tmp_path, max_connections=1) as relay:
        async with connected(relay.address, OWNER):
            with pytest.raises(InvalidStatus, match="503"):
                async with connect(relay.address):
                    pass
            assert (await get(relay.address, "/healthz"))[0] == 200
        for _ in range(200):  # the relay sees the end of a connection a moment later
            try:
                async with connected(relay.address, OWNER):
                    return
            except InvalidStatus:
                await asyncio.sleep(0)
        pytest.fail("the place stays taken")


async def test_a_stranger_sends_at_most_a_small_frame(tmp_path: Path) -> None:
    """A frame over 1 KB before authentication closes the connection with 1009; later a large one is fine."""
    async with running_relay(tmp_path) as relay:
        async with connect(relay.address) as websocket:
            await websocket.recv()
            await websocket.send(bytes(MAX_UNAUTHENTICATED_FRAME_BYTES + 1))
            with pytest.raises(ConnectionClosedError) as closed:
                await websocket.recv()
            assert closed.value.rcvd is not None
            assert closed.value.rcvd.code == 1009
        async with connected(relay.address, OWNER) as device:
            space = TestSpace(OWNER, relay.public_key)
            await device.create(space)
            (own,) = await device.append(space.segment(filling=bytes(2_000_000)))
            assert isinstance(own, ItemsReceived)


async def test_a_connection_that_says_nothing_is_dropped(tmp_path: Path) -> None:
    """Neither half an HTTP request nor a websocket that never identifies itself holds a place for long."""
    async with running_relay(tmp_path, timeouts=Timeouts(handshake=0.05, close=0.05)) as relay:
        host, _, port = relay.address.removeprefix("ws://").rpartition(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        writer.write(b"GET / HTTP/1.1\r\nHost:")
        assert await asyncio.wait_for(reader.read(), 10) == b""
        writer.close()
        async with connect(relay.address) as websocket:
            await websocket.recv()
            assert b"timeout" in await asyncio.wait_for(websocket.recv(decode=False), 10)
            with pytest.raises(ConnectionClosedError) as closed:
                await asyncio.wait_for(websocket.recv(), 10)
            assert closed.value.rcvd is not None
            assert closed.value.rcvd.code == 1008


async def test_tls_is_served_with_a_certificate(tmp_path: Path) -> None:
    """With certificate and key the address is wss:// and the same session runs inside."""
    context = ssl.create_default_context(cafile=str(CERTIFICATE))
    async with running_relay(tmp_path, certificate=CERTIFICATE, key=CERTIFICATE) as relay:
        assert relay.address.startswith("wss://127.0.0.1:")
        async with connected(relay.address, OWNER, ssl=context) as device:
            space = TestSpace(OWNER, relay.public_key)
            await device.create(space)
            (own,) = await device.append(space.segment(filling=bytes(1_000_000)))
            assert isinstance(own, ItemsReceived)
