"""The websocket connector: which addresses it uses, and how it tells what went wrong."""

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest
from websockets.asyncio.server import ServerConnection, serve
from websockets.http11 import Request, Response

from syncore.adapters.websockets_connector import WebsocketChannel, WebsocketsConnector
from syncore.core.errors import ConnectionFailed, Malformed, Misused

Handler = Callable[[ServerConnection], Awaitable[None]]
Answer = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def connected(handler: Handler) -> AsyncIterator[WebsocketChannel]:
    """A channel to a websocket server that does this with each connection."""
    async with serve(handler, "127.0.0.1", 0) as server:
        channel = await WebsocketsConnector().connect(f"ws://127.0.0.1:{port_of(server.sockets)}")
        yield channel
        await channel.close()


@asynccontextmanager
async def listening(answer: Answer) -> AsyncIterator[str]:
    """The address of a server that speaks no websocket."""
    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server:
        yield f"ws://127.0.0.1:{port_of(server.sockets)}"


def port_of(sockets: object) -> int:
    """The port that a server got."""
    port: int = next(iter(sockets)).getsockname()[1]  # type: ignore[call-overload]
    return port


async def refused_by(address: str) -> ConnectionFailed:
    """The error of a connection that must fail."""
    with pytest.raises(ConnectionFailed) as caught:
        await WebsocketsConnector().connect(address)
    assert caught.value.__cause__ is not None
    assert "\n" not in caught.value.message
    return caught.value


@pytest.mark.parametrize(
    "address",
    [
        "",
        "127.0.0.1:80",
        "http://127.0.0.1",
        "ws://",
        "ws://:80",
        "ws://127.0.0.1:port",
        "ws://127.0.0.1:99999",
        "ws://user:password@127.0.0.1",
        "ws://127.0.0.1/#fragment",
        "ws://127.0.0.1/a b",
        "ws://127.0.0.1/a\r\nHost: other",
        "ws://[::1",
        "wss://" + "a" * 64 + ".example",
        "wss://\ud800.example",
        "wss://relay.example/" + "a" * 300,
    ],
)
async def test_what_is_no_relay_address_is_misused(address: str) -> None:
    """A wrong scheme, port, host, or anything that does not belong into an address is refused with a hint."""
    with pytest.raises(Misused) as caught:
        await WebsocketsConnector(allow_plaintext=True).connect(address)
    assert "wss://" in caught.value.hint


@pytest.mark.parametrize(
    "host", ["relay.example", "192.0.2.1", "localhost.example", "127.0.0.1.example", "[2001:db8::1]"]
)
async def test_plaintext_does_not_leave_the_machine(host: str) -> None:
    """ws:// to another machine is refused with a hint at both ways out, before anything is sent."""
    with pytest.raises(Misused) as caught:
        await WebsocketsConnector().connect(f"ws://{host}:8787")
    assert "wss://" in caught.value.hint
    assert "allow_plaintext" in caught.value.hint


async def test_plaintext_leaves_the_machine_when_it_may() -> None:
    """With allow_plaintext the name is looked up; one that cannot exist fails as a connection does."""
    with pytest.raises(ConnectionFailed):
        await WebsocketsConnector(allow_plaintext=True).connect("ws://relay.invalid:8787")


async def test_a_port_where_nobody_listens_is_refused() -> None:
    """The error says which address failed, and why."""
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        address = f"ws://127.0.0.1:{unused.getsockname()[1]}"
        error = await refused_by(address)
    assert address in error.message


async def test_a_web_server_is_no_relay() -> None:
    """A server that answers with an ordinary page is named for what it is, with its status."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")
        await writer.drain()
        writer.close()

    async with listening(answer) as address:
        error = await refused_by(address)
    assert "no relay" in error.message
    assert error.details["http_status"] == 404


@pytest.mark.parametrize(
    "greeting",
    [b"SSH-2.0-OpenSSH_9.2\r\n", b"", b"\x00\xff" * 5_000, b"HTTP/1.1 101 Yes\r\nUpgrade: tea\r\n\r\n"],
)
async def test_a_server_of_another_kind_is_no_relay(greeting: bytes) -> None:
    """Whatever a server says instead of a websocket handshake comes out as one short ConnectionFailed."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(greeting)
        await reader.readuntil(b"\r\n\r\n")
        writer.close()

    async with listening(answer) as address:
        error = await refused_by(address)
    assert len(error.message) < 250


async def test_redirects_are_not_followed() -> None:
    """A redirect, which could lead out of the machine in the clear, counts as no relay."""
    asked: list[str] = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append("asked")
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 302 Found\r\nLocation: /elsewhere\r\nContent-Length: 0\r\n\r\n")
        writer.close()

    async with listening(answer) as address:
        error = await refused_by(address)
    assert error.details["http_status"] == 302
    assert asked == ["asked"]


async def test_a_plain_server_is_no_secure_one() -> None:
    """wss:// to a server without TLS fails as a connection does."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        writer.write(b"what?\r\n")
        writer.close()

    async with listening(answer) as address:
        error = await refused_by(address.replace("ws://", "wss://"))
    assert "secure" in error.message or "no connection" in error.message


async def test_a_text_message_is_malformed() -> None:
    """A text message is refused, and the connection with it, with the code that RFC 6455 has for that."""
    codes: list[int | None] = []

    async def handler(connection: ServerConnection) -> None:
        await connection.send("text")
        await connection.wait_closed()
        codes.append(connection.close_code)

    async with connected(handler) as channel:
        with pytest.raises(Malformed):
            await channel.receive()
        with pytest.raises(ConnectionFailed):
            await channel.receive()
    assert codes == [1003]


async def test_text_that_is_no_text_is_refused() -> None:
    """A text message with bytes that are not UTF-8 ends in one of the two errors of a channel."""

    async def handler(connection: ServerConnection) -> None:
        await connection.send(b"\xff\xfe", text=True)
        await connection.wait_closed()

    async with connected(handler) as channel:
        with pytest.raises((Malformed, ConnectionFailed)):
            await channel.receive()


async def test_bytes_that_are_no_websocket_frame_are_malformed() -> None:
    """Garbage on an open connection is Malformed."""

    async def handler(connection: ServerConnection) -> None:
        connection.transport.write(b"\xff" * 64)
        await connection.wait_closed()

    async with connected(handler) as channel:
        with pytest.raises(Malformed):
            await channel.receive()


async def test_the_reason_of_a_close_is_told() -> None:
    """When the other side says why it closes, the error repeats it with its code, cut to a line."""

    async def handler(connection: ServerConnection) -> None:
        await connection.close(1012, "restarting")

    async with connected(handler) as channel:
        with pytest.raises(ConnectionFailed) as caught:
            await channel.receive()
    assert "restarting" in caught.value.message
    assert caught.value.details["code"] == 1012


async def test_a_close_while_a_large_message_is_sent() -> None:
    """A server that closes in the middle of a large message is an end like any other."""

    async def read(connection: ServerConnection) -> None:
        await connection.wait_closed()

    async with connected(read) as channel:
        sending = asyncio.ensure_future(channel.send(bytes(4_000_000)))
        with pytest.raises(ConnectionFailed, match="1009"):
            await channel.receive()
        await asyncio.gather(sending, return_exceptions=True)
        await channel.close()
        with pytest.raises(ConnectionFailed):
            await channel.send(b"late")


async def test_a_connection_that_breaks_is_told() -> None:
    """When the other side vanishes, receiving and sending raise ConnectionFailed, and closing does
    not raise.
    """

    async def handler(connection: ServerConnection) -> None:
        connection.transport.abort()

    async with connected(handler) as channel:
        with pytest.raises(ConnectionFailed):
            await channel.receive()
        with pytest.raises(ConnectionFailed):
            await channel.send(b"x")
        await channel.close()


async def test_nothing_is_compressed_and_little_is_told() -> None:
    """The handshake offers no compression and does not name the program."""
    requests: list[Request] = []

    def look(_: ServerConnection, request: Request) -> Response | None:
        requests.append(request)
        return None

    async def handler(connection: ServerConnection) -> None:
        await connection.wait_closed()

    async with serve(handler, "127.0.0.1", 0, process_request=look) as server:
        channel = await WebsocketsConnector().connect(f"ws://localhost:{port_of(server.sockets)}/relay?x=1")
        await channel.close()
    assert "Sec-WebSocket-Extensions" not in requests[0].headers
    assert "User-Agent" not in requests[0].headers
    assert requests[0].path == "/relay?x=1"


async def test_loopback_uses_no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    """A proxy in the environment is not used for connections on this machine, and a broken one is told for
    others.
    """
    for name in ("http_proxy", "https_proxy", "ws_proxy", "wss_proxy", "all_proxy"):
        monkeypatch.setenv(name, "socks5://127.0.0.1:1")
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)

    async def handler(connection: ServerConnection) -> None:
        await connection.send(b"hello")

    async with connected(handler) as channel:
        assert await channel.receive() == b"hello"
    with pytest.raises(ConnectionFailed):
        await WebsocketsConnector().connect("wss://relay.invalid")
