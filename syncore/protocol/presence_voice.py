"""When a session says what: news at once, the same again before it is forgotten, answers to newcomers.

A pure object; time comes in as milliseconds of a clock that never jumps, chance as a fraction 0 .. 1. The
caller's duties:

- call :meth:`PresenceVoice.connected` and :meth:`PresenceVoice.disconnected` as the space goes live and off;
- call :meth:`PresenceVoice.take` when :attr:`PresenceVoice.due_ms` has come, send what it gives, and tell the
  relay's answer with :meth:`PresenceVoice.done` or :meth:`PresenceVoice.refused`.

One message waits for its answer at a time, so what changes meanwhile goes out as one, and a slow network
queues nothing. Must not know of counters, seals or connections.
"""

from dataclasses import dataclass
from typing import Final

from syncore.protocol.presence import PresencePlain

MIN_PAUSE_MS: Final = 100
"""Between two messages: a cursor that moves with every key is shown ten times a second, which looks live."""
ANSWER_SPREAD_MS: Final = 250
"""Those who are asked answer within this, so that they do not do it all at once."""
MIN_ANSWER_PAUSE_MS: Final = 1_000
"""Between two answers, whoever asks: a hostile member can make the others say one message a second."""
RETRY_PAUSE_MS: Final = 1_000
"""After a refusal that passes."""
REPEATS_PER_TTL: Final = 3
"""Two messages in a row may be lost before somebody who is here vanishes for a moment."""
_SHORTEST_REPEAT: Final = 0.8
"""Repeats come a little early, by chance, so that those who came together do not stay in step."""


@dataclass(frozen=True, slots=True)
class _Wanted:
    value: bytes
    ttl_ms: int


class PresenceVoice:
    """What one session says of itself in one space.

    Attributes:
        refusals: How many messages the relay refused.
    """

    def __init__(self) -> None:
        """Nothing to show, and not connected."""
        self.refusals = 0
        self._wanted: _Wanted | None = None
        self._is_connected = False
        self._has_asked = False
        self._said: PresencePlain | None = None
        self._due_ms: int | None = None
        self._resting_until_ms = 0
        self._is_asked = False
        self._next_answer_ms = 0

    @property
    def due_ms(self) -> int | None:
        """When to call :meth:`take`; None while there is nothing to say."""
        if not self._is_connected or self._said is not None or self._due_ms is None:
            return None
        return max(self._due_ms, self._resting_until_ms)

    @property
    def is_shown(self) -> bool:
        """Whether there is something to show."""
        return self._wanted is not None

    def connected(self, now_ms: int) -> None:
        """The space is live: ask who is here, and show what there is."""
        self._is_connected, self._has_asked, self._said = True, False, None
        self._say_by(now_ms)

    def disconnected(self) -> None:
        """The connection is gone; what is to be shown is kept."""
        self._is_connected, self._said, self._due_ms = False, None, None

    def show(self, value: bytes, ttl_ms: int, now_ms: int) -> None:
        """Show an encoded value from now on; each message of it holds for ``ttl_ms``."""
        self._wanted = _Wanted(value, ttl_ms)
        self._say_by(now_ms)

    def clear(self, now_ms: int) -> None:
        """Show nothing any more, and say so if something was shown."""
        if self._wanted is not None:
            self._wanted = None
            self._say_by(now_ms)

    def asked(self, now_ms: int, chance: float) -> None:
        """Somebody is new here."""
        if self._wanted is None:
            return
        self._is_asked = True
        self._say_by(max(now_ms + int(chance * ANSWER_SPREAD_MS), self._next_answer_ms))

    def take(self, now_ms: int) -> PresencePlain | None:
        """What to say now, if something is due; nothing else is due before its answer."""
        due_ms = self.due_ms
        if due_ms is None or now_ms < due_ms:
            return None
        wanted = self._wanted or _Wanted(b"", 0)
        self._said = PresencePlain(asks=not self._has_asked, ttl_ms=wanted.ttl_ms, value=wanted.value)
        self._due_ms = None
        self._resting_until_ms = now_ms + MIN_PAUSE_MS
        if self._is_asked:
            self._is_asked, self._next_answer_ms = False, now_ms + MIN_ANSWER_PAUSE_MS
        return self._said

    def done(self, now_ms: int, chance: float) -> None:
        """The relay handed on what was said."""
        said, self._said = self._said, None
        if said is None:
            return  # of a connection that is gone
        self._has_asked = self._has_asked or said.asks
        if said.is_here and self._wanted is not None:
            share = _SHORTEST_REPEAT + (1 - _SHORTEST_REPEAT) * chance
            self._say_by(now_ms + int(share * said.ttl_ms / REPEATS_PER_TTL))

    def refused(self, now_ms: int, *, is_final: bool) -> None:
        """The relay did not hand on what was said; it is tried again, on the next connection if need be."""
        self.refusals += 1
        self._said = None
        if is_final:
            self._is_connected, self._due_ms = False, None
        else:
            self._say_by(now_ms)
            self._resting_until_ms = now_ms + RETRY_PAUSE_MS

    def rest(self, until_ms: int) -> None:
        """Say nothing before."""
        self._resting_until_ms = max(self._resting_until_ms, until_ms)

    def _say_by(self, due_ms: int) -> None:
        if self._is_connected:
            self._due_ms = due_ms if self._due_ms is None else min(self._due_ms, due_ms)
