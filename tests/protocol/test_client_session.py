"""Tests of syncore.protocol.client_session."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncore.core.errors import (
    ConnectionFailed,
    DishonestRelay,
    Malformed,
    Misused,
    ProtocolViolation,
    RemoteError,
    UnsupportedVersion,
    WrongRelay,
)
from syncore.core.identifiers import SpaceId
from syncore.core.limits import HANDSHAKE_TIMEOUT_MS, MAX_UNAUTHENTICATED_FRAME_BYTES
from syncore.protocol.client_events import (
    ClientEvent,
    Connected,
    FaultReceived,
    ItemsReceived,
    OwnUpload,
    PresenceReceived,
    RequestDone,
    RequestRefused,
    SlotReceived,
    SpaceOpened,
    UploadStored,
)
from syncore.protocol.client_session import ClientSession
from syncore.protocol.control_payloads import Role
from syncore.protocol.control_records import sign_record
from syncore.protocol.items import Item, StubItem, control_item
from syncore.protocol.message_codec import encode_message
from syncore.protocol.messages import (
    Append,
    Done,
    Fault,
    Hello,
    Items,
    Message,
    Opened,
    OpenOutcome,
    Refusal,
    SessionLimits,
    Shown,
    Stored,
)
from syncore.protocol.receipts import Cursor, start_of_log
from syncore.protocol.refusal_codes import FaultCode, RefusalCode
from syncore.protocol.segments import Segment
from tests.protocol.builders import (
    GENERATION,
    NOW_MS,
    RELAY,
    Space,
    device_key,
    fill,
    invitation_key,
    invite,
    mutations,
)
from tests.protocol.presences import presence
from tests.protocol.small_relay import SmallRelay, Wire


def wired(space: Space | None = None, *, device: int = 0, limits: SessionLimits | None = None) -> Wire:
    """A connected device at a relay that holds a space."""
    return Wire(SmallRelay(*([space] if space else [])), device_key(device), limits=limits).connected()


def hear(wire: Wire, message: Message) -> list[ClientEvent]:
    """Let the device hear a frame, whatever the relay thinks of it."""
    return wire.client.receive_data(encode_message(message))


def one(events: list[ClientEvent], kind: type) -> object:
    """The only event of a kind."""
    found = [event for event in events if isinstance(event, kind)]
    assert len(found) == 1
    return found[0]


def asked(space: Space, *, cursor: Cursor | None = None, receipt: bytes = b"") -> Wire:
    """A device that asked for a space and heard nothing yet."""
    wire = wired(space)
    wire.client.open_space(space.id, cursor=cursor, receipt=receipt)
    return wire


def opened(space: Space, head: Cursor, outcome: OpenOutcome = OpenOutcome.FROM_START) -> Opened:
    """An answer to the first request."""
    return Opened(
        request_id=1,
        space=space.id,
        generation=head.generation,
        head_offset=head.offset,
        head_hash=head.running_hash,
        outcome=outcome,
    )


def items(space: Space, first: int, *run: Item, receipt: bytes = b"") -> Items:
    """An items frame."""
    return Items(space=space.id, first_offset=first, items=run, receipt=receipt)


# --- beginning ---


def test_the_first_event_is_the_relays_key() -> None:
    """A pinned device connects to its relay; on first contact it accepts any key and shows it."""
    for pinned in (RELAY.public, None):
        wire = Wire(SmallRelay(), device_key(0), relay_key=pinned)
        (event,) = wire.run()
        assert event == Connected(relay_key=RELAY.public, limits=SessionLimits())
        assert wire.client.relay_key == RELAY.public


def test_another_relay_ends_the_session() -> None:
    """A wrong key raises, and nothing is sent to it."""
    wire = Wire(SmallRelay(), device_key(0), relay_key=fill("another"))
    with pytest.raises(WrongRelay):
        wire.run()
    assert wire.client.is_closed
    assert wire.client.data_to_send() == []
    with pytest.raises(ProtocolViolation):
        hear(wire, Done(request_id=1))


def test_another_version_ends_the_session() -> None:
    """A relay of a later version is told apart from a wrong one."""
    wire = Wire(SmallRelay(), device_key(0))
    with pytest.raises(UnsupportedVersion):
        hear(wire, Hello(version=2, relay_key=RELAY.public, nonce=bytes(32)))


def test_a_silent_relay_is_given_up() -> None:
    """The handshake has a deadline; a session that is ready has none."""
    wire = Wire(SmallRelay(), device_key(0))
    wire.client.tick(HANDSHAKE_TIMEOUT_MS - 1)
    with pytest.raises(ConnectionFailed):
        wire.client.tick(HANDSHAKE_TIMEOUT_MS)
    assert wire.client.is_closed
    wired().client.tick(HANDSHAKE_TIMEOUT_MS)


def test_strangers_send_small_frames() -> None:
    """Before the handshake is over a frame over 1 KB is refused."""
    wire = Wire(SmallRelay(), device_key(0))
    with pytest.raises(Malformed, match="allowed"):
        wire.client.receive_data(bytes(MAX_UNAUTHENTICATED_FRAME_BYTES + 1))


def test_requests_wait_for_the_connection() -> None:
    """Nothing can be asked before the relay proved its key."""
    wire = Wire(SmallRelay(), device_key(0))
    assert wire.client.free_requests == 0
    with pytest.raises(Misused):
        wire.client.open_space(SpaceId(bytes(32)), cursor=None)


# --- reading ---


@pytest.mark.parametrize("most_items", [1, 2, 100])
def test_a_space_is_read_to_its_head(most_items: int) -> None:
    """From the start the device gets every item in order, each frame with a cursor and a receipt that fit."""
    space = Space(devices=2)
    space.write(0)
    space.write(1)
    wire = wired(space)
    wire.client.open_space(space.id, cursor=None)
    events = wire.run(most_items=most_items)
    start = one(events, SpaceOpened)
    assert isinstance(start, SpaceOpened)
    assert (start.cursor, start.head, start.outcome) == (space.cursor(0), space.head, OpenOutcome.FROM_START)
    frames = [event for event in events if isinstance(event, ItemsReceived)]
    assert [item.hash for frame in frames for item in frame.items] == [digest for digest, _ in space.items]
    assert [frame.is_caught_up for frame in frames] == [False] * (len(frames) - 1) + [True]
    for frame in frames:
        assert frame.cursor == space.cursor(frame.items[-1].offset)
        assert frame.receipt is not None
        assert frame.receipt.receipt.cursor == frame.cursor


def test_a_device_resumes_behind_its_cursor() -> None:
    """What was read on an earlier connection does not come again."""
    space = Space(devices=2)
    cursor = space.head
    space.write(0)
    events = wired(space).opened(space.id, cursor)
    start = one(events, SpaceOpened)
    assert isinstance(start, SpaceOpened)
    assert start.is_resumed
    assert not start.is_caught_up
    received = one(events, ItemsReceived)
    assert isinstance(received, ItemsReceived)
    assert [item.offset for item in received.items] == [cursor.offset + 1]


def test_a_cursor_at_the_head_is_caught_up() -> None:
    """There may be nothing to read."""
    space = Space()
    (event,) = wired(space).opened(space.id, space.head)
    assert isinstance(event, SpaceOpened)
    assert event.is_caught_up


@pytest.mark.parametrize(
    ("cursor", "outcome"),
    [
        (Cursor(generation=bytes(16), offset=1, running_hash=bytes(32)), OpenOutcome.NEW_GENERATION),
        (Cursor(generation=GENERATION, offset=99, running_hash=bytes(32)), OpenOutcome.LOST),
        (Cursor(generation=GENERATION, offset=1, running_hash=bytes(32)), OpenOutcome.DIVERGED),
    ],
)
def test_a_relay_with_another_log_begins_anew(cursor: Cursor, outcome: OpenOutcome) -> None:
    """A cursor that does not fit is answered with the reason and the whole log."""
    space = Space()
    events = wired(space).opened(space.id, cursor)
    start = one(events, SpaceOpened)
    assert isinstance(start, SpaceOpened)
    assert start.outcome is outcome
    assert start.cursor == space.cursor(0)


def test_a_relay_that_denies_its_receipt_is_dishonest() -> None:
    """Shown its own receipt, a relay either resumes or begins a new generation."""
    space = Space()
    wire = asked(space, cursor=space.head, receipt=space.receipt(space.head.offset))
    with pytest.raises(DishonestRelay):
        hear(wire, opened(space, space.cursor(1), OpenOutcome.LOST))
    fresh = Cursor(generation=bytes(16), offset=0, running_hash=start_of_log(space.id, bytes(16)))
    wire = asked(space, cursor=space.head, receipt=space.receipt(space.head.offset))
    (event,) = hear(wire, opened(space, fresh, OpenOutcome.LOST))
    assert isinstance(event, SpaceOpened)


def test_a_relay_may_lose_what_it_never_signed() -> None:
    """Behind its last receipt a relay denies nothing: the log is read anew in the same generation."""
    space = Space()
    wire = asked(space, cursor=space.head, receipt=space.receipt(1))
    (event,) = hear(wire, opened(space, space.cursor(1), OpenOutcome.LOST))
    assert isinstance(event, SpaceOpened)


def test_a_relay_that_ends_before_its_receipt_is_dishonest() -> None:
    """Also to whoever has no cursor, a relay shows what it signed, or another generation."""
    space = Space()
    wire = asked(space, receipt=space.receipt(space.head.offset))
    with pytest.raises(DishonestRelay):
        hear(wire, opened(space, space.cursor(space.head.offset - 1)))


def test_another_log_under_a_signed_generation_is_found_in_the_stream() -> None:
    """A log that is not the one of the receipt is refused at the item where it shows."""
    space = Space()
    space.write(0)
    space.write(0)
    wire = asked(space, receipt=space.receipt(3, running_hash=bytes(32)))
    hear(wire, opened(space, space.head))
    hear(wire, items(space, 1, *(item for _, item in space.items[:2])))
    with pytest.raises(DishonestRelay):
        hear(wire, items(space, 3, space.items[2][1]))


CONTRADICTIONS: dict[str, Callable[[Space], tuple[Cursor | None, Opened]]] = {
    "resumed without a cursor": lambda space: (None, opened(space, space.head, OpenOutcome.RESUMED)),
    "another space": lambda space: (None, replace(opened(space, space.head), space=SpaceId(bytes(32)))),
    "a request never made": lambda space: (None, replace(opened(space, space.head), request_id=2)),
}


@pytest.mark.parametrize("make", CONTRADICTIONS.values(), ids=CONTRADICTIONS.keys())
def test_answers_that_contradict_the_request_end_the_session(
    make: Callable[[Space], tuple[Cursor | None, Opened]],
) -> None:
    """A beginning that the reader does not accept ends the session, and so does an answer to nothing."""
    space = Space()
    cursor, answer = make(space)
    wire = asked(space, cursor=cursor)
    with pytest.raises(ProtocolViolation):
        hear(wire, answer)
    assert wire.client.is_closed


LIES: dict[str, Callable[[Space], Items]] = {
    "a gap": lambda space: items(space, 2, space.items[1][1]),
    "a receipt by somebody else": lambda space: items(
        space, 1, space.items[0][1], receipt=space.receipt(1, relay=device_key(0))
    ),
    "a space that is not open": lambda space: replace(
        items(space, 1, space.items[0][1]), space=SpaceId(bytes(32))
    ),
}


@pytest.mark.parametrize("make", LIES.values(), ids=LIES.keys())
def test_a_stream_that_is_not_the_signed_log_ends_the_session(make: Callable[[Space], Items]) -> None:
    """What the reader of the stream does not accept, and items of a space that is not open, end it."""
    space = Space(devices=2)
    wire = asked(space)
    hear(wire, opened(space, space.head))
    with pytest.raises(ProtocolViolation):
        hear(wire, make(space))
    assert wire.client.is_closed


def test_items_before_the_answer_end_the_session() -> None:
    """A stream does not begin before the relay said where."""
    space = Space()
    wire = asked(space)
    with pytest.raises(ProtocolViolation):
        hear(wire, items(space, 1, space.items[0][1]))


# --- writing ---


def test_an_upload_comes_back_as_a_stub() -> None:
    """The stub in the stream acknowledges the request; other devices get the segment whole."""
    space = Space(devices=2)
    relay = SmallRelay(space)
    author, reader = Wire(relay, device_key(0)).connected(), Wire(relay, device_key(1)).connected()
    author.opened(space.id)
    reader.opened(space.id)
    segments = [space.segment(0)]
    request_id = author.client.append_segment(segments[0])
    received = one(author.run(), ItemsReceived)
    assert isinstance(received, ItemsReceived)
    (item,) = received.items
    assert (item.content, item.request_id) == (OwnUpload(hash=segments[0].hash), request_id)
    assert author.client.free_requests == SessionLimits().requests
    elsewhere = one(reader.run(), ItemsReceived)
    assert isinstance(elsewhere, ItemsReceived)
    assert elsewhere.items[0].content == segments[0]
    assert elsewhere.cursor == received.cursor


def test_a_segment_that_is_there_already_is_stored() -> None:
    """A repeated upload of what the stream has passed is answered with its offset."""
    space = Space()
    segment = space.write(0)
    wire = wired(space)
    wire.opened(space.id)
    request_id = wire.client.append_segment(segment)
    assert wire.run() == [UploadStored(request_id=request_id, space=space.id, offset=len(space.items))]


def test_a_segment_that_is_there_already_but_was_not_read_comes_as_a_stub() -> None:
    """A repeated upload of what the stream has yet to pass is answered by the stream."""
    space = Space()
    segment = space.write(0)
    wire = wired(space)
    wire.client.open_space(space.id, cursor=None)
    wire.client.append_segment(segment)
    wire.step_relay()
    wire.step_relay()
    events = wire.run()
    received = one(events, ItemsReceived)
    assert isinstance(received, ItemsReceived)
    assert received.items[-1].content == OwnUpload(hash=segment.hash)
    assert not any(isinstance(event, UploadStored) for event in events)


def test_a_refused_upload_says_why() -> None:
    """A refusal names request, space and code, and whether trying again can help."""
    space = Space()
    space.admit(1, Role.READER)
    wire = wired(space, device=1)
    wire.opened(space.id)
    request_id = wire.client.append_segment(space.segment(1))
    refusal = one(wire.run(), RequestRefused)
    assert isinstance(refusal, RequestRefused)
    assert (refusal.request_id, refusal.space) == (request_id, space.id)
    assert (refusal.code, refusal.is_final) == (RefusalCode.NOT_PERMITTED, True)
    assert refusal.detail


def test_a_refused_upload_is_not_acknowledged_afterwards() -> None:
    """A stub for a segment that was refused is one for nothing; the segment can be uploaded again."""
    space = Space()
    wire = wired(space)
    wire.opened(space.id)
    segment = space.segment(0)
    request_id = wire.client.append_segment(segment)
    hear(wire, Refusal(request_id=request_id, code=RefusalCode.OVERLOADED, is_final=False, detail=""))
    wire.client.append_segment(segment)
    hear(wire, Refusal(request_id=request_id + 1, code=RefusalCode.OVERLOADED, is_final=False, detail=""))
    with pytest.raises(ProtocolViolation):
        hear(wire, items(space, len(space.items) + 1, StubItem(hash=segment.hash)))


def test_a_segment_is_not_uploaded_twice_at_once() -> None:
    """Until the first upload is answered, the same segment cannot be uploaded again."""
    space = Space()
    wire = wired(space)
    wire.opened(space.id)
    segment = space.segment(0)
    wire.client.append_segment(segment)
    with pytest.raises(Misused):
        wire.client.append_segment(segment)


def test_a_control_record_is_stored_and_comes_accepted() -> None:
    """The answer names the offset; the stream holds the record with the relay's acceptance."""
    space = Space()
    wire = wired(space)
    wire.opened(space.id)
    signed = sign_record(space.record(invite("new")), device_key(0))
    request_id = wire.client.append_record(signed)
    events = wire.run()
    assert one(events, UploadStored) == UploadStored(request_id=request_id, space=space.id, offset=3)
    received = one(events, ItemsReceived)
    assert isinstance(received, ItemsReceived)
    assert received.items[0].content == space.controls[2]


def test_requests_are_bounded_by_what_the_relay_allows() -> None:
    """A device never asks more at once than it was promised."""
    space = Space()
    wire = wired(space, limits=SessionLimits(requests=2, spaces=1))
    assert wire.client.free_requests == 2
    wire.client.open_space(space.id, cursor=None)
    with pytest.raises(Misused, match="spaces"):
        wire.client.open_space(SpaceId(bytes(32)), cursor=None)
    wire.client.append_segment(space.segment(0))
    with pytest.raises(Misused, match="too many"):
        wire.client.append_segment(space.segment(0, incarnation=2))
    wire.run()
    assert wire.client.free_requests == 2


def test_a_space_is_opened_once() -> None:
    """A space that is open or asked for cannot be asked for again; a refused one can."""
    space = Space()
    wire = wired(space)
    wire.client.open_space(space.id, cursor=None)
    with pytest.raises(Misused):
        wire.client.open_space(space.id, cursor=None)
    wire.run()
    assert wire.client.is_open(space.id)
    with pytest.raises(Misused):
        wire.client.create_space(space.controls[0], space.controls[1])
    unknown = SpaceId(fill("unknown"))
    for _ in range(2):
        (event,) = wire.opened(unknown)
        assert isinstance(event, RequestRefused)
        assert event.code is RefusalCode.UNKNOWN_SPACE
        assert not wire.client.is_open(unknown)


def test_a_new_space_is_created_and_read() -> None:
    """Creating opens the stream at offset 1."""
    space = Space()
    wire = wired(space)
    request_id = wire.client.create_space(space.genesis, space.relay_record.signed)
    start = one(wire.run(), SpaceOpened)
    assert isinstance(start, SpaceOpened)
    assert (start.request_id, start.outcome) == (request_id, OpenOutcome.FROM_START)


# --- joining ---


def test_a_stranger_joins_with_an_invitation() -> None:
    """Slot and control log come for the invitation's signature; the accept record needs no open space."""
    space = Space()
    relay = SmallRelay(space)
    invitation = invite("open")
    space.accept(invitation)
    owner = Wire(relay, device_key(0)).connected()
    request_id = owner.client.put_slot(
        space.id,
        invitation_id=invitation.id,
        signing_key=invitation.signing_key,
        expires_ms=NOW_MS,
        sealed=b"sealed",
    )
    assert owner.run() == [RequestDone(request_id=request_id, space=space.id)]
    joiner = Wire(relay, device_key(1), relay_key=None, serial=1).connected()
    request_id = joiner.client.redeem(invitation_key(invitation), invitation.id)
    slot = one(joiner.run(), SlotReceived)
    assert slot == SlotReceived(
        request_id=request_id, space=space.id, sealed=b"sealed", control=tuple(space.controls)
    )
    request_id = joiner.client.append_record(space.admission(1, invitation))
    assert joiner.run() == [UploadStored(request_id=request_id, space=space.id, offset=4)]
    joiner.opened(space.id)
    assert joiner.client.is_open(space.id)


def test_an_invitation_that_does_not_exist_is_refused() -> None:
    """A redemption names no space, and neither does its refusal."""
    wire = wired(Space())
    request_id = wire.client.redeem(invitation_key(invite("none")), fill("none", 16))
    refusal = one(wire.run(), RequestRefused)
    assert isinstance(refusal, RequestRefused)
    assert (refusal.request_id, refusal.space) == (request_id, None)
    assert refusal.code is RefusalCode.INVITATION_UNKNOWN


# --- ending ---


def test_a_fault_is_the_last_thing_heard() -> None:
    """A fault can come at any time; nothing may follow it, and nothing can be asked any more."""
    for wire in (Wire(SmallRelay(), device_key(0)), wired()):
        (event,) = hear(wire, Fault(code=FaultCode.SHUTTING_DOWN, detail="bye"))
        assert event == FaultReceived(code=FaultCode.SHUTTING_DOWN, detail="bye")
        assert wire.client.is_closed
        with pytest.raises(Misused):
            wire.client.open_space(SpaceId(bytes(32)), cursor=None)
        with pytest.raises(ProtocolViolation):
            hear(wire, Done(request_id=1))


ANSWERS: dict[str, Message] = {
    "done": Done(request_id=1),
    "stored": Stored(request_id=1, offset=1),
    "nothing asked": Refusal(request_id=9, code=RefusalCode.FORK, is_final=True, detail=""),
    "a device's frame": Append(
        request_id=1, space=SpaceId(bytes(32)), item=control_item(Space().controls[0])
    ),
    "hello": Hello(version=1, relay_key=RELAY.public, nonce=bytes(32)),
}


@pytest.mark.parametrize("answer", ANSWERS.values(), ids=ANSWERS.keys())
def test_answers_to_nothing_end_the_session(answer: Message) -> None:
    """An open request is not answered with done or stored, and frames of devices are none of a relay's."""
    wire = asked(Space())
    with pytest.raises(ProtocolViolation):
        hear(wire, answer)
    assert wire.client.is_closed


FRAMES = [encode_message(Hello(version=1, relay_key=RELAY.public, nonce=bytes(32))), Space().batch(1).frame]


@given(st.one_of(st.binary(max_size=60), *(mutations(frame) for frame in FRAMES)), st.booleans())
def test_any_frame_is_an_event_or_a_remote_error(frame: bytes, is_open: bool) -> None:  # noqa: FBT001
    """A damaged or arbitrary frame raises a RemoteError and closes the session, or is taken in."""
    space = Space()
    wire = wired(space) if is_open else Wire(SmallRelay(space), device_key(0))
    if is_open:
        wire.client.open_space(space.id, cursor=None)
        hear(wire, opened(space, space.head))
    try:
        wire.client.receive_data(frame)
    except RemoteError:
        assert wire.client.is_closed


def test_a_session_says_what_it_is() -> None:
    """Readiness follows the handshake."""
    client = ClientSession(signer=device_key(0), nonce=bytes(32), verify=lambda *_: None, now_ms=0)
    assert not client.is_ready
    assert not client.is_closed
    assert not client.is_open(SpaceId(bytes(32)))
    assert client.relay_key is None


def test_uploads_of_several_spaces_do_not_mix() -> None:
    """A stub acknowledges only in the space that the segment was uploaded to."""
    one_space, other = Space(), Space(name="other")
    wire = Wire(SmallRelay(one_space, other), device_key(0)).connected()
    wire.opened(one_space.id)
    wire.opened(other.id)
    segment: Segment = one_space.segment(0)
    wire.client.append_segment(segment)
    with pytest.raises(ProtocolViolation):
        hear(wire, items(other, len(other.items) + 1, StubItem(hash=segment.hash)))


# --- presence ---


def test_presence_is_shown_and_received_in_an_open_space() -> None:
    """A show is answered by done; what others show comes unparsed, whatever is in it."""
    space = Space()
    wire = wired(space)
    wire.opened(space.id)
    message = presence(space.id, 0)
    request_id = wire.client.show(message)
    assert wire.run() == [RequestDone(request_id=request_id, space=space.id)]
    assert [event.message for event in wire.relay.shown] == [message]
    for content in (message.content, b"of a later version"):
        shown = Shown(space=space.id, content=content, signature=bytes(64))
        assert hear(wire, shown) == [PresenceReceived(space=space.id, content=content, signature=bytes(64))]


def test_a_refused_show_is_told_and_the_space_stays_open() -> None:
    """A refusal of presence names the space, which goes on."""
    space = Space()
    wire = wired(space)
    wire.opened(space.id)
    request_id = wire.client.show(presence(space.id, 0))
    refusal = Refusal(request_id=request_id, code=RefusalCode.RATE_LIMITED, is_final=False, detail="")
    (event,) = hear(wire, refusal)
    assert isinstance(event, RequestRefused)
    assert (event.space, event.code) == (space.id, RefusalCode.RATE_LIMITED)
    assert wire.client.is_open(space.id)


def test_presence_of_a_space_that_is_not_open() -> None:
    """Showing before a space is open is a mistake; being shown something there is a violation."""
    space = Space()
    wire = asked(space)
    message = presence(space.id, 0)
    with pytest.raises(Misused):
        wire.client.show(message)
    with pytest.raises(ProtocolViolation):
        hear(wire, Shown(space=space.id, content=message.content, signature=message.signature))
    assert wire.client.is_closed
