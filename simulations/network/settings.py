"""How an end of a connection is set up: the real adapters' bounds and waiting times, taken from them."""

from dataclasses import dataclass
from typing import Final

from relay.config import RECEIVE_QUEUE_FRAMES, Timeouts
from syncore.adapters import websockets_connector as client
from syncore.core.limits import KIB, MAX_FRAME_BYTES, MAX_UNAUTHENTICATED_FRAME_BYTES

WINDOW_FRAMES: Final = 16
"""Frames that may be under way and in the receiver's system before the sender has to wait."""
WINDOW_BYTES: Final = 256 * KIB
"""What those may weigh, but for a single one that is larger: about what a system gives a socket."""
FIRST_RETRANSMISSION_S: Final = 0.2
"""When what got lost is sent again; every further time it takes twice as long. Linux begins there too."""
MAX_RETRANSMISSIONS: Final = 8
"""After 51 seconds without success a connection breaks. Linux tries 15 times; keep-alives are quicker."""
REORDERING_PATIENCE_S: Final = 1.0
"""How long a frame that is to change places waits for another one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EndSettings:
    """One end.

    Attributes:
        ping_interval_s: From a ping's answer, or the beginning, to the next ping.
        ping_timeout_s: For the answer of a ping.
        close_timeout_s: For the other end's goodbye.
        queue_frames: Frames that its websocket library holds unread; beyond it no ping is seen either.
        max_frame_bytes: A longer frame ends the connection.
    """

    ping_interval_s: float
    ping_timeout_s: float
    close_timeout_s: float
    queue_frames: int
    max_frame_bytes: int


CLIENT: Final = EndSettings(
    ping_interval_s=client.PING_INTERVAL_S,
    ping_timeout_s=client.PING_INTERVAL_S,
    close_timeout_s=client.CLOSE_TIMEOUT_S,
    queue_frames=client.FRAMES_UNDER_WAY,
    max_frame_bytes=MAX_FRAME_BYTES,
)


def relay_settings(timeouts: Timeouts) -> EndSettings:
    """The relay's end of a connection."""
    return EndSettings(
        ping_interval_s=timeouts.ping_interval,
        ping_timeout_s=timeouts.ping_timeout,
        close_timeout_s=timeouts.close,
        queue_frames=RECEIVE_QUEUE_FRAMES,
        max_frame_bytes=MAX_UNAUTHENTICATED_FRAME_BYTES,
    )


RELAY: Final = relay_settings(Timeouts())
