"""Who is here now: the newest word of every session, until its time to live is over.

A pure object; time comes in as milliseconds of a clock that never jumps. Messages may come in any order,
twice or not at all: a session is shown as its greatest counter says, and a counter that does not rise is
dropped. Bounded for each device, so that a hostile member can crowd out nobody but itself. Must not know how
messages travel, nor that they were signed: whoever calls has verified them.
"""

from collections import OrderedDict
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum, auto

from syncore.codec.values import Value, decode_value
from syncore.core.identifiers import DeviceIndex
from syncore.core.limits import (
    MAX_PRESENCE_DEVICES,
    MAX_PRESENT,
    MAX_PRESENT_SESSIONS,
    MAX_REMEMBERED_SESSIONS,
)
from syncore.protocol.presence import PresencePlain


class Heard(Enum):
    """What became of a message."""

    TAKEN = auto()
    """It is what its session says now."""
    STALE = auto()
    """Dropped: its counter is not above one that was heard before."""
    CROWDED = auto()
    """Dropped: so many sessions are here that there is no room for another."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Present:
    """One session of a device that is here now.

    Attributes:
        device: The device's index, in the order of admission to the space.
        session: Names one life of a program on that device, in hexadecimal digits.
        value: What it shows.
        since: Since when it is here, by this device's clock.
        last_heard: When it last said so, by this device's clock.
    """

    device: int
    session: str
    value: Value
    since: datetime
    last_heard: datetime


@dataclass(slots=True)
class _Session:
    """What is known of a session; it is here while ``value`` is not empty."""

    counter: int
    value: bytes = b""
    expires_ms: int = 0
    since_ms: int = 0
    heard_ms: int = 0


_Sessions = OrderedDict[bytes, _Session]
"""Sessions of one device by name, the one heard last at the end."""


class PresenceTable:
    """The sessions of others in one space.

    Attributes:
        revision: How often somebody came, showed something else, or left.
    """

    def __init__(self) -> None:
        """Nobody is here."""
        self.revision = 0
        self._devices: OrderedDict[DeviceIndex, _Sessions] = OrderedDict()
        self._count = 0
        self._earliest_ms: int | None = None

    @property
    def next_expiry_ms(self) -> int | None:
        """A time before which nobody's time to live is over; None when nobody is here."""
        return self._earliest_ms

    @property
    def others(self) -> tuple[Present, ...]:
        """Who was here at the last call of :meth:`expire` or :meth:`hear`, by device and session."""
        return tuple(
            Present(
                device=device,
                session=name.hex(),
                value=decode_value(session.value),
                since=_instant(session.since_ms),
                last_heard=_instant(session.heard_ms),
            )
            for device, sessions in sorted(self._devices.items())
            for name, session in sorted(sessions.items())
            if session.value
        )

    def is_new(self, device: DeviceIndex, name: bytes, counter: int) -> bool:
        """Whether a message with that counter could change anything."""
        sessions = self._devices.get(device)
        return sessions is None or name not in sessions or counter > sessions[name].counter

    def hear(
        self,
        device: DeviceIndex,
        name: bytes,
        counter: int,
        plain: PresencePlain,
        *,
        now_ms: int,
        wall_ms: int,
    ) -> Heard:
        """Take in what a session said.

        Args:
            device: The device that signed it.
            name: The session.
            counter: The message's counter.
            plain: What it says.
            now_ms: Now, by the clock that never jumps.
            wall_ms: Now, since 1970, to be shown.
        """
        self.expire(now_ms)
        if not self.is_new(device, name, counter):
            return Heard.STALE
        sessions = self._devices.get(device, OrderedDict())
        session = sessions.get(name) or _Session(counter)
        if plain.is_here and not session.value and not self._make_room(sessions):
            return Heard.CROWDED
        session.counter = counter
        self._show(session, plain, now_ms, wall_ms)
        sessions[name] = session
        sessions.move_to_end(name)
        self._devices[device] = sessions
        self._devices.move_to_end(device)
        self._forget_surplus(sessions)
        return Heard.TAKEN

    def expire(self, now_ms: int) -> None:
        """Let go of those whose time to live is over."""
        if self._earliest_ms is None or now_ms < self._earliest_ms:
            return
        self._earliest_ms = None
        for sessions in self._devices.values():
            for session in sessions.values():
                if session.value and session.expires_ms <= now_ms:
                    self._leave(session)
                elif session.value:
                    self._note_expiry(session)

    def _show(self, session: _Session, plain: PresencePlain, now_ms: int, wall_ms: int) -> None:
        if not plain.is_here:
            self._leave(session)
            return
        if not session.value:
            session.since_ms = wall_ms
            self._count += 1
        if session.value != plain.value:
            self.revision += 1
        session.value, session.heard_ms, session.expires_ms = plain.value, wall_ms, now_ms + plain.ttl_ms
        self._note_expiry(session)

    def _leave(self, session: _Session) -> None:
        if session.value:
            session.value = b""
            self._count -= 1
            self.revision += 1

    def _note_expiry(self, session: _Session) -> None:
        if self._earliest_ms is None or session.expires_ms < self._earliest_ms:
            self._earliest_ms = session.expires_ms

    def _make_room(self, sessions: _Sessions) -> bool:
        """Let the session that was silent longest leave where its device has too many; False: no room."""
        here = [session for session in sessions.values() if session.value]
        if len(here) >= MAX_PRESENT_SESSIONS:
            self._leave(here[0])
        return self._count < MAX_PRESENT

    def _forget_surplus(self, sessions: _Sessions) -> None:
        """Forget counters beyond the bounds, of those that are not here, the oldest first."""
        while len(sessions) > MAX_REMEMBERED_SESSIONS:
            del sessions[next(name for name, session in sessions.items() if not session.value)]
        while len(self._devices) > MAX_PRESENCE_DEVICES:
            del self._devices[next(index for index, held in self._devices.items() if not _is_anybody(held))]


def _is_anybody(sessions: _Sessions) -> bool:
    return any(session.value for session in sessions.values())


def _instant(milliseconds: int) -> datetime:
    return datetime.fromtimestamp(milliseconds / 1000, UTC)
