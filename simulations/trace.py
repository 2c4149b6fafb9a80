"""The trace of a run: what happened, when, and a hash by which two runs are compared."""

import hashlib
from dataclasses import dataclass

MAX_KEPT_EVENTS = 200_000
"""Events kept for a timeline; later ones still count for the hash."""


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened.

    Attributes:
        time_s: When, in virtual seconds.
        who: The device, the relay, or the world.
        what: What, in one line.
        is_detail: Whether a timeline leaves it out: a frame, an edit.
    """

    time_s: float
    who: str
    what: str
    is_detail: bool


class Trace:
    """What happened in one run, in order.

    Attributes:
        events: The events, up to ``MAX_KEPT_EVENTS``.
    """

    def __init__(self) -> None:
        """Nothing has happened."""
        self.events: list[Event] = []
        self._hash = hashlib.blake2b(digest_size=16)

    def note(self, time_s: float, who: str, what: str, *, is_detail: bool = False) -> None:
        """Add an event."""
        self._hash.update(f"{time_s:.6f} {who} {what}\n".encode())
        if len(self.events) < MAX_KEPT_EVENTS:
            self.events.append(Event(time_s, who, what, is_detail))

    @property
    def hash(self) -> str:
        """A hash of everything that happened so far."""
        return self._hash.hexdigest()


def clock_time(seconds: float) -> str:
    """A virtual time for people: days, hours, minutes and seconds."""
    minutes, rest = divmod(seconds, 60)
    hours, minutes = divmod(int(minutes), 60)
    days, hours = divmod(hours, 24)
    return f"{days}d {hours:02}:{minutes:02}:{rest:06.3f}"
