"""The relay's end of a websocket (RFC 6455) behind the port :class:`relay.channel.ClientChannel`.

Owns the translation of what ``websockets`` raises. Must not know what frames say.
"""

import asyncio
import contextlib
from collections.abc import Iterator

from websockets.asyncio.server import ServerConnection
from websockets.exceptions import ConnectionClosed

from relay.channel import NO_FRAME
from syncore.core.errors import ConnectionFailed
from syncore.core.limits import MAX_FRAME_BYTES


class WebsocketClientChannel:
    """``ClientChannel`` over an open websocket."""

    def __init__(self, websocket: ServerConnection) -> None:
        """Take over an open connection."""
        self._websocket = websocket

    @property
    def peer(self) -> str:
        """The address that the connection comes from."""
        address = self._websocket.remote_address
        return str(address[0]) if address else "unknown"

    async def receive(self) -> bytes:
        """The client's next frame."""
        with _translated():
            message = await self._websocket.recv()
        return message if isinstance(message, bytes) else NO_FRAME

    async def send(self, frame: bytes) -> None:
        """Send one frame; waits while the client does not read."""
        with _translated():
            await self._websocket.send(frame)

    def raise_frame_limit(self) -> None:
        """Let the client send whole batches; counts for every frame that has not begun to arrive."""
        self._websocket.protocol.max_message_size = MAX_FRAME_BYTES

    async def close(self, code: int) -> None:
        """Close politely; what still comes in before the client's half of the closing is thrown away."""
        discarding = asyncio.get_running_loop().create_task(self._discard())
        try:
            await self._websocket.close(code)
        finally:
            discarding.cancel()

    def abort(self) -> None:
        """End the connection at once."""
        self._websocket.transport.abort()

    async def _discard(self) -> None:
        with contextlib.suppress(ConnectionClosed):
            while True:
                await self._websocket.recv()


@contextlib.contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except ConnectionClosed as error:
        raise ConnectionFailed(f"the client's connection ended: {error}") from error
