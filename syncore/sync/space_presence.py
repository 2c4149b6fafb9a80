"""Presence in one space: what this program shows of itself, and who else is here, while the space is live.

Owns the loop that speaks and lets time run out, and what messages of others are worth. Knows no file: nothing
of it is stored, and a fresh session begins whenever the replica is opened. What is wrong with a message costs
nobody the connection: it is dropped, and counted in the status.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from syncore.core.errors import Closed, ConnectionFailed, CryptoError, Misused, RemoteError
from syncore.core.identifiers import device_index
from syncore.core.ports import Clock, Entropy
from syncore.protocol.client_events import PresenceReceived, RequestDone, RequestRefused
from syncore.protocol.presence import (
    PRESENCE_SESSION_BYTES,
    PresenceHeader,
    PresenceMessage,
    PresencePlain,
    open_presence,
    parse_presence,
    seal_presence,
    verify_presence,
)
from syncore.protocol.presence_table import Heard, PresenceTable, Present
from syncore.protocol.presence_voice import PresenceVoice
from syncore.replica.space_keys import SpaceKeys
from syncore.replica.space_state import SpaceState
from syncore.sync.connection import RelayConnection

BUSY_PAUSE_MS: Final = 50
"""Before trying again while so many requests wait for answers that none may be made."""
LEAVE_TIMEOUT_S: Final = 1.0
"""How long closing waits for the word that this program is not here any more to leave."""
_FRACTIONS: Final = 256


@dataclass(frozen=True, slots=True)
class _Stage:
    """A live space: whom to speak to, and with what."""

    connection: RelayConnection
    keys: SpaceKeys
    state: Callable[[], SpaceState]


class SpacePresence:
    """The presence of one space; survives its connections.

    Attributes:
        dropped: How many messages of others were not taken.
    """

    def __init__(self, clock: Clock, entropy: Entropy, *, counted: Callable[[], None]) -> None:
        """Begin a session; silent until somebody is interested. ``counted`` is called when a count rises."""
        self.dropped = 0
        self._clock = clock
        self._entropy = entropy
        self._counted = counted
        self._session = entropy.random_bytes(PRESENCE_SESSION_BYTES)
        self._counter = 0
        self._table = PresenceTable()
        self._voice = PresenceVoice()
        self._stage: _Stage | None = None
        self._request_id: int | None = None
        self._is_begun = False
        self._is_closed = False
        self._failure: Misused | None = None
        self._wake = asyncio.Event()
        self._changed = asyncio.Event()
        self._seen_revision = 0

    # --- what programs ask ---

    @property
    def refused(self) -> int:
        """How many own messages the relay did not hand on."""
        return self._voice.refusals

    @property
    def others(self) -> tuple[Present, ...]:
        """Who is here now."""
        self._expire()
        return self._table.others

    def show(self, value: bytes, ttl_ms: int) -> None:
        """Show an encoded value from now on."""
        self._check()
        self._voice.show(value, ttl_ms, self._clock.monotonic_ms())
        self._wake.set()

    def clear(self) -> None:
        """Show nothing any more."""
        self._check()
        self._voice.clear(self._clock.monotonic_ms())
        self._wake.set()

    async def changes(self) -> AsyncIterator[tuple[Present, ...]]:
        """Who is here now, and again whenever somebody comes, shows something else or leaves, until closed.

        Raises:
            Closed: the replica is closed already.
        """
        self._check()
        while not self._is_closed:
            self._check()
            others = self.others
            changed, revision = self._changed, self._table.revision
            yield others
            if self._table.revision == revision:
                await changed.wait()

    # --- what the space's syncing tells ---

    def begin(self) -> bool:
        """Take part from now on; whether :meth:`run` is to be started, which it is once."""
        is_first, self._is_begun = not self._is_begun, True
        if is_first and self._stage is not None:
            self._voice.connected(self._clock.monotonic_ms())
        return is_first

    def connected(
        self, connection: RelayConnection, keys: SpaceKeys, state: Callable[[], SpaceState]
    ) -> None:
        """The space is live."""
        self._stage, self._request_id = _Stage(connection, keys, state), None
        if self._is_begun:
            self._voice.connected(self._clock.monotonic_ms())
            self._wake.set()

    def disconnected(self) -> None:
        """The connection is gone; those who were here are shown until their time to live is over."""
        self._stage = self._request_id = None
        self._voice.disconnected()

    def received(self, event: PresenceReceived) -> None:
        """Somebody else's message."""
        try:
            plain = self._take(event)
        except (RemoteError, CryptoError):
            plain = None  # counted below: nobody is to lose the connection by what somebody else wrote
        if plain is None:
            self.dropped += 1
            self._counted()
        elif plain.asks:
            self._voice.asked(self._clock.monotonic_ms(), self._chance())
        self._announce()
        self._wake.set()

    def answered(self, event: RequestDone | RequestRefused) -> bool:
        """Take the answer to what was said; False if it answers something else."""
        if self._request_id is None or event.request_id != self._request_id:
            return False
        self._request_id = None
        now_ms = self._clock.monotonic_ms()
        if isinstance(event, RequestDone):
            self._voice.done(now_ms, self._chance())
        else:
            self._voice.refused(now_ms, is_final=event.is_final)
            self._counted()
        self._wake.set()
        return True

    # --- its life ---

    async def run(self) -> None:
        """Speak when it is time, and let the time of others run out, until cancelled."""
        try:
            while True:
                self._wake.clear()
                self._expire()
                await self._speak()
                await self._until_due()
        except Exception as defect:
            self._failure = Misused(f"a defect in syncore stopped presence: {defect!r}")
            self._changed.set()
            raise

    async def leave(self) -> None:
        """Tell the others, if they can be reached at once, that this program is not here any more."""
        stage = self._stage
        if stage is None or not self._voice.is_shown:
            return
        self._voice.disconnected()
        with suppress(ConnectionFailed, TimeoutError):  # its time to live tells them too
            async with asyncio.timeout(LEAVE_TIMEOUT_S):
                if stage.connection.has_room:
                    await self._say(stage, PresencePlain(asks=False, ttl_ms=0, value=b""))

    def close(self) -> None:
        """End all iterators of changes. Idempotent."""
        self._is_closed = True
        self._changed.set()

    # --- inside: speaking ---

    async def _speak(self) -> None:
        stage, now_ms = self._stage, self._clock.monotonic_ms()
        if stage is None:
            return
        with suppress(ConnectionFailed):  # whoever reads the connection finds the same, and reports it
            if not stage.connection.has_room:
                self._voice.rest(now_ms + BUSY_PAUSE_MS)
                return
            plain = self._voice.take(now_ms)
            if plain is not None:
                await self._say(stage, plain)

    async def _say(self, stage: _Stage, plain: PresencePlain) -> None:
        state = stage.state()
        assert state.control is not None
        self._counter += 1
        header = PresenceHeader(
            space=state.id,
            writer=state.writer,
            session=self._session,
            counter=self._counter,
            epoch=state.control.epoch,
        )
        message = seal_presence(header, plain, cipher=stage.keys.presence, signer=stage.keys.signer)
        self._request_id = stage.connection.session.show(message)
        await stage.connection.flush()

    async def _until_due(self) -> None:
        due = [due_ms for due_ms in (self._voice.due_ms, self._table.next_expiry_ms) if due_ms is not None]
        pause_s = max(1, min(due) - self._clock.monotonic_ms()) / 1000 if due else None
        with suppress(TimeoutError):
            async with asyncio.timeout(pause_s):
                await self._wake.wait()

    # --- inside: hearing ---

    def _take(self, event: PresenceReceived) -> PresencePlain | None:
        """What a message says, if it is worth anything.

        Raises:
            RemoteError, CryptoError: it is not.
        """
        stage = self._stage
        if stage is None or not self._is_begun:
            return None
        message = parse_presence(event.content, event.signature)
        header = message.header
        device = device_index(header.writer)
        if header.session == self._session or not self._table.is_new(device, header.session, header.counter):
            return None
        plain = _opened(message, stage)
        heard = self._table.hear(
            device,
            header.session,
            header.counter,
            plain,
            now_ms=self._clock.monotonic_ms(),
            wall_ms=self._clock.now_ms(),
        )
        return plain if heard is Heard.TAKEN else None

    def _expire(self) -> None:
        self._table.expire(self._clock.monotonic_ms())
        self._announce()

    def _announce(self) -> None:
        """Wake up whoever waits for a change, if there was one."""
        if self._table.revision != self._seen_revision:
            self._seen_revision = self._table.revision
            changed, self._changed = self._changed, asyncio.Event()
            changed.set()

    def _check(self) -> None:
        if self._is_closed:
            raise Closed("the replica is closed")
        if self._failure is not None:
            raise self._failure

    def _chance(self) -> float:
        return self._entropy.random_bytes(1)[0] / _FRACTIONS


def _opened(message: PresenceMessage, stage: _Stage) -> PresencePlain:
    """What a message says, once it is known to be by the member that it names.

    Raises:
        CryptoError: nobody here can have made it, or the seal does not hold.
        RemoteError: its author wrote what nobody may write.
    """
    state, header = stage.state(), message.header
    control = state.control
    assert control is not None
    author = control.devices.get(device_index(header.writer))
    if header.space != state.id or header.epoch != control.epoch or author is None:
        raise CryptoError("a presence message is of another space, another epoch, or nobody here")
    verify_presence(message, public_key=author.signing_key, verify=stage.keys.verify)
    return open_presence(message, cipher=stage.keys.presence)
