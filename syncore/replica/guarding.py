"""Holding the file against its guard: is this the file that was here last, or an older copy of it?

The order that makes this sound: the file commits with a full sync, then the guard is written and synced, and
only then are segments sent. So a file behind its guard has lost something that others may hold.
"""

import asyncio
from functools import partial

from syncore.core.errors import ProtocolViolation
from syncore.core.identifiers import Incarnation
from syncore.core.ports import Durability, SqlConnection
from syncore.replica.document_work import DocumentWork
from syncore.replica.keystore import ControlPoint, Guard, Keystore
from syncore.replica.local_replica import LocalReplica
from syncore.replica.sealing import sealed_count, write_sealed_count
from syncore.replica.space_state import SpaceState, start_incarnation

_INCARNATION_BYTES = 4


class FileGuard:
    """The guard of one replica file."""

    def __init__(self, replica: LocalReplica, keystore: Keystore) -> None:
        """Compare ``replica`` with what ``keystore`` remembers."""
        self._replica = replica
        self._keystore = keystore
        self._writing = asyncio.Lock()
        self._last = Guard()

    async def check(self) -> bool:
        """Start a new incarnation in every shared space if the file is behind its guard, or there is none.

        Returns:
            Whether the file has returned in time. The caller tells the program.
        """
        await self._replica.recall()
        shared = [state for state in self._replica.spaces.values() if not state.is_private]
        if not shared:
            return False
        guard = await asyncio.to_thread(self._keystore.guard)
        if guard is not None:
            self._last = guard
            if not await self._is_behind(guard):
                return False
        for state in shared:
            incarnation = Incarnation(
                int.from_bytes(self._replica.entropy.random_bytes(_INCARNATION_BYTES), "big")
            )
            await self._replica.change(
                state.number,
                partial(_renew, incarnation=incarnation),
                is_local=True,
            )
        await self._replica.database.write(self._catch_up, Durability.FULL)
        await self.write()
        return True

    async def is_current(self) -> bool:
        """Whether nobody else has sealed under our keys since; a copy that runs beside us would have."""
        guard = await asyncio.to_thread(self._keystore.guard)
        return guard is not None and guard.sealed == self._last.sealed

    async def write(self) -> None:
        """Let the guard catch up with the file, whose last commit the caller has made durable.

        It never goes back, nor over to another history: a restored file that is behind in a control log, or
        is shown another one, leaves the head that was seen before, for :meth:`check_control` to hold on to.
        """
        async with self._writing:
            await self._replica.recall()
            count = await self._replica.read(sealed_count)
            control = {
                state.id: ControlPoint(seq=state.control.head_seq, link=state.control.head_link)
                for state in self._replica.spaces.values()
                if state.control is not None and state.control.head_seq >= 0 and self._continues(state)
            }
            guard = Guard(sealed=max(count, self._last.sealed), control={**self._last.control, **control})
            if guard != self._last:
                await self._replace(guard)

    async def _replace(self, guard: Guard) -> None:
        """Write the guard to its end, also when the caller is cancelled: an older one must not come after."""
        writing = asyncio.ensure_future(asyncio.to_thread(self._keystore.write_guard, guard))
        try:
            await asyncio.shield(writing)
        except asyncio.CancelledError:
            await asyncio.wait([writing])
            if not writing.cancelled() and writing.exception() is None:
                self._last = guard
            raise
        self._last = guard

    def check_control(self, state: SpaceState) -> None:
        """Refuse a control log that does not contain the head which was seen before.

        Raises:
            ProtocolViolation: the relay shows another history of the space's membership.
        """
        if not self._continues(state):
            raise ProtocolViolation(
                "the relay shows another control log than before",
                hint="compare the space's fingerprint with another member; nothing is sent meanwhile",
            )

    def lacks_control(self, state: SpaceState) -> bool:
        """Whether the control log ends before the head that was seen before."""
        known = self._last.control.get(state.id)
        return known is not None and state.control is not None and state.control.head_seq < known.seq

    def _continues(self, state: SpaceState) -> bool:
        """Whether the control log of a space contains the head which was seen before."""
        known = self._last.control.get(state.id)
        return known is None or state.control is None or state.control.link_at(known.seq) == known.link

    def _catch_up(self, sql: SqlConnection) -> None:
        """From here on the file counts along again; otherwise it would be behind at every opening."""
        write_sealed_count(sql, max(sealed_count(sql), self._last.sealed))

    async def _is_behind(self, guard: Guard) -> bool:
        if await self._replica.read(sealed_count) < guard.sealed:
            return True
        for state in self._replica.spaces.values():
            known = guard.control.get(state.id)
            if known is not None and state.control is not None and state.control.head_seq < known.seq:
                return True
        return False


def _renew(sql: SqlConnection, state: SpaceState, work: DocumentWork, *, incarnation: Incarnation) -> None:
    start_incarnation(state, sql, incarnation)
    work.forget_all()
