"""One space on one connection: catching up, sealing, sending, and confirming what comes back."""

import asyncio
from collections.abc import Callable

from syncore.core.errors import (
    ConnectionFailed,
    DishonestRelay,
    IntegrityError,
    NotPermitted,
    RelayLostData,
    SyncoreError,
    WriterRejected,
)
from syncore.core.identifiers import device_index
from syncore.protocol.client_events import ItemsReceived, RequestRefused, SpaceOpened, UploadStored
from syncore.protocol.messages import OpenOutcome
from syncore.protocol.receipts import Cursor, decode_receipt
from syncore.protocol.refusal_codes import RefusalCode
from syncore.replica.guarding import FileGuard
from syncore.replica.healing import accuse_relay, begin_healing
from syncore.replica.keystore import Keystore
from syncore.replica.local_replica import LocalReplica
from syncore.replica.merging import Merge, Merged
from syncore.replica.rebasing import set_aside
from syncore.replica.sealing import UnsendableCommit, seal_pending, sealed_segment
from syncore.replica.space_keys import CipherFactory, SpaceCipher, SpaceKeys
from syncore.replica.space_state import SpaceState
from syncore.storage.finding_rows import FindingKind
from syncore.sync.connection import RelayConnection, refused_error
from syncore.sync.refilling import UNKNOWN, Phase, Refilling
from syncore.sync.space_presence import SpacePresence
from syncore.sync.status import Progress, SyncState
from syncore.sync.unlocking import unlock


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
        self._refilling: Refilling | None = None
        self._pushing = asyncio.Lock()
        self.progress = Progress()
        self.presence = SpacePresence(replica.clock, replica.entropy, counted=changed)
        self.was_live = False
        failure = lasting_failure(self.state)
        if failure is not None:
            self.stop(failure)

    @property
    def state(self) -> SpaceState:
        """The space in memory."""
        return self._replica.spaces[self._number]

    def connecting(self) -> None:
        """A connection is about to be made."""
        self.was_live = False
        self._show(SyncState.CONNECTING)

    def open_on(self, connection: RelayConnection) -> None:
        """Ask for the space's stream on a fresh connection; the caller flushes it.

        Raises:
            IntegrityError: what the file notes about its place in the log is damaged.
            NotPermitted, IntegrityError: the keystore lacks keys, or holds others.
        """
        if self.state.damage:
            raise IntegrityError(self.state.damage)
        self._connection = connection
        self._sent.clear()
        self._keys = unlock(self.state, self._keystore, self._cipher, self._replica.entropy)
        self._refilling = Refilling(self._replica, self._number, connection, self.ask_for_stream)
        self._show(SyncState.HEALING if self.state.missing_count else SyncState.CATCHING_UP)

    def ask_for_stream(self, connection: RelayConnection) -> int:
        """Ask for what the relay's log holds behind our cursor; the request's id."""
        row = self.state.row
        cursor = None
        if row.generation is not None and row.running_hash is not None:
            cursor = Cursor(generation=row.generation, offset=row.log_offset, running_hash=row.running_hash)
        control = self.state.control
        assert control is not None
        dispute = self.state.findings.get(FindingKind.DISPUTE)
        receipt = row.receipt if dispute is None else dispute.shown
        return connection.session.open_space(
            self.state.id, cursor=cursor, receipt=receipt or b"", control_seq=max(control.head_seq, 0)
        )

    def disconnect(self) -> None:
        """The connection is gone."""
        self._connection = self._refilling = None
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
            DishonestRelay: the relay goes on in spite of its own signature.
        """
        assert self._refilling is not None
        self._refilling.phase = Phase.READING
        if event.outcome in LOSSES:
            await self._begin_healing()
        else:
            await self._check_dispute(event)
        self.progress.offset = event.cursor.offset
        self.progress.head = event.head.offset
        if event.is_caught_up:
            await self._go_live()

    async def on_items(self, event: ItemsReceived) -> None:
        """Merge the next items of the log."""
        keys = self._keys
        assert keys is not None
        now_ms = self._replica.clock.now_ms()
        merged = await self._replica.change(
            self._number,
            lambda sql, state, work: Merge(sql=sql, state=state, work=work, keys=keys, now_ms=now_ms).run(
                event
            ),
            is_local=False,
        )
        self._note(merged)
        if self._refilling is not None:
            self._refilling.note_stubs(event)
        self.progress.offset = event.cursor.offset
        if event.receipt is not None:
            self.progress.last_receipt_ms = event.receipt.receipt.time_ms
        if merged.has_new_control:
            await self._replica.flush()
            await self._guard.write()
        self._check_findings()
        if event.is_caught_up and self.progress.state is not SyncState.LIVE:
            await self._go_live()
        self._changed()

    async def on_stored(self, event: UploadStored) -> None:
        """Something that was uploaded is in the log, and the stream does not say so."""
        if self._refilling is not None and self._refilling.note_stored(event.request_id):
            await self._go_on_healing(self._refilling)

    async def on_refused(self, event: RequestRefused) -> None:
        """The space's stream or an upload was refused.

        Raises:
            ConnectionFailed: the relay denies what it has opened, or our number; the next one tells more.
            RelayLostData: it lost data, and holds something else in its place.
            Refused: trying again on a fresh connection may help, or nothing will.
        """
        if self.presence.answered(event):
            return
        refilling = self._refilling
        if refilling is not None and refilling.is_opening(event.request_id):
            await self._on_not_opened(event, refilling)
            return
        if refilling is not None and await refilling.note_refused(event):
            await self._go_on_healing(refilling)
            return
        if event.code is RefusalCode.FORK:
            # The stream of a fresh connection brings the segment that took our number, and with it a rebase.
            # If there is none, the relay has read something else than was sent: sending again helps.
            raise ConnectionFailed(f"the relay has another segment under our number: {event.detail}")
        if event.code in UNKNOWN and self._is_member:
            raise ConnectionFailed(f"the relay does not know any more what it had opened: {event.detail}")
        raise refused_error(event)

    async def reconnect(self) -> None:
        """End the connection: another one has shown that the relay's log is not what it was."""
        if self._connection is not None:
            await self._connection.close()

    async def push(self) -> None:
        """Seal what is pending, make it durable, move the guard, and send it.

        Raises:
            ConnectionFailed: the connection broke; what was sealed stays sealed.
        """
        async with self._pushing:
            if self._refilling is not None:
                await self._refilling.send()
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
        assert self._refilling is not None
        self._refilling.phase = Phase.CAUGHT_UP
        if state.missing_count:
            self._show(SyncState.HEALING)
            self._replica.committed.set()
            return
        if state.row.relay_losses and self._guard.lacks_control(state):
            self.progress.failure = _BOTH_LOST
            self._show(SyncState.HEALING)
            return
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

    # --- healing ---

    async def _begin_healing(self) -> None:
        """The relay lost data: forget how far its log was read, and give it back what it lacks."""
        await self._replica.change(self._number, begin_healing, is_local=False)
        self._show(SyncState.HEALING)

    async def _on_not_opened(self, event: RequestRefused, refilling: Refilling) -> None:
        if event.code not in UNKNOWN or not self._is_member:
            raise refused_error(event)
        if not self.state.missing_count or self.state.row.generation is not None:
            await self._begin_healing()
        await refilling.note_not_opened(event)
        self._replica.committed.set()

    async def _go_on_healing(self, refilling: Refilling) -> None:
        """An upload was answered: there is room for the next one, or it was the last."""
        if refilling.phase is Phase.CAUGHT_UP and not self.state.missing_count:
            await self._go_live()
        else:
            self._replica.committed.set()

    # --- what was found out ---

    def _check_findings(self) -> None:
        """Act on what a segment of another member has shown.

        Raises:
            WriterRejected: others take nothing more of what this device writes.
            ConnectionFailed: the relay is to be asked about a receipt of its own.
        """
        findings = self.state.findings
        if FindingKind.REJECTED_WRITER in findings:
            raise WriterRejected(findings[FindingKind.REJECTED_WRITER].reason)
        if FindingKind.DISPUTE in findings:
            raise ConnectionFailed(f"{findings[FindingKind.DISPUTE].reason}; asking it about that")

    async def _check_dispute(self, event: SpaceOpened) -> None:
        """Refuse a relay that was shown its own signature over another log, and resumes this one.

        Raises:
            DishonestRelay: it does.
        """
        dispute = self.state.findings.get(FindingKind.DISPUTE)
        if dispute is None or decode_receipt(dispute.shown).receipt.generation != event.head.generation:
            return
        await self._replica.change(self._number, accuse_relay, is_local=False)
        failure = lasting_failure(self.state)
        assert failure is not None
        raise failure

    # --- inside ---

    @property
    def _is_member(self) -> bool:
        """Whether the control log that is held here names this device."""
        control = self.state.control
        assert control is not None
        return control.role(device_index(self.state.writer)) is not None

    def _note(self, merged: Merged) -> None:
        self._replica.observe(merged.newest_time)
        self.progress.contradictions += merged.earlier_contradictions
        self.progress.returns_in_time += len(merged.rebases)
        self.progress.closed_writers += len(merged.closed)
        if merged.acknowledged or merged.rebases:
            self._replica.committed.set()

    def _show(self, state: SyncState) -> None:
        self.progress.state = state
        self._changed()


LOSSES = frozenset({OpenOutcome.NEW_GENERATION, OpenOutcome.LOST, OpenOutcome.DIVERGED})
"""How a relay that lost data answers to who has read more."""
UNKNOWN_CODES = frozenset(code.value for code in UNKNOWN)
_BOTH_LOST = RelayLostData(
    "the relay and this file have both lost records of who belongs to the space",
    hint="another member that is opened gives them back to both; nothing is sent until then",
)


def lasting_failure(state: SpaceState) -> SyncoreError | None:
    """What was found out about a space and still stops it when the program is opened anew."""
    dishonest = state.findings.get(FindingKind.DISHONEST_RELAY)
    if dishonest is not None:
        return DishonestRelay(
            f"{dishonest.reason}, denies its signature, and goes on as before",
            shown_receipt=dishonest.shown.hex(),
            own_receipt=dishonest.own.hex(),
        )
    rejected = state.findings.get(FindingKind.REJECTED_WRITER)
    return None if rejected is None else WriterRejected(rejected.reason)
