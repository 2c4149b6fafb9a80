"""What a relay needs of a client's connection; the outside port of :mod:`relay.connection`.

Must not know what carries the frames: websockets (:mod:`relay.adapters.websocket_channel`) is one shell, the
simulated network another. Every implementation passes ``tests/conformance/test_client_channel.py``.
"""

from typing import Final, Protocol

NO_FRAME: Final = b"\xc1"
"""What stands for a message that is not binary: the one byte that msgpack never uses, so no frame of ours."""


class ClientChannel(Protocol):
    """A client's open connection, which carries whole binary messages, in order, until it breaks.

    A client may send ``MAX_UNAUTHENTICATED_FRAME_BYTES`` at a time, until :meth:`raise_frame_limit`. A longer
    frame is not read: it ends the connection, as everything does that is no message.
    """

    @property
    def peer(self) -> str:
        """The client's host, for logs; ``unknown`` once it cannot be told."""
        ...

    async def receive(self) -> bytes:
        """The client's next frame, or :data:`NO_FRAME` for a text message.

        What was sent before the end is still received. A cancelled call loses nothing.

        Raises ``ConnectionFailed`` at the end.
        """
        ...

    async def send(self, frame: bytes) -> None:
        """Send one frame; waits while the client does not read. Raises ``ConnectionFailed``."""
        ...

    def raise_frame_limit(self) -> None:
        """Let the client send ``MAX_FRAME_BYTES`` at a time, counting from frames that are still to come."""
        ...

    async def close(self, code: int) -> None:
        """Close politely, for this reason (RFC 6455, 7.4), and bounded in time. Idempotent, never raises.

        What the client sent meanwhile is thrown away, so nobody may be receiving.
        """
        ...

    def abort(self) -> None:
        """End the connection at once. Idempotent."""
        ...
