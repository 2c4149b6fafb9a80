"""Where one connection's requests are answered: who may open, offer, redeem, and what is said when not.

Owns the policy of each request of an authenticated connection, over its session. Must not know sockets.
Items are only handed on: :mod:`relay.appender` judges them. Every request is answered exactly once.
"""

import asyncio
import logging
from collections.abc import Callable

from relay import logs
from relay.config import MAX_SLOT_LIFE_MS
from relay.fanout import Reader, ReceiptFor
from relay.presence import Ear
from relay.rates import TokenBucket
from relay.requests import (
    ENVELOPE_BYTES,
    OfferedControl,
    OfferedSegment,
    OfferedSpace,
    Outcome,
)
from relay.requests import (
    Request as Offer,
)
from relay.resumption import Resumption, resume
from relay.services import Services
from relay.slot_rows import Slot
from relay.spaces import Space
from relay.store import StoredItem
from syncore.core.errors import IntegrityError, StorageError
from syncore.core.identifiers import SpaceId, device_index
from syncore.core.limits import MAX_SLOTS_PER_SPACE
from syncore.protocol.admission import Refuse
from syncore.protocol.control_log import ControlLog
from syncore.protocol.control_payloads import Admit, Genesis, Role
from syncore.protocol.control_records import AcceptedRecord, SignedRecord
from syncore.protocol.items import ControlItem, decode_item, encode_item
from syncore.protocol.messages import OpenOutcome
from syncore.protocol.refusal_codes import RefusalCode
from syncore.protocol.relay_events import (
    CreateRequested,
    OpenRequested,
    PutSlotRequested,
    RecordOffered,
    RedeemRequested,
    Request,
    SegmentOffered,
    ShowRequested,
)
from syncore.protocol.relay_session import RelaySession

_LOG = logging.getLogger(logs.LOGGER_NAME)


class Desk:
    """Answers the requests of one connection.

    Args:
        session: The connection's session; answers go through it.
        services: The relay.
        changed: Called after every answer that is given later than its request, and when there is presence to
            be taken.
        wake: Called when a reader has something to read.
    """

    def __init__(
        self,
        session: RelaySession,
        services: Services,
        *,
        changed: Callable[[], None],
        wake: Callable[[Reader], None],
    ) -> None:
        self._session = session
        self._services = services
        self._changed = changed
        self._wake = wake
        self._requests = TokenBucket(services.config.requests, services.clock.monotonic_ms())
        self._presence = TokenBucket(services.config.presence, services.clock.monotonic_ms())
        self._readers: dict[SpaceId, tuple[Reader, Space]] = {}
        self._ear = Ear(changed)

    @property
    def is_owed(self) -> bool:
        """Whether something that was uploaded here was not acknowledged yet."""
        return any(reader.is_owed for reader, _ in self._readers.values())

    def receipt_for(self, reader: Reader) -> ReceiptFor:
        """Signs what a reader of this connection is handed."""
        _, space = self._readers[reader.stream.space]
        services = self._services

        def receipt(item: StoredItem) -> bytes:
            return space.ledger.receipt(
                offset=item.offset,
                running=item.running,
                time_ms=services.clock.now_ms(),
                signer=services.signer,
            )

        return receipt

    async def handle(self, request: Request) -> None:
        """Answer a request, now or once its offer is durable; waits while the appender's queue is full."""
        try:
            if isinstance(request, SegmentOffered | RecordOffered):
                await self._offer(request)
            elif isinstance(request, ShowRequested):
                self._show(request)
            elif self._requests.take(1, self._services.clock.monotonic_ms()):
                await self._serve(request)
            else:
                self._refuse(request, RefusalCode.RATE_LIMITED, "too many requests; wait a little")
        except (StorageError, IntegrityError) as error:
            _LOG.error("the store failed", extra=logs.facts(error=str(error), kind=type(error).__name__))
            self._refuse(request, RefusalCode.READ_ONLY, "the relay cannot use its store at the moment")

    def close(self) -> None:
        """Stop reading and listening to everything. Idempotent."""
        for space, (reader, _) in self._readers.items():
            reader.close()
            self._services.presence.leave(space, self._ear)
        self._readers.clear()

    def pass_presence(self) -> bool:
        """Let the session send the next presence message of somebody else; False when none waits."""
        waiting = self._ear.take()
        if waiting is None:
            return False
        self._session.send_shown(*waiting)
        return True

    async def _serve(
        self, request: OpenRequested | CreateRequested | RedeemRequested | PutSlotRequested
    ) -> None:
        match request:
            case OpenRequested():
                await self._open(request)
            case CreateRequested():
                await self._create(request)
            case RedeemRequested():
                await self._redeem(request)
            case PutSlotRequested():
                await self._put_slot(request)

    # --- opening ---

    async def _open(self, request: OpenRequested) -> None:
        forced: OpenOutcome | None = None
        while True:
            space = await self._member_space(request)
            if space is None:
                return
            if forced is not None:
                self._start(space, request.request_id, Resumption(forced))
                return
            with space.pinned():
                resumption = await resume(
                    space, request, store=self._services.store, relay_key=self._services.signer.public
                )
                if space.stream.is_over:
                    continue
                if resumption.needs_new_generation:
                    await self._services.appender.renew(space)
                    forced = resumption.outcome
                    continue
                self._start(space, request.request_id, resumption)
                return

    async def _member_space(
        self, request: OpenRequested | CreateRequested | PutSlotRequested
    ) -> Space | None:
        """The space, if the relay has it and the device belongs to it; otherwise the request is refused."""
        space = await self._services.spaces.get(request.space)
        if space is None:
            self._refuse(request, RefusalCode.UNKNOWN_SPACE, "the relay holds no log of this space")
            return None
        if not self._is_member(space.ledger.control):
            self._refuse(request, RefusalCode.NOT_MEMBER, "this device is not a member of the space")
            return None
        return space

    def _start(self, space: Space, request_id: int, resumption: Resumption) -> None:
        """Begin the stream; nothing is published between the answer and the reader's place."""
        stream, ledger = space.stream, space.ledger
        assert stream.head == ledger.head
        self._session.send_opened(
            request_id,
            generation=ledger.generation,
            head_offset=ledger.head,
            head_hash=ledger.running,
            outcome=resumption.outcome,
        )
        reader = stream.read_from(resumption.next_offset, self._wake)
        self._readers[ledger.space] = (reader, space)
        if reader.is_behind:
            self._wake(reader)

    async def _create(self, request: CreateRequested) -> None:
        genesis = request.genesis.record.payload
        assert isinstance(genesis, Genesis)
        if isinstance(request.relay, SignedRecord) and genesis.signing_key != self._session.device_key:
            self._refuse(request, RefusalCode.NOT_MEMBER, "a space is created by its first device")
            return
        waiting: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
        offer = OfferedSpace(genesis=request.genesis, relay=request.relay)
        size_bytes = _record_bytes(request.genesis) + _record_bytes(request.relay)

        def answer(outcome: Outcome) -> None:
            if not waiting.done():  # the connection may have ended meanwhile
                waiting.set_result(outcome)

        await self._submit(request.space, offer, size_bytes, answer)
        outcome = await waiting
        if isinstance(outcome, Refuse):
            self._refuse(request, outcome.code, outcome.detail)
            return
        space = await self._member_space(request)
        if space is not None:
            self._start(space, request.request_id, Resumption(OpenOutcome.FROM_START))

    # --- offering ---

    async def _offer(self, request: SegmentOffered | RecordOffered) -> None:
        space = await self._services.spaces.get(request.space)
        if space is None:
            self._refuse(request, RefusalCode.UNKNOWN_SPACE, "the relay holds no log of this space")
        elif not (self._is_member(space.ledger.control) or _speaks_for_itself(request)):
            self._refuse(request, RefusalCode.NOT_MEMBER, "this device is not a member of the space")
        elif isinstance(request, SegmentOffered):
            encoded = encode_item(request.item)
            offer = OfferedSegment(segment=request.segment, encoded=encoded)
            await self._submit(request.space, offer, len(encoded), self._answer_to(request))
        else:
            size_bytes = _record_bytes(request.record)
            await self._submit(
                request.space, OfferedControl(record=request.record), size_bytes, self._answer_to(request)
            )

    async def _submit(
        self,
        space: SpaceId,
        offer: OfferedSegment | OfferedControl | OfferedSpace,
        size_bytes: int,
        answer: Callable[[Outcome], None],
    ) -> None:
        await self._services.appender.submit(
            Offer(space=space, offer=offer, size_bytes=size_bytes, answer=answer)
        )

    def _answer_to(self, request: SegmentOffered | RecordOffered) -> Callable[[Outcome], None]:
        """How to answer once the offer was judged; the session leaves it to the stream where it can."""

        def answer(outcome: Outcome) -> None:
            if isinstance(outcome, Refuse):
                self._session.send_refused(request.request_id, outcome.code, outcome.detail)
            else:
                self._session.send_stored(request.request_id, outcome.offset)
                reading = self._readers.get(request.space)
                if reading is not None:
                    reading[0].owed_offset = max(reading[0].owed_offset, outcome.offset)
            self._changed()

        return answer

    # --- invitations ---

    async def _redeem(self, request: RedeemRequested) -> None:
        slot = await self._services.store.slot(request.invitation_id)
        if slot is None or slot.signing_key != request.public_key:
            self._refuse(request, RefusalCode.INVITATION_UNKNOWN, "there is no slot for this invitation")
            return
        stored = await self._services.store.space(slot.space)
        space = await self._services.spaces.get(slot.space)
        if stored is None or space is None:
            raise IntegrityError("an invitation slot belongs to a space that is not there")
        invitation = space.ledger.control.invitations.get(request.invitation_id)
        if slot.expires_ms <= self._services.clock.now_ms():
            self._refuse(request, RefusalCode.INVITATION_EXPIRED, "the invitation has expired")
        elif invitation is None or invitation.invite.signing_key != request.public_key:
            self._refuse(request, RefusalCode.INVITATION_UNKNOWN, "the invitation is not in the space's log")
        elif invitation.is_used_up:
            self._refuse(request, RefusalCode.INVITATION_USED, "the invitation has no use left")
        else:
            published = [item for item in stored.control if item.offset <= space.stream.head]
            control = tuple(decode_item(item.item) for item in published)
            self._session.send_slot(
                request.request_id,
                space=slot.space,
                sealed=slot.sealed,
                control=tuple(item for item in control if isinstance(item, ControlItem)),
            )

    async def _put_slot(self, request: PutSlotRequested) -> None:
        space = await self._member_space(request)
        if space is None:
            return
        problem = self._slot_problem(request, space.ledger.control)
        if problem is not None:
            self._refuse(request, problem.code, problem.detail)
            return
        slot = Slot(
            invitation=request.invitation_id,
            space=request.space,
            signing_key=request.signing_key,
            expires_ms=min(request.expires_ms, self._services.clock.now_ms() + MAX_SLOT_LIFE_MS),
            sealed=request.sealed,
        )
        if await self._services.store.put_slot(slot, max_slots=MAX_SLOTS_PER_SPACE):
            self._session.send_done(request.request_id)
        else:
            self._refuse(
                request, RefusalCode.QUOTA_EXCEEDED, "there is no room for another slot, or its id is taken"
            )

    def _slot_problem(self, request: PutSlotRequested, control: ControlLog) -> Refuse | None:
        """Why a slot is not kept; the invitation's record may come before or after it."""
        index = control.index_of(self._session.device_key)
        role = None if index is None else control.role(index)
        if role is None or role < Role.ADMIN:
            return Refuse(code=RefusalCode.NOT_PERMITTED, detail="only owners and admins invite")
        if request.expires_ms <= self._services.clock.now_ms():
            return Refuse(code=RefusalCode.INVITATION_EXPIRED, detail="the slot has expired")
        invitation = control.invitations.get(request.invitation_id)
        if invitation is not None and invitation.invite.signing_key != request.signing_key:
            return Refuse(code=RefusalCode.INVALID_RECORD, detail="the invitation has another key")
        if invitation is not None and invitation.is_used_up:
            return Refuse(code=RefusalCode.INVITATION_USED, detail="the invitation has no use left")
        return None

    # --- presence ---

    def _show(self, request: ShowRequested) -> None:
        """Hand it to the others; whoever shows something hears them from then on. Readers may, too."""
        _, space = self._readers[request.space]
        control = space.ledger.control
        index = control.index_of(self._session.device_key)
        if not self._presence.take(1, self._services.clock.monotonic_ms()):
            self._refuse(request, RefusalCode.RATE_LIMITED, "too many presence messages; wait a little")
        elif index is None or control.role(index) is None:
            self._refuse(request, RefusalCode.NOT_MEMBER, "this device is not a member of the space")
        elif device_index(request.message.header.writer) != index:
            self._refuse(request, RefusalCode.NOT_PERMITTED, "a device shows its own presence and no other's")
        else:
            self._services.presence.join(request.space, self._ear)
            self._services.presence.show(request.message, self._ear)
            self._session.send_done(request.request_id)

    # --- inside ---

    def _is_member(self, control: ControlLog) -> bool:
        return control.index_of(self._session.device_key) is not None

    def _refuse(self, request: Request, code: RefusalCode, detail: str) -> None:
        self._session.send_refused(request.request_id, code, detail)


def _speaks_for_itself(request: SegmentOffered | RecordOffered) -> bool:
    """Whether strangers may offer it: an accept record, or what this relay accepted before and lost."""
    if isinstance(request, SegmentOffered):
        return False
    record = request.record
    return isinstance(record, AcceptedRecord) or isinstance(record.record.payload, Admit)


def _record_bytes(record: SignedRecord | AcceptedRecord) -> int:
    signed = record.signed if isinstance(record, AcceptedRecord) else record
    return len(signed.record_bytes) + ENVELOPE_BYTES
