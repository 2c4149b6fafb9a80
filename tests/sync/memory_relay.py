"""A relay in memory for replicas in the same process, honest unless a test makes it lie.

It judges as the real one does and speaks through the real session; what it lacks is a disk. Every frame that
it sends passes :attr:`MemoryRelay.tamper`, where a test replaces, repeats or swallows it.
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
from syncore.core.identifiers import SpaceId, Writer
from syncore.core.ports import FrameChannel
from syncore.crypto.signing import SigningKey, verify
from syncore.protocol.admission import Accept, Duplicate, Judgement, judge_control, judge_segment
from syncore.protocol.batches import Batch, make_batch
from syncore.protocol.control_log import ControlLog, verify_record
from syncore.protocol.control_records import Acceptance, AcceptedRecord, SignedRecord, accept_record
from syncore.protocol.items import ControlItem, StoredItem, control_item, segment_item
from syncore.protocol.message_codec import decode_message, encode_message
from syncore.protocol.messages import Message, OpenOutcome, SessionLimits, Shown
from syncore.protocol.ports import Head
from syncore.protocol.receipts import (
    Cursor,
    Receipt,
    encode_receipt,
    extend_log,
    make_generation,
    sign_receipt,
    start_of_log,
)
from syncore.protocol.refusal_codes import RefusalCode
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
from syncore.protocol.segments import Segment, verify_segment

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


class Log:
    """The log of one space."""

    def __init__(self, space: SpaceId, generation: bytes) -> None:
        self.space = space
        self.generation = generation
        self.control = ControlLog(space)
        self.items: list[tuple[bytes, StoredItem]] = []
        self.running = [start_of_log(space, generation)]
        self._heads: dict[Writer, Head] = {}
        self._ends: dict[tuple[Writer, int], bytes] = {}

    def head(self, writer: Writer) -> Head | None:
        """The end of a writer's chain."""
        return self._heads.get(writer)

    def hash_at(self, writer: Writer, number: int) -> bytes | None:
        """The hash of the segment that ends with a commit."""
        return self._ends.get((writer, number))

    def take(self, digest: bytes, item: StoredItem) -> int:
        """Append an item whatever it is; its offset."""
        self.items.append((digest, item))
        self.running.append(extend_log(self.running[-1], len(self.items), digest))
        return len(self.items)

    def take_segment(self, segment: Segment) -> int:
        """Append a segment whatever it is; its offset."""
        self._heads[segment.header.writer] = Head(segment.header.last, segment.hash)
        self._ends[segment.header.writer, segment.header.last] = segment.hash
        return self.take(segment.hash, segment_item(segment))

    def take_record(self, accepted: AcceptedRecord) -> int:
        """Append a control record; its offset."""
        self.control.append(accepted, verify=verify)
        return self.take(accepted.link, control_item(accepted))

    def cursor(self, offset: int) -> Cursor:
        """A position in the log."""
        return Cursor(generation=self.generation, offset=offset, running_hash=self.running[offset])

    def cut(self, length: int) -> None:
        """Forget the end of the log, as a relay does that was restored from an older copy."""
        kept, self.items = self.items[:length], []
        self.running = self.running[:1]
        for digest, item in kept:
            self.take(digest, item)


class MemoryRelay:
    """Holds logs and connections; stands for the network too.

    Attributes:
        is_down: Whether nobody answers at its address.
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
        self.generation = make_generation(1, name.encode()[:8].ljust(8))
        self.logs: dict[SpaceId, Log] = {}
        self.slots: dict[bytes, PutSlotRequested] = {}
        self.is_down = False
        self.limits = SessionLimits()
        self.tamper: Tamper = honest
        self.connections = 0
        self.open_channels: set[MemoryChannel] = set()
        self.received: list[Message] = []
        self.shown: list[ShowRequested] = []
        self.refuses_presence: RefusalCode | None = None
        self._hearers: dict[RelaySession, None] = {}
        self._wakers: list[asyncio.Event] = []
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
        self.open_channels.add(channel)
        sending = asyncio.get_running_loop().create_task(self._send(channel, session, waker))
        try:
            while True:
                frame = await channel.receive()
                self.received.append(message_of(frame))
                for event in session.receive_data(frame):
                    self._act(session, event)
                self.wake()
        except (ConnectionFailed, RemoteError):
            pass
        finally:
            sending.cancel()
            await asyncio.wait([sending])
            self._wakers.remove(waker)
            self._hearers.pop(session, None)
            self.open_channels.discard(channel)
            await channel.close()

    async def _send(self, channel: MemoryChannel, session: RelaySession, waker: asyncio.Event) -> None:
        with suppress(ConnectionFailed):
            while True:
                await waker.wait()
                waker.clear()
                self._stream(session)
                for frame in session.data_to_send():
                    for sent in self.tamper(frame):
                        if sent is None:
                            await channel.close()
                            return
                        await channel.send(sent)

    def _stream(self, session: RelaySession) -> None:
        for space in session.open_spaces:
            log = self.logs[space]
            while (first := session.next_offset(space) or 0) <= len(log.items):
                session.send_batch(self.batch(log, first))

    # --- requests ---

    def _act(self, session: RelaySession, event: RelayEvent) -> None:
        match event:
            case Authenticated():
                pass
            case OpenRequested():
                self._open(session, event.request_id, self.logs.get(event.space), event.cursor)
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
        head = log.cursor(len(log.items))
        session.send_opened(
            request_id,
            generation=head.generation,
            head_offset=head.offset,
            head_hash=head.running_hash,
            outcome=_outcome(log, cursor),
        )

    def _create(self, session: RelaySession, event: CreateRequested) -> None:
        log = self.logs.setdefault(event.space, Log(event.space, self.generation))
        if not log.items:
            log.take_record(event.genesis)
            assert isinstance(event.relay, SignedRecord)
            log.take_record(self.accept(log, event.relay))
        self._open(session, event.request_id, log, None)

    def _append_segment(self, session: RelaySession, event: SegmentOffered) -> None:
        log = self.logs[event.space]
        judgement = judge_segment(event.segment, control=log.control, index=log)
        if isinstance(judgement, Accept):
            verify_segment(event.segment, public_key=judgement.keys[0], verify=verify)
            log.take_segment(event.segment)
        self._answer(session, event.request_id, log, judgement, event.segment.hash)

    def _append_record(self, session: RelaySession, event: RecordOffered) -> None:
        log = self.logs[event.space]
        judgement = judge_control(event.record, control=log.control, now_ms=SystemClock().now_ms())
        signed = signed_part(event.record)
        if isinstance(judgement, Accept):
            verify_record(signed, judgement.keys, verify)
            log.take_record(self.accept(log, signed))
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


def _outcome(log: Log, cursor: Cursor | None) -> OpenOutcome:
    if cursor is None:
        return OpenOutcome.FROM_START
    if cursor.generation != log.generation:
        return OpenOutcome.NEW_GENERATION
    if cursor.offset > len(log.items):
        return OpenOutcome.LOST
    return OpenOutcome.RESUMED if log.cursor(cursor.offset) == cursor else OpenOutcome.DIVERGED


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
