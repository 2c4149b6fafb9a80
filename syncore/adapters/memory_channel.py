"""Two ends of a connection inside one process, for tests and for a relay embedded in a program.

Behaves like the websocket shell: whole messages in order, a bounded number under way, what was sent before
the end is still received, and a message over the limit breaks the connection.
"""

import asyncio
from collections import deque

from syncore.core.errors import ConnectionFailed, Malformed
from syncore.core.limits import MAX_FRAME_BYTES

FRAMES_UNDER_WAY = 16
"""Messages that may wait for the receiver before the sender waits; what the websocket shell queues too."""


class _Pipe:
    """One direction."""

    def __init__(self) -> None:
        self.frames: deque[bytes] = deque()
        self.is_closed = False
        self.changed = asyncio.Condition()


class MemoryChannel:
    """``FrameChannel`` to another one in the same process; made by :func:`memory_channel_pair`."""

    def __init__(self, outgoing: _Pipe, incoming: _Pipe) -> None:
        """Join the ends of two pipes."""
        self._outgoing = outgoing
        self._incoming = incoming

    async def send(self, frame: bytes) -> None:
        """Send one message; waits while the other side does not read."""
        pipe = self._outgoing
        async with pipe.changed:
            await pipe.changed.wait_for(lambda: pipe.is_closed or len(pipe.frames) < FRAMES_UNDER_WAY)
            if pipe.is_closed:
                raise ConnectionFailed("the connection was closed")
            pipe.frames.append(bytes(frame))
            pipe.changed.notify_all()

    async def receive(self) -> bytes:
        """The next message; those sent before the other side closed are still received."""
        pipe = self._incoming
        async with pipe.changed:
            await pipe.changed.wait_for(lambda: pipe.is_closed or bool(pipe.frames))
            if not pipe.frames:
                raise ConnectionFailed("the connection was closed")
            frame = pipe.frames.popleft()
            pipe.changed.notify_all()
        if len(frame) > MAX_FRAME_BYTES:
            await self.close()
            raise Malformed(f"a message is {len(frame)} bytes long; {MAX_FRAME_BYTES} are allowed")
        return frame

    async def close(self) -> None:
        """Close both directions. Idempotent, never raises."""
        for pipe in (self._outgoing, self._incoming):
            async with pipe.changed:
                pipe.is_closed = True
                pipe.changed.notify_all()
        self._incoming.frames.clear()  # as a closed websocket does: only the other side may still read


def memory_channel_pair() -> tuple[MemoryChannel, MemoryChannel]:
    """Two connected channels."""
    there, back = _Pipe(), _Pipe()
    return MemoryChannel(there, back), MemoryChannel(back, there)
