"""Tests of syncore.protocol.relay_session."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncore.core.errors import Malformed, ProtocolViolation, RemoteError
from syncore.core.identifiers import SpaceId
from syncore.core.limits import HANDSHAKE_TIMEOUT_MS, MAX_FRAME_BYTES, MAX_UNAUTHENTICATED_FRAME_BYTES
from syncore.crypto.signing import verify
from syncore.protocol.batches import Batch
from syncore.protocol.control_records import sign_record
from syncore.protocol.items import SegmentItem, StubItem, control_item, segment_item
from syncore.protocol.message_codec import decode_message, encode_message
from syncore.protocol.messages import (
    Append,
    Create,
    Done,
    Fault,
    Hello,
    Identify,
    Items,
    Message,
    Open,
    Opened,
    OpenOutcome,
    PutSlot,
    Refusal,
    SessionLimits,
    Show,
    Shown,
    Slot,
    Stored,
    Welcome,
)
from syncore.protocol.refusal_codes import FaultCode, RefusalCode
from syncore.protocol.relay_events import (
    Authenticated,
    CreateRequested,
    OpenRequested,
    PutSlotRequested,
    RecordOffered,
    RedeemRequested,
    SegmentOffered,
    ShowRequested,
)
from syncore.protocol.relay_session import MAX_UNANSWERED_BYTES, RelaySession
from tests.protocol.builders import GENERATION, NOW_MS, RELAY, Space, device_key, fill, invite, mutations
from tests.protocol.presences import presence
from tests.protocol.small_relay import SmallRelay, Wire

SPACE_ID = SpaceId(fill("space"))


def session(**options: object) -> RelaySession:
    """A relay's end of a new connection."""
    return RelaySession(
        signer=RELAY,
        nonce=fill("nonce"),
        verify=verify,
        now_ms=0,
        **options,  # type: ignore[arg-type]
    )


def ready(limits: SessionLimits | None = None) -> RelaySession:
    """A session behind its handshake, with nothing left to send."""
    relay = Wire(SmallRelay(), device_key(0), limits=limits).connected().session
    assert relay.data_to_send() == []
    return relay


def say(relay: RelaySession, message: Message) -> list[object]:
    """Let the relay hear a frame."""
    return list(relay.receive_data(encode_message(message)))


def sent(relay: RelaySession) -> list[Message]:
    """What the relay wants to send."""
    return [decode_message(frame, MAX_FRAME_BYTES) for frame in relay.data_to_send()]


def ask(request_id: int = 1, space: SpaceId = SPACE_ID) -> Open:
    """A request to open a space."""
    return Open(request_id=request_id, space=space, cursor=None, receipt=b"", control_seq=0)


def grant(relay: RelaySession, space: Space, *, request_id: int = 1) -> None:
    """Open a space on a session from the start."""
    say(relay, ask(request_id, space.id))
    relay.send_opened(
        request_id,
        generation=GENERATION,
        head_offset=space.head.offset,
        head_hash=space.head.running_hash,
        outcome=OpenOutcome.FROM_START,
    )
    sent(relay)


def offer(space: Space, request_id: int, device: int = 0) -> tuple[Append, SegmentItem]:
    """A request to append a device's next segment."""
    item = segment_item(space.segment(device))
    return Append(request_id=request_id, space=space.id, item=item), item


# --- beginning and ending ---


def test_the_relay_speaks_first() -> None:
    """A hello waits to be sent before anything was received."""
    assert sent(session()) == [Hello(version=1, relay_key=RELAY.public, nonce=fill("nonce"))]


def test_a_device_that_proves_its_key_is_welcomed() -> None:
    """The event names the device; the welcome carries the limits."""
    wire = Wire(SmallRelay(), device_key(3), limits=SessionLimits(requests=9))
    hello = decode_message(wire.to_client.popleft(), MAX_FRAME_BYTES)
    assert isinstance(hello, Hello)
    wire.client.receive_data(encode_message(hello))
    (frame,) = wire.client.data_to_send()
    assert wire.session.device_key == b""
    assert wire.session.receive_data(frame) == [Authenticated(device_key=device_key(3).public)]
    assert wire.session.device_key == device_key(3).public
    (welcome,) = sent(wire.session)
    assert isinstance(welcome, Welcome)
    assert welcome.limits.requests == 9


def fault_of(relay: RelaySession) -> FaultCode:
    """The code of the fault that ends a session."""
    last = sent(relay)[-1]
    assert isinstance(last, Fault)
    assert relay.is_closed
    assert not relay.wants_data
    return last.code


def test_a_false_proof_is_a_fault() -> None:
    """A device that does not hold its key is told so, and the session is over."""
    relay = session()
    with pytest.raises(ProtocolViolation):
        say(relay, Identify(device_key=fill("key"), nonce=bytes(32), token=b"", signature=bytes(64)))
    assert fault_of(relay) is FaultCode.UNAUTHENTICATED


def test_the_policy_can_turn_a_device_away() -> None:
    """A device that the relay does not serve is told so."""
    relay = session(admits=lambda _key, _token: False)
    wire = Wire(SmallRelay(), device_key(0))
    wire.session = relay
    wire.to_client.clear()
    with pytest.raises(ProtocolViolation):
        wire.run()
    assert fault_of(relay) is FaultCode.NOT_ADMITTED


@pytest.mark.parametrize("frame", [b"", b"\xc1", bytes(MAX_UNAUTHENTICATED_FRAME_BYTES + 1)])
def test_what_does_not_decode_is_a_fault(frame: bytes) -> None:
    """Garbage, and a frame over 1 KB from a stranger, end the session."""
    relay = session()
    with pytest.raises(Malformed):
        relay.receive_data(frame)
    assert fault_of(relay) is FaultCode.MALFORMED


EARLY: list[Message] = [ask(), Done(request_id=1), Hello(version=1, relay_key=bytes(32), nonce=bytes(32))]


@pytest.mark.parametrize("message", EARLY, ids=["a request", "an answer", "a hello"])
def test_nothing_but_a_proof_comes_first(message: Message) -> None:
    """Requests before the handshake, and frames that only relays send, are violations."""
    relay = session()
    with pytest.raises(ProtocolViolation):
        say(relay, message)
    assert fault_of(relay) is FaultCode.VIOLATION


def test_a_device_proves_itself_once() -> None:
    """A second proof is a violation."""
    relay = ready()
    with pytest.raises(ProtocolViolation):
        say(relay, Identify(device_key=fill("key"), nonce=bytes(32), token=b"", signature=bytes(64)))
    assert fault_of(relay) is FaultCode.VIOLATION


def test_a_silent_stranger_is_dropped() -> None:
    """Ten seconds without a proof end the session; afterwards a device may be silent."""
    relay = session()
    relay.tick(HANDSHAKE_TIMEOUT_MS - 1)
    with pytest.raises(ProtocolViolation):
        relay.tick(HANDSHAKE_TIMEOUT_MS)
    assert fault_of(relay) is FaultCode.TIMEOUT
    relay.tick(HANDSHAKE_TIMEOUT_MS)
    ready().tick(HANDSHAKE_TIMEOUT_MS)


def test_nothing_follows_a_fault() -> None:
    """After its end a session sends one fault, drops answers, and takes in nothing."""
    space = Space()
    relay = ready()
    grant(relay, space)
    append, _ = offer(space, 2)
    say(relay, append)
    relay.fail(FaultCode.SHUTTING_DOWN, "x" * 1000)
    relay.fail(FaultCode.INTERNAL)
    relay.send_batch(space.batch(1))
    relay.send_stored(2, 3)
    relay.send_refused(2, RefusalCode.FORK)
    relay.send_done(2)
    relay.send_slot(2, space=space.id, sealed=b"", control=())
    relay.send_opened(2, generation=GENERATION, head_offset=0, head_hash=b"", outcome=OpenOutcome.FROM_START)
    (fault,) = sent(relay)
    assert isinstance(fault, Fault)
    assert fault.code is FaultCode.SHUTTING_DOWN
    with pytest.raises(ProtocolViolation):
        say(relay, ask(3))
    assert sent(relay) == []


# --- requests ---


def test_every_request_becomes_an_event() -> None:
    """Each kind of request is parsed and handed on whole."""
    space = Space(devices=2)
    invitation = invite("new")
    signed = sign_record(space.record(invitation), device_key(0))
    relay = ready()
    receipt = space.receipt(2)
    opening = Open(request_id=1, space=space.id, cursor=space.cursor(2), receipt=receipt, control_seq=1)
    (event,) = say(relay, opening)
    assert isinstance(event, OpenRequested)
    assert (event.space, event.cursor, event.control_seq) == (space.id, space.cursor(2), 1)
    assert event.receipt is not None
    assert event.receipt.receipt.offset == 2
    append, item = offer(space, 2)
    (event,) = say(relay, append)
    assert event == SegmentOffered(request_id=2, space=space.id, segment=space.segment(0), item=item)
    (event,) = say(relay, Append(request_id=3, space=space.id, item=control_item(signed)))
    assert event == RecordOffered(request_id=3, space=space.id, record=signed)
    (event,) = say(relay, Append(request_id=4, space=space.id, item=control_item(space.controls[3])))
    assert event == RecordOffered(request_id=4, space=space.id, record=space.controls[3])
    other = Space(name="other")
    creating = Create(
        request_id=5, genesis=control_item(other.genesis), relay=control_item(other.relay_record.signed)
    )
    (event,) = say(relay, creating)
    assert event == CreateRequested(
        request_id=5, space=other.id, genesis=other.genesis, relay=other.relay_record.signed
    )
    put = PutSlot(
        request_id=6,
        space=space.id,
        invitation_id=bytes(16),
        signing_key=bytes(32),
        expires_ms=NOW_MS,
        sealed=b"s",
    )
    (event,) = say(relay, put)
    assert event == PutSlotRequested(
        request_id=6,
        space=space.id,
        invitation_id=bytes(16),
        signing_key=bytes(32),
        expires_ms=NOW_MS,
        sealed=b"s",
    )
    assert sent(relay) == []


def test_a_redemption_is_signed_over_this_connection() -> None:
    """A redemption passes on the connection that it was signed for, and is refused on any other."""
    invitation_signer = device_key(50)
    wires = [Wire(SmallRelay(), device_key(0), serial=serial).connected() for serial in (1, 2)]
    wires[0].client.redeem(invitation_signer, fill("id", 16))
    (frame,) = wires[0].client.data_to_send()
    assert wires[1].session.receive_data(frame) == []
    (refusal,) = sent(wires[1].session)
    assert isinstance(refusal, Refusal)
    assert refusal.code is RefusalCode.BAD_SIGNATURE
    assert wires[0].session.receive_data(frame) == [
        RedeemRequested(request_id=1, invitation_id=fill("id", 16), public_key=invitation_signer.public)
    ]


def test_requests_that_do_not_parse_are_refused_and_the_session_goes_on() -> None:
    """A bad segment or record is answered with its code; it makes no event and ends nothing."""
    space = Space()
    item, naming = segment_item(space.segment(0)), control_item(space.relay_record)
    for bad in (replace(item, content=b""), replace(naming, record=b"")):
        relay = ready()
        assert say(relay, Append(request_id=1, space=space.id, item=bad)) == []
        (refusal,) = sent(relay)
        assert isinstance(refusal, Refusal)
        assert (refusal.request_id, refusal.code, refusal.is_final) == (1, RefusalCode.MALFORMED, True)
        assert len(say(relay, ask(2))) == 1


def test_a_receipt_that_is_none_ends_the_session() -> None:
    """A receipt is the relay's own format: a device that garbles it is broken."""
    space = Space()
    bad = space.receipt(2)[:72] + b"\xff" * 20 + space.receipt(2)[92:]
    damaged = bad[:48] + b"\xff" * 8 + bad[56:]
    relay = ready()
    with pytest.raises(Malformed):
        say(relay, Open(request_id=1, space=space.id, cursor=None, receipt=damaged, control_seq=0))
    assert fault_of(relay) is FaultCode.MALFORMED


def test_request_ids_rise() -> None:
    """A request id cannot come again, answered or not."""
    for again in (1, 2):
        relay = ready()
        say(relay, ask(2))
        with pytest.raises(ProtocolViolation, match="rise"):
            say(relay, ask(again, SpaceId(bytes(32))))
        assert fault_of(relay) is FaultCode.VIOLATION


def test_a_space_is_opened_once() -> None:
    """Asking for a space that is asked for or open is a violation; asking again after a refusal is not."""
    for answer in (False, True):
        relay = ready()
        say(relay, ask(1))
        if answer:
            relay.send_opened(
                1, generation=GENERATION, head_offset=0, head_hash=bytes(32), outcome=OpenOutcome.FROM_START
            )
        with pytest.raises(ProtocolViolation):
            say(relay, ask(2))
    relay = ready()
    say(relay, ask(1))
    relay.send_refused(1, RefusalCode.NOT_MEMBER, "no")
    assert len(say(relay, ask(2))) == 1


def test_spaces_and_requests_are_bounded() -> None:
    """More spaces or unanswered requests than promised are violations; refused spaces do not count."""
    relay = ready(SessionLimits(spaces=2))
    for request_id in range(1, 5):
        say(relay, ask(request_id, SpaceId(fill(str(request_id)))))
        if request_id < 3:
            relay.send_refused(request_id, RefusalCode.UNKNOWN_SPACE)
    with pytest.raises(ProtocolViolation, match="spaces"):
        say(relay, ask(5, SpaceId(fill("5"))))
    relay = ready(SessionLimits(requests=2))
    for request_id in (1, 2):
        assert relay.wants_data
        say(relay, ask(request_id, SpaceId(fill(str(request_id)))))
    assert not relay.wants_data
    with pytest.raises(ProtocolViolation, match="wait"):
        say(relay, ask(3, SpaceId(fill("3"))))


def test_a_connection_with_much_to_do_is_not_read() -> None:
    """Unanswered bytes over the bound stop the reading until some are answered."""
    space = Space()
    relay = ready()
    request_id = 0
    while relay.wants_data:
        request_id += 1
        segment = space.segment(0, incarnation=request_id)
        segment = replace(segment, body=segment.body + bytes(2 * 1024 * 1024))
        say(relay, Append(request_id=request_id, space=space.id, item=segment_item(segment)))
        assert request_id <= MAX_UNANSWERED_BYTES // (2 * 1024 * 1024) + 1
    relay.send_refused(1, RefusalCode.OVERLOADED)
    assert relay.wants_data


# --- streams ---


def test_a_stream_goes_out_in_order() -> None:
    """Batches follow each other from where the stream was opened; their frames are sent as they are."""
    space = Space(devices=2)
    relay = ready()
    assert relay.next_offset(space.id) is None
    grant(relay, space)
    assert relay.open_spaces == (space.id,)
    assert relay.next_offset(space.id) == 1
    batches = [space.batch(1, 2), space.batch(3)]
    for batch in batches:
        relay.send_batch(batch)
    assert relay.data_to_send() == [batch.frame for batch in batches]
    assert relay.next_offset(space.id) == len(space.items) + 1
    with pytest.raises(AssertionError):
        relay.send_batch(batches[0])


def test_a_resumed_stream_begins_behind_the_cursor() -> None:
    """Only when the outcome is RESUMED does the cursor count."""
    space = Space(devices=2)
    for outcome, following in ((OpenOutcome.RESUMED, 3), (OpenOutcome.DIVERGED, 1)):
        relay = ready()
        say(relay, replace(ask(1, space.id), cursor=space.cursor(2)))
        relay.send_opened(
            1, generation=GENERATION, head_offset=4, head_hash=space.head.running_hash, outcome=outcome
        )
        assert relay.next_offset(space.id) == following
        (opened,) = sent(relay)
        assert isinstance(opened, Opened)
        assert opened.outcome is outcome


def test_only_the_uploader_gets_a_stub() -> None:
    """The batch is the same for all; the session that uploaded a segment replaces that item."""
    space = Space(devices=2)
    uploader, reader = ready(), ready()
    for relay in (uploader, reader):
        grant(relay, space)
        relay.send_batch(space.batch(1))
        sent(relay)
    append, item = offer(space, 2)
    say(uploader, append)
    other = space.write(1)
    segment = space.segment(0)
    space.take_segment(segment)
    batch = space.batch(len(space.items) - 1)
    reader.send_batch(batch)
    assert reader.data_to_send() == [batch.frame]
    uploader.send_batch(batch)
    (frame,) = sent(uploader)
    assert isinstance(frame, Items)
    assert frame.items == (segment_item(other), StubItem(hash=segment.hash))
    assert frame.receipt == batch.receipt
    assert item == segment_item(segment)
    uploader.send_stored(2, batch.last_offset)
    assert sent(uploader) == []


def _appended(space: Space) -> Batch:
    space.take_segment(space.segment(0))
    return space.batch(len(space.items))


def test_the_stream_answers_what_it_is_still_to_pass() -> None:
    """Where the stream is still to pass an upload, it answers; elsewhere stored does."""
    space = Space()
    behind = ready()
    grant(behind, space)
    append, _ = offer(space, 2)
    say(behind, append)
    batch = _appended(space)
    behind.send_stored(2, batch.last_offset)
    assert sent(behind) == []
    behind.send_batch(space.batch(1))
    (frame,) = sent(behind)
    assert isinstance(frame, Items)
    assert isinstance(frame.items[-1], StubItem)
    say(behind, replace(append, request_id=3))
    behind.send_stored(3, batch.last_offset)
    assert sent(behind) == [Stored(request_id=3, offset=batch.last_offset)]
    absent = ready()
    say(absent, replace(append, request_id=1))
    absent.send_stored(1, batch.last_offset)
    assert sent(absent) == [Stored(request_id=1, offset=batch.last_offset)]


def test_an_upload_that_was_refused_comes_whole_if_somebody_else_brings_it() -> None:
    """Once a request was answered, its segment is not replaced by a stub any more."""
    space = Space()
    relay = ready()
    grant(relay, space)
    relay.send_batch(space.batch(1))
    append, _ = offer(space, 2)
    say(relay, append)
    relay.send_refused(2, RefusalCode.OVERLOADED)
    sent(relay)
    batch = _appended(space)
    relay.send_batch(batch)
    assert relay.data_to_send() == [batch.frame]


def test_one_segment_is_uploaded_once_at_a_time() -> None:
    """The same segment again before its answer is a violation."""
    space = Space()
    relay = ready()
    grant(relay, space)
    append, _ = offer(space, 2)
    say(relay, append)
    with pytest.raises(ProtocolViolation):
        say(relay, replace(append, request_id=3))


def test_answers_fit_their_requests() -> None:
    """A slot does not answer an open request, and nothing is answered twice: mistakes of the relay's own."""
    relay = ready()
    say(relay, ask(1))
    with pytest.raises(AssertionError):
        relay.send_done(1)
    relay = ready()
    say(relay, ask(1))
    relay.send_refused(1, RefusalCode.NOT_MEMBER)
    with pytest.raises(KeyError):
        relay.send_refused(1, RefusalCode.NOT_MEMBER)


def test_a_slot_that_does_not_fit_is_refused() -> None:
    """A control log over one frame is refused as too large, never cut."""
    space = Space()
    wire = Wire(SmallRelay(space), device_key(0), limits=SessionLimits(frame_bytes=2_000)).connected()
    for request_id, copies in ((1, 1), (2, 10)):
        wire.client.redeem(device_key(50), fill("id", 16))
        wire.session.receive_data(wire.client.data_to_send()[0])
        control = (control_item(space.genesis),) * copies
        wire.session.send_slot(request_id, space=space.id, sealed=bytes(200), control=control)
    slot, refusal = sent(wire.session)
    assert isinstance(slot, Slot)
    assert isinstance(refusal, Refusal)
    assert refusal.code is RefusalCode.TOO_LARGE


FRAMES = [
    encode_message(ask()),
    encode_message(Append(request_id=1, space=Space().id, item=segment_item(Space().segment(0)))),
    encode_message(
        Create(request_id=1, genesis=control_item(Space().genesis), relay=control_item(Space().relay_record))
    ),
]


@given(
    st.lists(st.one_of(st.binary(max_size=60), *(mutations(frame) for frame in FRAMES)), max_size=4),
    st.booleans(),
)
def test_any_frame_is_an_event_a_refusal_or_a_fault(frames: list[bytes], is_ready: bool) -> None:  # noqa: FBT001
    """A damaged or arbitrary frame never does worse than a RemoteError with a fault frame behind it."""
    relay = ready() if is_ready else session()
    try:
        for frame in frames:
            relay.receive_data(frame)
    except RemoteError:
        fault_of(relay)


# --- presence ---


def test_presence_is_handed_on_in_an_open_space() -> None:
    """A show in an open space is an event, answered by done; what others show goes out as it is."""
    space, relay = Space(), ready()
    grant(relay, space)
    message = presence(space.id, 0)
    show = Show(request_id=2, space=space.id, content=message.content, signature=message.signature)
    assert say(relay, show) == [ShowRequested(request_id=2, space=space.id, message=message)]
    relay.send_done(2)
    shown = Shown(space=space.id, content=message.content, signature=message.signature)
    relay.send_shown(space.id, encode_message(shown))
    assert sent(relay) == [Done(request_id=2), shown]
    assert relay.next_offset(space.id) == 1


@pytest.mark.parametrize("is_asked", [False, True])
def test_presence_of_a_space_that_is_not_open_is_a_violation(*, is_asked: bool) -> None:
    """A show before the space is open ends the session."""
    space, relay = Space(), ready()
    if is_asked:
        say(relay, ask(1, space.id))
    message = presence(space.id, 0)
    with pytest.raises(ProtocolViolation):
        say(relay, Show(request_id=2, space=space.id, content=message.content, signature=message.signature))
    assert fault_of(relay) is FaultCode.VIOLATION


def test_presence_that_does_not_parse_is_refused() -> None:
    """A message that is none, or of a later version, is refused without an event, and the session goes on."""
    space, relay = Space(), ready()
    grant(relay, space)
    message = presence(space.id, 0)
    for request_id, (content, code) in enumerate(
        [
            (b"", RefusalCode.MALFORMED),
            (message.content[:-1], RefusalCode.MALFORMED),
            (b"\x02" + message.content[1:], RefusalCode.UNSUPPORTED),
            (presence(SPACE_ID, 0).content, RefusalCode.MALFORMED),
        ],
        start=2,
    ):
        show = Show(request_id=request_id, space=space.id, content=content, signature=message.signature)
        assert say(relay, show) == []
        (refused,) = sent(relay)
        assert isinstance(refused, Refusal)
        assert (refused.request_id, refused.code) == (request_id, code)
    assert not relay.is_closed


def test_nothing_is_shown_after_the_end() -> None:
    """After a session has closed, presence is dropped like answers."""
    space, relay = Space(), ready()
    grant(relay, space)
    relay.fail(FaultCode.SHUTTING_DOWN)
    sent(relay)
    relay.send_shown(space.id, b"frame")
    assert sent(relay) == []
