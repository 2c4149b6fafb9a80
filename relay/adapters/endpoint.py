"""The websocket endpoint: HTTP answers, limits before authentication, TLS.

Owns which HTTP request becomes a websocket, how many there may be, and how large a stranger's frame may be.
Must not know what frames say. A frame over the limit of its connection (1 KB before authentication) is
refused by websockets with close code 1009, before it is read.
"""

import ssl
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import Final

from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.http11 import Request, Response

from relay import config as bounds
from relay.adapters.websocket_channel import WebsocketClientChannel
from relay.channel import ClientChannel
from relay.config import RelayConfig
from relay.health import Health, Readiness
from syncore.core.errors import Misused
from syncore.core.limits import MAX_UNAUTHENTICATED_FRAME_BYTES

HEALTH_PATH: Final = "/healthz"
READINESS_PATH: Final = "/readyz"
SESSION_PATH: Final = "/"

Handler = Callable[[ClientChannel], Awaitable[None]]


class Endpoint:
    """Listens, answers health checks, and hands websockets to a handler, as channels."""

    def __init__(self, config: RelayConfig, health: Health, handler: Handler) -> None:
        """Prepare; nothing listens before :meth:`listen`."""
        self._config = config
        self._health = health
        self._handler = handler
        self._open = 0
        self._server: Server | None = None

    @property
    def server(self) -> Server:
        """The listening server."""
        assert self._server is not None, "listen() comes first"
        return self._server

    @property
    def address(self) -> str:
        """What clients connect to: ``ws://127.0.0.1:8787``, with the real port."""
        host, port = next(iter(self.server.sockets)).getsockname()[:2]
        shown = f"[{host}]" if ":" in host else host
        return f"{'wss' if self._config.certificate else 'ws'}://{shown}:{port}"

    async def listen(self) -> None:
        """Start accepting connections.

        Raises:
            Misused: the address or the certificate cannot be used.
        """
        config = self._config
        context = tls_context(config)
        try:
            self._server = await serve(
                self._handle,
                config.host,
                config.port,
                ssl=context,
                process_request=self._answer,
                create_connection=_BoundedConnection,
                compression=None,  # what is sealed does not compress
                server_header=None,
                max_size=MAX_UNAUTHENTICATED_FRAME_BYTES,
                max_queue=bounds.RECEIVE_QUEUE_FRAMES,
                write_limit=bounds.WRITE_BUFFER_BYTES,
                open_timeout=config.timeouts.handshake,
                close_timeout=config.timeouts.close,
                ping_interval=config.timeouts.ping_interval,
                ping_timeout=config.timeouts.ping_timeout,
            )
        except OSError as error:
            raise Misused(f"cannot listen on {config.host}:{config.port}: {error.strerror}") from error

    def stop_listening(self) -> None:
        """Accept no more connections; those that are open stay open."""
        self.server.close(close_connections=False)

    async def wait_closed(self) -> None:
        """Return when all connections have ended."""
        await self.server.wait_closed()

    def abort(self) -> None:
        """Drop every connection that is still open."""
        for websocket in tuple(self.server.all_connections):
            websocket.transport.abort()

    async def _handle(self, websocket: ServerConnection) -> None:
        self._open += 1
        try:
            await self._handler(WebsocketClientChannel(websocket))
        finally:
            self._open -= 1

    async def _answer(self, websocket: ServerConnection, request: Request) -> Response | None:
        path = request.path.partition("?")[0]
        if path == HEALTH_PATH:
            return websocket.respond(HTTPStatus.OK, "ok\n")
        if path == READINESS_PATH:
            readiness = await self._health.readiness()
            is_ready = readiness is Readiness.READY
            return websocket.respond(
                HTTPStatus.OK if is_ready else HTTPStatus.SERVICE_UNAVAILABLE, f"{readiness.value}\n"
            )
        if path != SESSION_PATH:
            return websocket.respond(HTTPStatus.NOT_FOUND, "not found\n")
        if self._open >= self._config.max_connections:
            return websocket.respond(HTTPStatus.SERVICE_UNAVAILABLE, "too many connections\n")
        return None


class _BoundedConnection(ServerConnection):
    """Drops a connection at once when too many are only beginning: each holds a socket for up to 10 s."""

    def connection_made(self, transport: object) -> None:
        super().connection_made(transport)  # type: ignore[arg-type]
        opening = len(self.server.handler_tasks) - len(self.server.all_connections)
        if opening > bounds.MAX_OPENING_CONNECTIONS:
            self.transport.abort()


def tls_context(config: RelayConfig) -> ssl.SSLContext | None:
    """The TLS context of the configured certificate, or None.

    Raises:
        Misused: the files are not a certificate and its key.
    """
    if config.certificate is None:
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        context.load_cert_chain(config.certificate, config.key)
    except (OSError, ssl.SSLError) as error:
        raise Misused(f"the certificate {config.certificate} cannot be used: {error}") from error
    return context
