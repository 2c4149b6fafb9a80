"""What a way through the network does to the frames on it.

Owns the parameters and what they may be. Must not know connections: :mod:`simulations.network.stream` draws
from them, anew for every frame, so that weather may change while connections are open.
"""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True, kw_only=True)
class Weather:
    """One direction between two hosts. Chances are from 0 to 1, for each frame (loss: each transmission).

    Below the frames is a stream like TCP's, so delay, loss and bandwidth keep their order and their number.
    The faults that do not (duplication, reordering, corruption) are what somebody on the way can do where
    there is no TLS.

    Attributes:
        delay_s: Least and greatest delay in seconds; each connection keeps its place between them.
        jitter_s: What is added for each transmission, from 0 to this.
        loss: A transmission does not arrive; it is repeated, and everything behind it waits.
        bytes_per_second: What a connection gets through; None is no bound.
        frames_per_second: What the program at the far end reads at most; None is as fast as it likes.
        half_open: From this frame on the connection's direction swallows everything, for good and silently.
        duplication: The frame is sent twice.
        reordering: The frame changes places with the next one.
        corruption: Some of the frame's bits are flipped.
    """

    delay_s: tuple[float, float] = (0.001, 0.005)
    jitter_s: float = 0.0
    loss: float = 0.0
    bytes_per_second: float | None = None
    frames_per_second: float | None = None
    half_open: float = 0.0
    duplication: float = 0.0
    reordering: float = 0.0
    corruption: float = 0.0

    def __post_init__(self) -> None:
        assert 0 <= self.delay_s[0] <= self.delay_s[1]
        assert self.jitter_s >= 0
        assert self.bytes_per_second is None or self.bytes_per_second > 0
        assert self.frames_per_second is None or self.frames_per_second > 0
        chances = (self.loss, self.half_open, self.duplication, self.reordering, self.corruption)
        assert all(0 <= chance <= 1 for chance in chances)


CALM: Final = Weather()
"""A quick network that does nothing wrong."""
