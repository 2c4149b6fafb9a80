"""One space on one connection: catching up, sealing, sending, and confirming what comes back."""

import asyncio
from collections.abc import Callable

from syncore.core.errors import CryptoError, IntegrityError, NotPermitted, RelayLostData, SyncoreError
from syncore.core.identifiers import device_index
from syncore.crypto.signing import verify
from syncore.protocol.client_events import ItemsReceived, RequestRefused, SpaceOpened
from syncore.protocol.messages import OpenOutcome
from syncore.protocol.receipts import Cursor
from syncore.protocol.refusal_codes import RefusalCode
from syncore.replica.guarding import FileGuard
from syncore.replica.keystore import Keystore
from syncore.replica.local_replica import LocalReplica
from syncore.replica.merging import Merge, Merged
from syncore.replica.rebasing import set_aside
from syncore.replica.sealing import UnsendableCommit, seal_pending, sealed_segment
from syncore.replica.space_keys import CipherFactory, SpaceCipher, SpaceKeys, SpacePresenceCipher
from syncore.replica.space_state import SpaceState
from syncore.sync.connection import RelayConnection, refused_error
from syncore.sync.space_presence import SpacePresence
from syncore.sync.status import Progress, SyncState

GENESIS_SPACE = bytes(32)
"""What the genesis commits its content key over: the space's id is not known yet when it is written."""


class SpaceSync:
    """The syncing of one space; survives its connections.

    Attributes:
        progress: What the status shows.
        presence: Who is here.
        was_live: Whether the last connection got as far as being live.
    """

    def __init__(
        self,
        *,
        replica: LocalReplica,
        number: int,
        keystore: Keystore,
        guard: FileGuard,
        changed: Callable[[], None],
        cipher: CipherFactory = SpaceCipher,
    ) -> None:
        """Sync the space with that local number; ``changed`` is called when its progress changes."""
        self._replica = replica
        self._number = number
        self._keystore = keystore
        self._guard = guard
        self._cipher = cipher
        self._changed = changed
        self._connection: RelayConnection | None = None
        self._keys: SpaceKeys | None = None
        self._sent: set[bytes] = set()
        self._pushing = asyncio.Lock()
        self.progress = Progress()
        self.presence = SpacePresence(replica.clock, replica.entropy, counted=changed)
        self.was_live = False

    @property
    def state(self) -> SpaceState:
        """The space in memory."""
        return self._replica.spaces[self._number]

    def connecting(self) -> None:
        """A connection is about to be made."""
        self.was_live = False
        self._show(SyncState.CONNECTING)

    def open_on(self, connection: RelayConnection) -> None:
        """Ask for the space's stream on a fresh connection; the caller flushes it."""
        self._connection = connection
        self._sent.clear()
        self._keys = self._load_keys()
        self.ask_for_stream(connection)
        self._show(SyncState.CATCHING_UP)

    def ask_for_stream(self, connection: RelayConnection) -> int:
        """Ask for what the relay's log holds behind our cursor; the request's id."""
        row = self.state.row
        cursor = None
        if row.generation is not None and row.running_hash is not None:
            cursor = Cursor(generation=row.generation, offset=row.log_offset, running_hash=row.running_hash)
        control = self.state.control
        assert control is not None
        return connection.session.open_space(
            self.state.id, cursor=cursor, receipt=row.receipt or b"", control_seq=max(control.head_seq, 0)
        )

    def disconnect(self) -> None:
        """The connection is gone."""
        self._connection = None
        self.presence.disconnected()
        if self.progress.state is not SyncState.STOPPED:
            self._show(SyncState.OFFLINE)

    def stop(self, failure: SyncoreError) -> None:
        """Trying again cannot help."""
        self.progress.failure = failure
        self._show(SyncState.STOPPED)

    async def on_opened(self, event: SpaceOpened) -> None:
        """The stream begins.

        Raises:
            RelayLostData: the relay does not hold what it had acknowledged; nothing is sealed until it is
                healed.
        """
        check_outcome(event)
        self.progress.offset = event.cursor.offset
        self.progress.head = event.head.offset
        if event.is_caught_up:
            await self._go_live()

    async def on_items(self, event: ItemsReceived) -> None:
        """Merge the next items of the log."""
        keys = self._keys
        assert keys is not None
        merged = await self._replica.change(
            self._number,
            lambda sql, state, work: Merge(sql=sql, state=state, work=work, keys=keys).run(event),
            is_local=False,
        )
        self._note(merged)
        self.progress.offset = event.cursor.offset
        if event.receipt is not None:
            self.progress.last_receipt_ms = event.receipt.receipt.time_ms
        if merged.has_new_control:
            await self._replica.flush()
            await self._guard.write()
        if event.is_caught_up and self.progress.state is not SyncState.LIVE:
            await self._go_live()
        self._changed()

    def on_refused(self, event: RequestRefused) -> None:
        """The space's stream or an upload was refused.

        Raises:
            RelayLostData: the relay does not know what it had acknowledged.
            Refused: trying again on a fresh connection may help, or nothing will.
        """
        if self.presence.answered(event):
            return
        if event.code is RefusalCode.FORK:
            return  # the stream brings the segment that took our number, and with it the rebase
        if event.code is RefusalCode.UNKNOWN_SPACE:
            raise RelayLostData("the relay holds no log of this space any more")
        if event.code is RefusalCode.NOT_MEMBER and self._is_member:
            raise RelayLostData("the relay does not know this device, whose admission it had accepted")
        raise refused_error(event)

    async def push(self) -> None:
        """Seal what is pending, make it durable, move the guard, and send it.

        Raises:
            ConnectionFailed: the connection broke; what was sealed stays sealed.
        """
        async with self._pushing:
            while self._may_push():
                if not await self._guard.is_current() and await self._guard.check():
                    self.progress.returns_in_time += 1
                made = await self._seal()
                await self._replica.flush()
                await self._guard.write()
                await self._send_sealed()
                if not made:
                    return

    def _may_push(self) -> bool:
        return (
            self.progress.state is SyncState.LIVE
            and self._connection is not None
            and self.state.pending_count > 0
        )

    async def _seal(self) -> bool:
        """Seal pending commits, or set one aside; whether there is more to do."""
        keys = self._keys
        assert keys is not None
        try:
            made = await self._replica.change(
                self._number,
                lambda sql, state, work: seal_pending(sql=sql, state=state, work=work, keys=keys),
                is_local=True,
            )
        except UnsendableCommit as error:
            if self.state.sealed:  # what is under way would be sealed a second time under another name
                return False
            await self._set_aside(error)
            return True
        return bool(made)

    async def _set_aside(self, error: UnsendableCommit) -> None:
        await self._replica.change(
            self._number,
            lambda sql, state, work: set_aside(
                sql=sql, state=state, work=work, id_=error.row.id, reason=error.message
            ),
            is_local=True,
        )
        self.progress.set_aside += 1

    async def _send_sealed(self) -> None:
        connection = self._connection
        if connection is None:
            return
        for row in list(self.state.sealed):
            if not connection.has_room:
                return  # an answer makes room, and wakes us up
            if row.hash not in self._sent:
                self._sent.add(row.hash)
                connection.session.append_segment(sealed_segment(row))
                await connection.flush()

    async def _go_live(self) -> None:
        """Everything is in: check what only now can be checked, then let changes flow out."""
        state = self.state
        self._guard.check_control(state)
        if not self._is_member:
            raise NotPermitted("this device is not a member of the space any more")
        self.was_live = True
        self.progress.failure = None
        self._show(SyncState.LIVE)
        self._replica.committed.set()
        assert self._connection is not None
        assert self._keys is not None
        self.presence.connected(self._connection, self._keys, lambda: self.state)

    @property
    def _is_member(self) -> bool:
        """Whether the control log that is held here names this device."""
        control = self.state.control
        assert control is not None
        return control.role(device_index(self.state.writer)) is not None

    def _note(self, merged: Merged) -> None:
        self._replica.observe(merged.newest_time)
        self.progress.returns_in_time += len(merged.rebases)
        self.progress.closed_writers += len(merged.closed)
        if merged.acknowledged or merged.rebases:
            self._replica.committed.set()

    def _load_keys(self) -> SpaceKeys:
        control = self.state.control
        assert control is not None
        device = self._keystore.device()
        if device is None:
            raise NotPermitted("the keystore of this replica holds no device keys")
        epoch = max(control.epoch, 1)
        key = self._keystore.content_key(self.state.id, epoch)
        if key is None:
            raise NotPermitted("the keystore of this replica holds no key for the space")
        commitment = control.commitment(epoch)
        if commitment is not None:
            try:
                key.verify_commitment(
                    commitment, space=GENESIS_SPACE if epoch == 1 else self.state.id, epoch=epoch
                )
            except CryptoError as error:
                raise IntegrityError(
                    "the keystore holds another key than the one that the space names"
                ) from error
        return SpaceKeys(
            cipher=self._cipher({epoch: key}, self._replica.entropy),
            presence=SpacePresenceCipher({epoch: key}, self._replica.entropy),
            signer=device.signing,
            verify=verify,
        )

    def _show(self, state: SyncState) -> None:
        self.progress.state = state
        self._changed()


def check_outcome(event: SpaceOpened) -> None:
    """Refuse a stream that does not go on where it had ended.

    Raises:
        RelayLostData: the relay does not hold what it had acknowledged.
    """
    if event.outcome not in {OpenOutcome.RESUMED, OpenOutcome.FROM_START}:
        raise RelayLostData(_LOSSES[event.outcome])


_LOSSES = {
    OpenOutcome.NEW_GENERATION: "the relay has started its log of this space anew",
    OpenOutcome.LOST: "the relay has lost the end of its log: it was restored from an older copy",
    OpenOutcome.DIVERGED: "the relay's log holds something else than what it had shown",
}
