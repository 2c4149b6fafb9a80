"""A relay in memory for replicas in the same process, honest unless a test makes it lie.

It judges as the real one does and speaks through the real session; what it lacks is a disk, so that a test
can take its logs away, or put older ones in their place. Every frame that it sends passes
:attr:`MemoryRelay.tamper`, where a test replaces, repeats or swallows it.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from syncore import Replica
from syncore.adapters.clock import SystemClock
from syncore.adapters.entropy import SystemEntropy
from syncore.adapters.memory_channel import MemoryChannel, memory_channel_pair
from syncore.core.errors import ConnectionFailed, RemoteError
from syncore.core.hashing import hash_parts
from syncore.core.identifiers import SpaceId
from syncore.core.ports import FrameChannel
from syncore.crypto.signing import SigningKey, verify
from syncore.protocol.admission import Accept, Duplicate, Judgement, judge_control, judge_segment
from syncore.protocol.batches import Batch, make_batch
from syncore.protocol.control_log import verify_record
from syncore.protocol.control_records import Acceptance, AcceptedRecord, SignedRecord, accept_record
from syncore.protocol.items import ControlItem
from syncore.protocol.message_codec import decode_message, encode_message
from syncore.protocol.messages import Message, SessionLimits, Shown
from syncore.protocol.receipts import (
    Cursor,
    Receipt,
    encode_receipt,
    make_generation,
    sign_receipt,
)
from syncore.protocol.refusal_codes import FaultCode, RefusalCode
from syncore.protocol.relay_events import (
    Authenticated,
    CreateRequested,
    OpenRequested,
    PutSlotRequested,
    RecordOffered,
    RedeemRequested,
    RelayEvent,
    SegmentOffered,
    ShowRequested,
)
from syncore.protocol.relay_session import RelaySession
from syncore.protocol.request_parsing import signed_part
from syncore.protocol.segments import verify_segment
from tests.sync.memory_log import Log, is_broken, outcome_for

ADDRESS = "ws://127.0.0.1:1"
ANY_FRAME_BYTES = 2**24

Tamper = Callable[[bytes], Sequence[bytes | None]]
"""What is sent instead of a frame; None ends the connection."""


def honest(frame: bytes) -> Sequence[bytes | None]:
    """Send the frame."""
    return (frame,)


def shown_frame(event: ShowRequested, *, content: bytes | None = None) -> bytes:
    """A presence message as others get it, or another content under its signature."""
    message = event.message
    return encode_message(
        Shown(space=event.space, content=content or message.content, signature=message.signature)
    )


def message_of(frame: bytes) -> Message:
    """A frame as data."""
    return decode_message(frame, ANY_FRAME_BYTES)


class MemoryRelay:
    """Holds logs and connections; stands for the network too.

    Attributes:
        is_down: Whether nobody answers at its address.
        is_honest: Whether it begins a new generation when it is shown a receipt that it does not bear out.
        limits: What it allows on a connection.
        tamper: What becomes of the frames that it sends.
        connections: How many connections there were.
        open_channels: Those that are open.
        received: The messages that devices sent, in order.
        shown: The presence that was handed on, in order.
        refuses_presence: Why no presence is handed on, if it is not.
    """

    def __init__(self, name: str = "relay") -> None:
        self.signer = SigningKey(hash_parts("test", name.encode()))
        self._name = name
        self._generations = 0
        self.logs: dict[SpaceId, Log] = {}
        self.slots: dict[bytes, PutSlotRequested] = {}
        self.is_down = False
        self.is_honest = True
        self.limits = SessionLimits()
        self.tamper: Tamper = honest
        self.connections = 0
        self.open_channels: set[MemoryChannel] = set()
        self.received: list[Message] = []
        self.shown: list[ShowRequested] = []
        self.refuses_presence: RefusalCode | None = None
        self._hearers: dict[RelaySession, None] = {}
        self._wakers: list[asyncio.Event] = []
        self._over: set[RelaySession] = set()
        self._sessions: list[RelaySession] = []
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def log(self) -> Log:
        """The only log."""
        (log,) = self.logs.values()
        return log

    async def connect(self, address: str) -> FrameChannel:
        """A connection to this relay, whatever the address."""
        self.connections += 1
        if self.is_down:
            raise ConnectionFailed(f"no connection to {address}: nobody answers")
        near, far = memory_channel_pair()
        task = asyncio.get_running_loop().create_task(self._serve(far))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return near

    async def hang_up(self) -> None:
        """End every connection."""
        for channel in list(self.open_channels):
            await channel.close()

    def backup(self) -> dict[SpaceId, Log]:
        """A copy of everything that it holds."""
        return {space: log.cut(len(log.items)) for space, log in self.logs.items()}

    async def restore(self, logs: dict[SpaceId, Log]) -> None:
        """Start again with such a copy, or with nothing."""
        self.logs = {space: log.cut(len(log.items)) for space, log in logs.items()}
        await self.hang_up()

    def new_generation(self) -> bytes:
        """A name that no log had before."""
        self._generations += 1
        return make_generation(self._generations, self._name.encode()[:8].ljust(8))

    async def close(self) -> None:
        """End everything; raises what went wrong inside."""
        self.is_down = True
        await self.hang_up()
        await asyncio.gather(*self._tasks)

    def wake(self) -> None:
        """Send what is new to everybody."""
        for waker in self._wakers:
            waker.set()

    def batch(self, log: Log, first: int) -> Batch:
        """The rest of a log."""
        items = log.items[first - 1 : first + 99]
        last = first + len(items) - 1
        receipt = Receipt(
            space=log.space,
            generation=log.generation,
            offset=last,
            running_hash=log.running[last],
            control_seq=log.control.head_seq,
            control_hash=log.control.head_link,
            time_ms=SystemClock().now_ms(),
        )
        signed = encode_receipt(sign_receipt(receipt, signer=self.signer))
        return make_batch(log.space, first_offset=first, items=items, receipt=signed)

    # --- one connection ---

    async def _serve(self, channel: MemoryChannel) -> None:
        session = RelaySession(
            signer=self.signer,
            nonce=SystemEntropy().random_bytes(32),
            verify=verify,
            now_ms=0,
            limits=self.limits,
        )
        waker = asyncio.Event()
        waker.set()
        self._wakers.append(waker)
        self._sessions.append(session)
        self.open_channels.add(channel)
        sending = asyncio.get_running_loop().create_task(self._send(channel, session, waker))
        try:
            while True:
                frame = await channel.receive()
                self.received.append(message_of(frame))
                for event in session.receive_data(frame) if session not in self._over else ():
                    self._act(session, event)
                self.wake()
        except (ConnectionFailed, RemoteError):
            pass
        finally:
            sending.cancel()
            await asyncio.wait([sending])
            self._wakers.remove(waker)
            self._hearers.pop(session, None)
            self._sessions.remove(session)
            self._over.discard(session)
            self.open_channels.discard(channel)
            await channel.close()

    async def _send(self, channel: MemoryChannel, session: RelaySession, waker: asyncio.Event) -> None:
        with suppress(ConnectionFailed):
            while True:
                await waker.wait()
                waker.clear()
                if session in self._over:
                    session.fail(FaultCode.NEW_GENERATION)
                else:
                    self._stream(session)
                for frame in session.data_to_send():
                    for sent in self.tamper(frame):
                        if sent is None:
                            await channel.close()
                            return
                        await channel.send(sent)
                if session in self._over:
                    await channel.close()
                    return

    def _stream(self, session: RelaySession) -> None:
        for space in session.open_spaces:
            log = self.logs.get(space)
            if log is None:
                continue  # it was lost a moment ago, and the connection ends
            while (first := session.next_offset(space) or 0) <= len(log.items):
                session.send_batch(self.batch(log, first))

    # --- requests ---

    def _act(self, session: RelaySession, event: RelayEvent) -> None:
        match event:
            case Authenticated():
                pass
            case OpenRequested():
                log = self.logs.get(event.space)
                if log is not None and self.is_honest and is_broken(log, event.receipt, self.signer.public):
                    log = self._renew(log)
                self._open(session, event.request_id, log, event.cursor)
            case CreateRequested():
                self._create(session, event)
            case SegmentOffered():
                self._append_segment(session, event)
            case RecordOffered():
                self._append_record(session, event)
            case PutSlotRequested():
                self.slots[event.invitation_id] = event
                session.send_done(event.request_id)
            case RedeemRequested():
                self._redeem(session, event)
            case ShowRequested():
                self._show(session, event)

    def _show(self, session: RelaySession, event: ShowRequested) -> None:
        if self.refuses_presence is not None:
            session.send_refused(event.request_id, self.refuses_presence)
            return
        self.shown.append(event)
        self._hearers[session] = None
        session.send_done(event.request_id)
        for hearer in self._hearers:
            if hearer is not session and event.space in hearer.open_spaces:
                hearer.send_shown(event.space, shown_frame(event))

    def tell(self, event: ShowRequested, *, content: bytes | None = None) -> None:
        """Show a message to everybody who has its space open, whoever made it and whenever."""
        for hearer in self._hearers:
            if event.space in hearer.open_spaces:
                hearer.send_shown(event.space, shown_frame(event, content=content))
        self.wake()

    def _open(self, session: RelaySession, request_id: int, log: Log | None, cursor: Cursor | None) -> None:
        if log is None:
            session.send_refused(
                request_id, RefusalCode.UNKNOWN_SPACE, "the relay holds no log of this space"
            )
            return
        if log.control.index_of(session.device_key) is None:
            session.send_refused(
                request_id, RefusalCode.NOT_MEMBER, "this device is not a member of the space"
            )
            return
        head = log.cursor(len(log.items))
        session.send_opened(
            request_id,
            generation=head.generation,
            head_offset=head.offset,
            head_hash=head.running_hash,
            outcome=outcome_for(log, cursor),
        )

    def _renew(self, log: Log) -> Log:
        """Begin a new generation, and end everybody's stream of the old one."""
        newer = self.logs[log.space] = log.renewed(self.new_generation())
        self._over.update(session for session in self._sessions if log.space in session.open_spaces)
        return newer

    def _create(self, session: RelaySession, event: CreateRequested) -> None:
        log = self.logs.get(event.space)
        if log is None:
            log = self.logs[event.space] = Log(event.space, self.new_generation())
            log.take_record(event.genesis)
            log.take_record(self.accepted(log, event.relay))
        self._open(session, event.request_id, log, None)

    def _append_segment(self, session: RelaySession, event: SegmentOffered) -> None:
        log = self.logs.get(event.space)
        if log is None:
            session.send_refused(event.request_id, RefusalCode.UNKNOWN_SPACE, "no such log")
            return
        judgement = judge_segment(event.segment, control=log.control, index=log)
        if isinstance(judgement, Accept):
            verify_segment(event.segment, public_key=judgement.keys[0], verify=verify)
            log.take_segment(event.segment)
        self._answer(session, event.request_id, log, judgement, event.segment.hash)

    def _append_record(self, session: RelaySession, event: RecordOffered) -> None:
        log = self.logs.get(event.space)
        if log is None:
            session.send_refused(event.request_id, RefusalCode.UNKNOWN_SPACE, "no such log")
            return
        judgement = judge_control(event.record, control=log.control, now_ms=SystemClock().now_ms())
        signed = signed_part(event.record)
        if isinstance(judgement, Accept):
            verify_record(signed, judgement.keys, verify)
            log.take_record(self.accepted(log, event.record))
            for invitation in log.control.invitations.values():
                if invitation.is_used_up:
                    self.slots.pop(invitation.invite.id, None)
        self._answer(session, event.request_id, log, judgement, log.control.link_at(signed.record.seq) or b"")

    def _answer(
        self, session: RelaySession, request_id: int, log: Log, judgement: Judgement, digest: bytes
    ) -> None:
        if isinstance(judgement, Accept | Duplicate):
            session.send_stored(request_id, [held for held, _ in log.items].index(digest) + 1)
        else:
            session.send_refused(request_id, judgement.code, judgement.detail)

    def accepted(self, log: Log, record: SignedRecord | AcceptedRecord) -> AcceptedRecord:
        """A record with the relay's acceptance; one that it gave before stays as it is."""
        return record if isinstance(record, AcceptedRecord) else self.accept(log, record)

    def accept(self, log: Log, signed: SignedRecord) -> AcceptedRecord:
        """The relay's acceptance of a record as the next item of a log."""
        now_ms = SystemClock().now_ms()
        acceptance = Acceptance(generation=log.generation, offset=len(log.items) + 1, time_ms=now_ms)
        return accept_record(signed, acceptance, signer=self.signer)

    def _redeem(self, session: RelaySession, event: RedeemRequested) -> None:
        slot = self.slots.get(event.invitation_id)
        if slot is None or slot.signing_key != event.public_key:
            session.send_refused(event.request_id, RefusalCode.INVITATION_UNKNOWN)
            return
        control = tuple(item for _, item in self.logs[slot.space].items if isinstance(item, ControlItem))
        session.send_slot(event.request_id, space=slot.space, sealed=slot.sealed, control=control)


@asynccontextmanager
async def relay_in_memory(name: str = "relay") -> AsyncIterator[MemoryRelay]:
    """A relay for the length of a test."""
    relay = MemoryRelay(name)
    try:
        yield relay
    finally:
        await relay.close()


@asynccontextmanager
async def replica_at(relay: MemoryRelay, folder: Path, name: str) -> AsyncIterator[Replica]:
    """A replica whose network is one relay in memory."""
    async with Replica.open(
        folder / f"{name}.db", keystore=folder / f"keys-{name}", connector=relay
    ) as replica:
        yield replica
