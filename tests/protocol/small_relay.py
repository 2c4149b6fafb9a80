"""A relay without a disk, and a wire that delivers one frame at a time."""

from collections import deque

from syncore.core.errors import InvalidRecord
from syncore.core.identifiers import SpaceId
from syncore.crypto.signing import SigningKey, verify
from syncore.protocol.admission import Accept, Duplicate, Judgement, Refuse, judge_control, judge_segment
from syncore.protocol.client_events import ClientEvent
from syncore.protocol.client_session import ClientSession
from syncore.protocol.control_log import verify_record
from syncore.protocol.control_records import SignedRecord
from syncore.protocol.items import control_item
from syncore.protocol.messages import OpenOutcome, SessionLimits
from syncore.protocol.receipts import Cursor
from syncore.protocol.refusal_codes import RefusalCode
from syncore.protocol.relay_events import (
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
from tests.protocol.builders import GENERATION, NOW_MS, RELAY, Space, fill


class SmallRelay:
    """Judges and keeps what a real relay would, in memory and at once."""

    def __init__(self, *spaces: Space) -> None:
        """Hold the logs of these spaces."""
        self.spaces = {space.id: space for space in spaces}
        self.slots: dict[bytes, PutSlotRequested] = {}
        self.shown: list[ShowRequested] = []

    def act(self, session: RelaySession, event: RelayEvent) -> None:
        """Answer one event."""
        match event:
            case OpenRequested():
                self._open(session, event)
            case SegmentOffered():
                self._append_segment(session, event)
            case RecordOffered():
                self._append_record(session, event)
            case CreateRequested():
                space = self.spaces[event.space]
                head = space.head
                session.send_opened(
                    event.request_id,
                    generation=GENERATION,
                    head_offset=head.offset,
                    head_hash=head.running_hash,
                    outcome=OpenOutcome.FROM_START,
                )
            case PutSlotRequested():
                self.slots[event.invitation_id] = event
                session.send_done(event.request_id)
            case RedeemRequested():
                self._redeem(session, event)
            case ShowRequested():
                self.shown.append(event)
                session.send_done(event.request_id)
            case _:
                assert event.device_key == session.device_key

    def _open(self, session: RelaySession, event: OpenRequested) -> None:
        space = self.spaces.get(event.space)
        if space is None:
            session.send_refused(event.request_id, RefusalCode.UNKNOWN_SPACE, "no such space")
            return
        session.send_opened(
            event.request_id,
            generation=GENERATION,
            head_offset=space.head.offset,
            head_hash=space.head.running_hash,
            outcome=_outcome(space, event.cursor),
        )

    def _append_segment(self, session: RelaySession, event: SegmentOffered) -> None:
        space = self.spaces[event.space]
        judgement = judge_segment(event.segment, control=space.control, index=space.index)
        if isinstance(judgement, Accept):
            verify_segment(event.segment, public_key=judgement.keys[0], verify=verify)
            space.take_segment(event.segment)
        self._answer(session, event.request_id, judgement, space, event.segment.hash)

    def _append_record(self, session: RelaySession, event: RecordOffered) -> None:
        space = self.spaces[event.space]
        judgement = judge_control(event.record, control=space.control, now_ms=NOW_MS)
        signed = signed_part(event.record)
        if isinstance(judgement, Accept):
            try:
                verify_record(signed, judgement.keys, verify)
            except InvalidRecord:
                judgement = Refuse(code=RefusalCode.BAD_SIGNATURE, detail="no")
            else:
                accepted = (
                    space.acceptance(event.record) if isinstance(event.record, SignedRecord) else event.record
                )
                space.take_record(accepted)
        link = space.control.link_at(signed.record.seq) or b""
        self._answer(session, event.request_id, judgement, space, link)

    def _answer(
        self, session: RelaySession, request_id: int, judgement: Judgement, space: Space, digest: bytes
    ) -> None:
        match judgement:
            case Accept() | Duplicate():
                offset = [held for held, _ in space.items].index(digest) + 1
                session.send_stored(request_id, offset)
            case Refuse():
                session.send_refused(request_id, judgement.code, judgement.detail)

    def _redeem(self, session: RelaySession, event: RedeemRequested) -> None:
        slot = self.slots.get(event.invitation_id)
        if slot is None or slot.signing_key != event.public_key:
            session.send_refused(event.request_id, RefusalCode.INVITATION_UNKNOWN)
            return
        control = tuple(control_item(accepted) for accepted in self.spaces[slot.space].controls)
        session.send_slot(event.request_id, space=slot.space, sealed=slot.sealed, control=control)

    def stream(self, session: RelaySession, *, most_items: int = 100) -> None:
        """Send the next batch of every open space."""
        for space_id in session.open_spaces:
            space = self.spaces[space_id]
            first = session.next_offset(space_id)
            assert first is not None
            if first <= len(space.items):
                session.send_batch(space.batch(first, min(first + most_items - 1, len(space.items))))


def _outcome(space: Space, cursor: Cursor | None) -> OpenOutcome:
    if cursor is None:
        return OpenOutcome.FROM_START
    if cursor.generation != GENERATION:
        return OpenOutcome.NEW_GENERATION
    if cursor.offset > space.head.offset:
        return OpenOutcome.LOST
    return OpenOutcome.RESUMED if space.cursor(cursor.offset) == cursor else OpenOutcome.DIVERGED


class Wire:
    """A device and a relay joined by two queues of frames."""

    def __init__(
        self,
        relay: SmallRelay,
        device: SigningKey,
        *,
        relay_key: bytes | None = RELAY.public,
        limits: SessionLimits | None = None,
        serial: int = 0,
    ) -> None:
        """Connect; nothing is delivered yet."""
        self.relay = relay
        self.session = RelaySession(
            signer=RELAY, nonce=fill(f"relay nonce {serial}"), verify=verify, now_ms=0, limits=limits
        )
        self.client = ClientSession(
            signer=device, nonce=fill(f"device nonce {serial}"), verify=verify, now_ms=0, relay_key=relay_key
        )
        self.to_client: deque[bytes] = deque()
        self.to_relay: deque[bytes] = deque()
        self.collect()

    def collect(self) -> None:
        """Put what both ends want to send on its way."""
        self.to_client.extend(self.session.data_to_send())
        self.to_relay.extend(self.client.data_to_send())

    def step_relay(self) -> bool:
        """Deliver one frame to the relay and let it act; False when there is none."""
        self.collect()
        if not self.to_relay or not self.session.wants_data:
            return False
        for event in self.session.receive_data(self.to_relay.popleft()):
            self.relay.act(self.session, event)
        self.collect()
        return True

    def step_client(self) -> list[ClientEvent] | None:
        """Deliver one frame to the device; its events, or None when there is no frame."""
        self.collect()
        if not self.to_client:
            return None
        events = self.client.receive_data(self.to_client.popleft())
        self.collect()
        return events

    def run(self, *, most_items: int = 100) -> list[ClientEvent]:
        """Deliver everything until both ends are still; the device's events."""
        seen: list[ClientEvent] = []
        while True:
            is_moving = self.step_relay()
            self.relay.stream(self.session, most_items=most_items)
            events = self.step_client()
            if events is not None:
                seen += events
            elif not is_moving:
                return seen

    def connected(self) -> "Wire":
        """Finish the handshake."""
        self.run()
        assert self.client.is_ready
        return self

    def opened(self, space: SpaceId, cursor: Cursor | None = None) -> list[ClientEvent]:
        """Open a space and read it to the head."""
        self.client.open_space(space, cursor=cursor)
        return self.run()
