"""Connections to relays over websockets (RFC 6455): one binary message for each frame.

Owns the transport's limits and timeouts and the translation of everything that ``websockets`` and the
operating system raise. Knows nothing of what the frames say. Compression is off: frames are sealed, so they
do not compress, and a length that depends on secrets must not be seen.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from ipaddress import ip_address
from ssl import SSLError
from typing import Final
from urllib.parse import urlsplit

from websockets.asyncio.client import ClientConnection, connect
from websockets.asyncio.connection import Connection
from websockets.exceptions import (
    ConnectionClosed,
    InvalidHandshake,
    InvalidMessage,
    InvalidProxy,
    InvalidStatus,
    InvalidURI,
    ProxyError,
    WebSocketException,
)
from websockets.frames import CloseCode

from syncore.adapters.ended_transport import EndedTransport
from syncore.core.errors import ConnectionFailed, Malformed, Misused
from syncore.core.limits import HANDSHAKE_TIMEOUT_MS, MAX_ADDRESS_BYTES, MAX_FRAME_BYTES

OPEN_TIMEOUT_S: Final = HANDSHAKE_TIMEOUT_MS / 1000
"""For the route, TLS and the websocket handshake together."""
PING_INTERVAL_S: Final = 20
"""Often enough to keep a home router's table entry (30 s for some) and to notice a dead peer in a minute."""
CLOSE_TIMEOUT_S: Final = 2
"""For the other side's goodbye; a program that is closing does not wait longer for a relay that is gone."""
FRAMES_UNDER_WAY: Final = 16
"""Messages received ahead of their reader before the other side has to wait."""

_MAX_REASON_CHARACTERS = 120
_NO_RELAY_HINT = "check the address and the port: something else answers there"


class WebsocketsConnector:
    """``Connector`` over the websockets library.

    Attributes:
        allow_plaintext: Also use ``ws://`` to other machines: everyone on the way sees which spaces and
        devices
            talk. (What they write is sealed in any case.)
    """

    def __init__(self, *, allow_plaintext: bool = False) -> None:
        """Decide whether unencrypted connections may leave this machine."""
        self.allow_plaintext = allow_plaintext

    async def connect(self, address: str) -> "WebsocketChannel":
        """A fresh connection to ``ws://host:port`` or ``wss://...``.

        Raises:
            Misused: not such an address, or a plaintext one to another machine without ``allow_plaintext``.
            ConnectionFailed: no route, no answer in time, or what answers is no websocket server.
        """
        is_loopback = self._check(address)
        with _translated(address):
            connection = await _DirectConnect(
                address,
                create_connection=_EndingConnection,
                compression=None,
                max_size=MAX_FRAME_BYTES,
                max_queue=FRAMES_UNDER_WAY,
                open_timeout=OPEN_TIMEOUT_S,
                ping_interval=PING_INTERVAL_S,
                ping_timeout=PING_INTERVAL_S,
                close_timeout=CLOSE_TIMEOUT_S,
                user_agent_header=None,
                proxy=None if is_loopback else True,
            )
        return WebsocketChannel(connection)

    def _check(self, address: str) -> bool:
        """Whether an address that may be used is on this machine."""
        try:
            parts = urlsplit(address)
            host, _ = parts.hostname, parts.port
            (host or "").encode("idna")
        except ValueError as error:
            raise Misused(f"{address!r} is no relay address: {error}", hint=_ADDRESS_HINT) from error
        is_plain = address.isprintable() and " " not in address and len(address.encode()) <= MAX_ADDRESS_BYTES
        has_extras = parts.username is not None or parts.fragment
        if parts.scheme not in {"ws", "wss"} or not host or has_extras or not is_plain:
            raise Misused(f"{address!r} is no relay address", hint=_ADDRESS_HINT)
        is_loopback = _is_loopback(host)
        if parts.scheme == "ws" and not is_loopback and not self.allow_plaintext:
            raise Misused(
                f"{address!r} is not encrypted and leads to another machine",
                hint="use wss://; in a network that you trust, allow_plaintext=True or --allow-plaintext",
            )
        return is_loopback


_ADDRESS_HINT = "wss://host, wss://host:port, or ws://127.0.0.1:port on this machine"


class WebsocketChannel:
    """``FrameChannel`` over an open websocket, of either side."""

    def __init__(self, connection: Connection) -> None:
        """Take over an open connection."""
        self._connection = connection

    async def send(self, frame: bytes) -> None:
        """Send one message; waits while the other side does not read."""
        with _translated():
            await self._connection.send(frame)

    async def receive(self) -> bytes:
        """The next message."""
        with _translated():
            message = await self._connection.recv(decode=None)
        if isinstance(message, str):
            await self._connection.close(CloseCode.UNSUPPORTED_DATA, "binary messages only")
            raise Malformed("a text message came where only binary ones are allowed")
        return message

    async def close(self) -> None:
        """Close politely, or not at all politely after ``CLOSE_TIMEOUT_S``. Idempotent, never raises."""
        await self._connection.close()


class _EndingConnection(ClientConnection):
    """May be closed however it ended."""

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self.transport = EndedTransport(self.transport)


class _DirectConnect(connect):
    """Follows no redirect: it could lead from a loopback address to another machine, in the clear."""

    def process_redirect(self, exc: Exception) -> Exception | str:
        return exc


@contextmanager
def _translated(address: str = "") -> Iterator[None]:
    try:
        yield
    except ConnectionClosed as error:
        raise _closed(error) from error
    except (
        InvalidURI,
        InvalidProxy,
        ImportError,
    ) as error:  # ImportError: a SOCKS proxy wants another package
        raise ConnectionFailed(
            f"no connection to {address}: {_short(error)}", hint="check the proxy settings"
        ) from error
    except ProxyError as error:
        raise ConnectionFailed(f"the proxy does not lead to {address}: {_short(error)}") from error
    except InvalidStatus as error:
        status = error.response.status_code
        raise ConnectionFailed(
            f"{address} is no relay: it answered with HTTP status {status}",
            hint=_NO_RELAY_HINT,
            http_status=status,
        ) from error
    except (InvalidMessage, InvalidHandshake) as error:
        raise ConnectionFailed(f"{address} is no relay: {_short(error)}", hint=_NO_RELAY_HINT) from error
    except TimeoutError as error:
        raise ConnectionFailed(f"{address} gave no answer within {OPEN_TIMEOUT_S:.0f} seconds") from error
    except SSLError as error:
        raise ConnectionFailed(f"no secure connection to {address}: {_short(error)}") from error
    except (OSError, WebSocketException) as error:
        raise ConnectionFailed(f"no connection to {address}: {_short(error)}") from error


def _closed(error: ConnectionClosed) -> ConnectionFailed | Malformed:
    if error.sent is not None and not error.rcvd_then_sent and error.sent.code == CloseCode.MESSAGE_TOO_BIG:
        return Malformed(f"a message is longer than the {MAX_FRAME_BYTES} bytes that are allowed")
    if error.sent is not None and not error.rcvd_then_sent and error.sent.code == CloseCode.PROTOCOL_ERROR:
        return Malformed(f"the other side does not keep to the websocket protocol: {_short(error)}")
    if error.rcvd is None:
        return ConnectionFailed(f"the connection broke: {_short(error.__cause__ or error)}")
    reason = f": {error.rcvd.reason[:_MAX_REASON_CHARACTERS]!r}" if error.rcvd.reason else ""
    return ConnectionFailed(
        f"the other side closed the connection ({error.rcvd.code}{reason})", code=error.rcvd.code
    )


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _short(error: BaseException) -> str:
    """One short line; what a stranger sent may be in it."""
    text = " ".join((str(error) or type(error).__name__).split())
    return text if len(text) <= _MAX_REASON_CHARACTERS else text[: _MAX_REASON_CHARACTERS - 3] + "..."
