"""The sync client of a replica: one task a relay, which connects, backs off, resumes and reports.

It never blocks local work: it reads and writes through the same short transactions as the program does.
Whatever fails is shown in the status; what trying again cannot mend stops the space until the program opens
the replica anew.
"""

import asyncio
from collections.abc import Callable, Coroutine, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from syncore.core.errors import (
    Closed,
    ConnectionFailed,
    Misused,
    Refused,
    StorageError,
    SyncoreError,
)
from syncore.core.identifiers import SpaceId, device_index
from syncore.core.ports import Clock, Connector, Entropy
from syncore.crypto.signing import verify
from syncore.protocol.client_events import ClientEvent, SpaceOpened
from syncore.protocol.receipts import Cursor, decode_receipt
from syncore.replica.guarding import FileGuard
from syncore.replica.keystore import Keystore
from syncore.replica.local_replica import LocalReplica
from syncore.replica.space_keys import CipherFactory, SpaceCipher
from syncore.replica.space_state import SpaceState
from syncore.sync.backoff import pause_ms
from syncore.sync.connection import Answer, RelayConnection
from syncore.sync.failures import is_passing, worst_of
from syncore.sync.space_events import SpaceEvent, take_event
from syncore.sync.space_presence import SpacePresence
from syncore.sync.space_sync import LOSSES, UNKNOWN_CODES, SpaceSync
from syncore.sync.status import SpaceStatus, SyncState, Traffic


@dataclass(frozen=True, slots=True, kw_only=True)
class Outside:
    """The outside world of a sync client."""

    connector: Connector
    clock: Clock
    entropy: Entropy
    cipher: CipherFactory = SpaceCipher


@dataclass(slots=True)
class _Link:
    """The spaces at one relay, and the task that syncs them."""

    address: str
    relay_key: bytes | None
    spaces: dict[int, SpaceSync]
    traffic: Traffic
    committed: asyncio.Event = field(default_factory=asyncio.Event)
    task: asyncio.Task[None] | None = None


class SyncService:
    """Syncs every shared space of a replica with its relay, until it is closed.

    Attributes:
        revision: How often some space's status has changed.
    """

    def __init__(self, replica: LocalReplica, keystore: Keystore, guard: FileGuard, outside: Outside) -> None:
        """Nothing happens before :meth:`add`."""
        self._replica = replica
        self._keystore = keystore
        self._guard = guard
        self._outside = outside
        self._links: dict[tuple[str, bytes | None], _Link] = {}
        self._tasks: dict[asyncio.Task[None], None] = {}  # in the order in which they began
        self._changed = asyncio.Event()
        self._is_closed = False
        self.revision = 0

    def add(self, number: int) -> None:
        """Sync the space with that local number from now on."""
        state = self._replica.spaces[number]
        control = state.control
        assert control is not None
        address = control.relay_addresses[0]
        key = (address, control.relay_key)
        link = self._links.get(key)
        if link is None:
            link = self._links[key] = _Link(address, control.relay_key, {}, Traffic())
        link.spaces[number] = SpaceSync(
            replica=self._replica,
            number=number,
            keystore=self._keystore,
            guard=self._guard,
            cipher=self._outside.cipher,
            changed=self._announce,
        )
        if not self._tasks:
            self._start(self._spread_commits(), "syncore commits")
        predecessor = link.task
        if predecessor is not None:  # a space was added: the connection is made anew, for all of its spaces
            predecessor.cancel()
        link.task = self._start(self._run(link, predecessor), f"syncore sync {address}")

    async def close(self) -> None:
        """Disconnect. What was not acknowledged stays in the pending log. Idempotent."""
        self._is_closed = True
        presences = [sync.presence for link in self._links.values() for sync in link.spaces.values()]
        await asyncio.gather(*(presence.leave() for presence in presences))
        for presence in presences:
            presence.close()
        tasks = [*self._tasks]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)  # what failed was shown in the status
        self._announce()

    def status(self, number: int) -> SpaceStatus:
        """Where a space stands now."""
        state = self._replica.spaces[number]
        if state.is_private:
            return SpaceStatus(state=SyncState.PRIVATE)
        found = self._find(number)
        if found is None:
            return SpaceStatus(
                state=SyncState.OFFLINE, unsent=state.pending_count, reason="syncing is switched off"
            )
        link, sync = found
        progress = sync.progress
        return SpaceStatus(
            state=progress.state,
            progress_percent=progress.percent if progress.state is not SyncState.HEALING else _healed(state),
            unsent=state.pending_count,
            reason=progress.failure.message if progress.failure else "",
            last_receipt_ms=progress.last_receipt_ms or _stored_receipt_ms(state),
            sent_bytes=link.traffic.sent_bytes,
            received_bytes=link.traffic.received_bytes,
            returns_in_time=progress.returns_in_time,
            closed_writers=len(state.closed),
            set_aside=progress.set_aside,
            presence_dropped=sync.presence.dropped,
            presence_refused=sync.presence.refused,
            relay_losses=state.row.relay_losses,
            contradictions=progress.contradictions,
        )

    def presence(self, number: int) -> SpacePresence:
        """Who is in a space; taking part in it begins with the first call.

        Raises:
            Closed: the replica is closed.
        """
        if self._is_closed:
            raise Closed("the replica is closed")
        presence = self._found(number)[1].presence
        if presence.begin():
            self._start(presence.run(), "syncore presence")
        return presence

    async def synced(self, number: int) -> None:
        """Return when all own commits are acknowledged and all that the relay holds by now is in.

        What others sent may be on its way to us while nothing shows it, so the relay is asked, on a
        connection of its own, where its log ends.

        Raises:
            Closed: the replica was closed meanwhile.
            SyncoreError: what stopped the space.
        """
        while True:
            await self._until(lambda: self._is_synced(number))
            link, sync = self._found(number)
            if sync.progress.state is SyncState.STOPPED and sync.progress.failure is not None:
                raise sync.progress.failure
            try:
                head = await self._head_at_relay(link, sync)
            except SyncoreError as failure:
                if not is_passing(failure):
                    sync.stop(failure)
                    raise
                head = None
            if head is None:
                await asyncio.sleep(self._pause_ms(1) / 1000)
                continue
            await self._until(lambda: self._is_stopped(number) or not self._is_behind(number, head))  # noqa: B023 - awaited here
            if self._is_synced(number) and not self._is_stopped(number) and self._is_at(number, head):
                return

    async def admitted(self, number: int) -> None:
        """Return when the control log that is held here names this device, or the space has stopped."""
        await self._until(lambda: self._is_admitted(number))

    async def changed(self, since: int) -> None:
        """Return when some space's status has changed since that :attr:`revision`.

        Raises:
            Closed: the replica was closed.
        """
        await self._until(lambda: self.revision != since)

    async def _until(self, condition: Callable[[], bool]) -> None:
        while not condition():
            if self._is_closed:
                raise Closed("the replica was closed while something waited for its syncing")
            await self._changed.wait()

    def _is_synced(self, number: int) -> bool:
        is_live = self._found(number)[1].progress.state is SyncState.LIVE
        return self._is_stopped(number) or (is_live and self._replica.spaces[number].pending_count == 0)

    def _is_stopped(self, number: int) -> bool:
        return self._found(number)[1].progress.state is SyncState.STOPPED

    def _is_admitted(self, number: int) -> bool:
        state = self._replica.spaces[number]
        is_named = state.control is not None and state.control.role(device_index(state.writer)) is not None
        return is_named or self._is_stopped(number)

    def _is_at(self, number: int, head: Cursor) -> bool:
        row = self._replica.spaces[number].row
        return row.generation == head.generation and row.log_offset >= head.offset

    def _is_behind(self, number: int, head: Cursor) -> bool:
        row = self._replica.spaces[number].row
        return row.generation == head.generation and row.log_offset < head.offset

    async def _head_at_relay(self, link: _Link, sync: SpaceSync) -> Cursor | None:
        """Where the relay's log of a space ends now; None if it lost data, which a fresh connection heals.

        Raises:
            SyncoreError: it could not be asked.
        """
        connection = await self._open(link)
        opened: Answer | None = None
        async with connection, connection.attended():
            try:
                opened = await connection.answer_to(sync.ask_for_stream(connection))
            except Refused as refusal:
                if refusal.code not in UNKNOWN_CODES:
                    raise
        if isinstance(opened, SpaceOpened) and opened.outcome not in LOSSES:
            return opened.head
        await sync.reconnect()
        return None

    def _found(self, number: int) -> tuple[_Link, SpaceSync]:
        found = self._find(number)
        if found is None:
            raise Misused("the space is not synced by this program", hint="open the replica anew, with sync")
        return found

    def _find(self, number: int) -> tuple[_Link, SpaceSync] | None:
        for link in self._links.values():
            if number in link.spaces:
                return link, link.spaces[number]
        return None

    def _start(self, work: Coroutine[object, object, None], name: str) -> asyncio.Task[None]:
        task = asyncio.get_running_loop().create_task(work, name=name)
        self._tasks[task] = None
        return task

    async def _spread_commits(self) -> None:
        """Wake up every link for every commit."""
        while True:
            await self._replica.committed.wait()
            self._replica.committed.clear()
            for link in self._links.values():
                link.committed.set()

    async def _run(self, link: _Link, predecessor: asyncio.Task[None] | None) -> None:
        """Connect again and again, with pauses that grow while nothing succeeds."""
        if predecessor is not None:
            await asyncio.wait([predecessor])
            self._tasks.pop(predecessor, None)
        attempt = 0
        while active := [
            sync for sync in link.spaces.values() if sync.progress.state is not SyncState.STOPPED
        ]:
            try:
                await self._connect(link, active)
            except SyncoreError as failure:
                # A disk that is full or broken is so whatever the relay does: being live again is no success.
                has_succeeded = any(sync.was_live for sync in active) and not isinstance(
                    failure, StorageError
                )
                attempt = 1 if has_succeeded else attempt + 1
                self._note_failure(active, failure)
            except Exception as defect:
                self._note_failure(active, Misused(f"a defect in syncore stopped the syncing: {defect!r}"))
                raise
            if self._is_closed or link.task is not asyncio.current_task():
                return  # cancelled, which a task group forgets when one of its tasks fails at that moment
            await asyncio.sleep(self._pause_ms(attempt) / 1000)

    async def _connect(self, link: _Link, active: list[SpaceSync]) -> None:
        """One connection, from its beginning to its end, which is always an exception."""
        for sync in active:
            sync.connecting()
        connection = await self._open(link)
        try:
            async with connection, asyncio.TaskGroup() as tasks:
                await self._replica.recall()  # a write that failed may be what ended the last connection
                for sync in active:
                    with _only_for(sync):
                        sync.open_on(connection)
                tasks.create_task(self._read(connection, active))
                tasks.create_task(self._push(link, active))
        except* SyncoreError as failures:
            raise worst_of(failures) from failures
        finally:
            for sync in active:
                sync.disconnect()

    async def _open(self, link: _Link) -> RelayConnection:
        device = await asyncio.to_thread(self._keystore.device_or_new)
        return await RelayConnection.open(
            link.address,
            connector=self._outside.connector,
            signer=device.signing,
            verify=verify,
            clock=self._outside.clock,
            entropy=self._outside.entropy,
            expected_relay_key=link.relay_key,
            traffic=link.traffic,
        )

    async def _read(self, connection: RelayConnection, active: Iterable[SpaceSync]) -> None:
        await connection.flush()
        by_space = {sync.state.id: sync for sync in active}
        async for event in connection.events():
            await _dispatch(event, by_space)

    async def _push(self, link: _Link, active: list[SpaceSync]) -> None:
        """Seal and send whenever something was committed or acknowledged."""
        while True:
            link.committed.clear()
            for sync in active:
                with _only_for(sync):
                    await sync.push()
            await link.committed.wait()

    def _note_failure(self, active: list[SpaceSync], failure: SyncoreError) -> None:
        for sync in active:
            if sync.progress.state is SyncState.STOPPED:
                continue  # by itself, which ended the connection
            sync.progress.failure = failure
            sync.progress.state = SyncState.OFFLINE if is_passing(failure) else SyncState.STOPPED
        self._announce()

    def _pause_ms(self, attempt: int) -> int:
        return pause_ms(max(attempt, 1), self._outside.entropy.random_bytes(1)[0] / 255)

    def _announce(self) -> None:
        """Wake up everybody who waits for a change of status."""
        self.revision += 1
        changed, self._changed = self._changed, asyncio.Event()
        changed.set()


@contextmanager
def _only_for(sync: SpaceSync) -> Iterator[None]:
    """What stops one space does not stop the others at its relay.

    Raises:
        ConnectionFailed: the space was stopped, and the connection is to be made anew without it.
    """
    try:
        yield
    except SyncoreError as failure:
        if is_passing(failure):
            raise
        sync.stop(failure)
        raise ConnectionFailed("another space at this relay has stopped; connecting without it") from failure


async def _dispatch(event: ClientEvent, by_space: dict[SpaceId, SpaceSync]) -> None:
    if isinstance(event, SpaceEvent) and event.space in by_space:
        sync = by_space[event.space]
        with _only_for(sync):
            await take_event(sync, event)


def _healed(state: SpaceState) -> int:
    """How much of what is held here the relay's log holds again, in percent."""
    return 100 - state.missing_count * 100 // max(state.missing_total, 1)


def _stored_receipt_ms(state: SpaceState) -> int | None:
    return None if state.row.receipt is None else decode_receipt(state.row.receipt).receipt.time_ms
