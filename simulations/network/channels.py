"""The two ports over an end: a replica's ``FrameChannel`` and a relay's ``ClientChannel``."""

from simulations.network.end import CLOSE_NORMAL, End
from syncore.core.errors import ConnectionFailed, Malformed
from syncore.core.limits import MAX_FRAME_BYTES


class SimulatedChannel:
    """``FrameChannel`` through the simulated network."""

    def __init__(self, end: End) -> None:
        """Take over an end."""
        self._end = end

    async def send(self, frame: bytes) -> None:
        """Send one message; waits while the other side does not read."""
        await self._end.send(frame)

    async def receive(self) -> bytes:
        """The next message."""
        return await self._end.receive()

    async def close(self) -> None:
        """Close politely, or not at all politely after a while. Idempotent, never raises."""
        await self._end.close(CLOSE_NORMAL)


class SimulatedClientChannel:
    """``ClientChannel`` through the simulated network.

    Attributes:
        end: What it is over.
    """

    def __init__(self, end: End) -> None:
        """Take over an end that a stranger has connected to."""
        self.end = end

    @property
    def peer(self) -> str:
        """The client's host."""
        return self.end.peer_name

    async def receive(self) -> bytes:
        """The client's next frame."""
        try:
            return await self.end.receive()
        except Malformed as error:
            raise ConnectionFailed(f"the client's connection ended: {error.message}") from error

    async def send(self, frame: bytes) -> None:
        """Send one frame; waits while the client does not read."""
        try:
            await self.end.send(frame)
        except Malformed as error:
            raise ConnectionFailed(f"the client's connection ended: {error.message}") from error

    def raise_frame_limit(self) -> None:
        """Let the client send whole batches."""
        self.end.max_frame_bytes = MAX_FRAME_BYTES

    async def close(self, code: int) -> None:
        """Close politely; what still comes is thrown away."""
        await self.end.close(code, is_discarding=True)

    def abort(self) -> None:
        """End the connection at once."""
        self.end.abort()
