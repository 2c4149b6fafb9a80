"""What everything in one network shares: its loop, its chance, and the books of what happened."""

import asyncio
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from random import Random


class Fault(StrEnum):
    """What went wrong on the way, and how ends found out; the names in ``Network.faults``."""

    LOSS = "loss"
    CUT = "cut"
    HALF_OPEN = "half-open"
    DUPLICATION = "duplication"
    REORDERING = "reordering"
    CORRUPTION = "corruption"
    GIVEN_UP = "given up"
    KEEP_ALIVE = "keep-alive"
    RESET = "reset"
    CONNECTION_REFUSED = "connection refused"
    CONNECTION_TIMED_OUT = "connection timed out"


class EventKind(StrEnum):
    """What an observer is told."""

    CONNECT = "connect"
    FRAME = "frame"
    FAULT = "fault"
    BREAK = "break"


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkEvent:
    """One thing that happened.

    Attributes:
        time_s: The loop's time.
        connection: Its number, from 1 in the order of their beginning; 0 before there is one.
        source: Who connected, or sent the frame, or whose end broke.
        destination: The other host.
        frame: What arrived, as it arrived; None for anything else.
        detail: The fault, or why the end broke.
    """

    time_s: float
    kind: EventKind
    connection: int
    source: str
    destination: str
    frame: bytes | None = None
    detail: str = ""


class Medium:
    """Loop, chance and books of one network.

    Attributes:
        faults: How often each :class:`Fault` happened.
        frames: How many frames have arrived.
        bytes: What they weighed.
        observe: Told of every event, when there is somebody to tell.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, random: Random) -> None:
        """Nothing has happened yet."""
        self.loop = loop
        self.random = random
        self.faults: Counter[str] = Counter()
        self.frames = 0
        self.bytes = 0
        self.connections = 0
        self.observe: Callable[[NetworkEvent], None] | None = None

    def happens(self, chance: float) -> bool:
        """Whether something of this chance happens now; what cannot happen draws nothing."""
        return chance > 0 and self.random.random() < chance

    def note(
        self,
        kind: EventKind,
        *,
        connection: int,
        source: str,
        destination: str,
        frame: bytes | None = None,
        detail: str = "",
    ) -> None:
        """Tell the observer."""
        if self.observe is not None:
            self.observe(
                NetworkEvent(
                    time_s=self.loop.time(),
                    kind=kind,
                    connection=connection,
                    source=source,
                    destination=destination,
                    frame=frame,
                    detail=detail,
                )
            )
