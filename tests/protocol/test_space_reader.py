"""Tests of syncore.protocol.space_reader."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from syncore.core.errors import DishonestRelay, Malformed, ProtocolViolation, UnsupportedVersion
from syncore.crypto.signing import verify
from syncore.protocol.client_events import ItemsReceived, OwnUpload
from syncore.protocol.items import Item, SegmentItem, StubItem, control_item, segment_item
from syncore.protocol.messages import Items, MessageType, Opened, OpenOutcome
from syncore.protocol.receipts import Cursor, start_of_log
from syncore.protocol.session_states import Stream
from syncore.protocol.space_reader import SpaceReader
from tests.protocol.builders import GENERATION, RELAY, Space, device_key

ASKED = MessageType.OPEN
FRESH = bytes(16)


def asking(space: Space, cursor: Cursor | None = None, *, shown: Cursor | None = None) -> SpaceReader:
    """A reader that asked for a space and heard nothing yet."""
    reader = SpaceReader(space.id)
    assert reader.ask(cursor, asking=ASKED, shown=shown)
    return reader


def opened(space: Space, head: Cursor, outcome: OpenOutcome = OpenOutcome.FROM_START) -> Opened:
    """The relay's answer."""
    return Opened(
        request_id=1,
        space=space.id,
        generation=head.generation,
        head_offset=head.offset,
        head_hash=head.running_hash,
        outcome=outcome,
    )


def reading(space: Space) -> SpaceReader:
    """A reader at the start of a space that is open."""
    reader = asking(space)
    reader.opened(opened(space, space.head))
    return reader


def items(space: Space, first: int, *run: Item, receipt: bytes = b"") -> Items:
    """An items frame."""
    return Items(space=space.id, first_offset=first, items=run, receipt=receipt)


def receive(reader: SpaceReader, message: Items) -> ItemsReceived:
    """Let the reader take in a frame of the relay that all spaces here name."""
    return reader.received(message, relay_key=RELAY.public, verify=verify)


def state_of(reader: SpaceReader) -> Stream:
    """The state at this moment, which a type checker does not take for the one before."""
    return reader.state


def test_a_space_is_asked_for_once() -> None:
    """A stream that was asked for or is open is not asked for again; one that was refused is."""
    space = Space()
    reader = asking(space)
    assert not reader.ask(None, asking=MessageType.CREATE, shown=None)
    assert state_of(reader) is Stream.ASKED
    reader.refused()
    assert state_of(reader) is Stream.ABSENT
    assert reader.ask(None, asking=MessageType.CREATE, shown=None)
    reader.opened(opened(space, space.head))
    assert state_of(reader) is Stream.OPEN
    assert not reader.ask(None, asking=ASKED, shown=None)


@pytest.mark.parametrize(
    ("offset", "outcome", "start"),
    [(None, OpenOutcome.FROM_START, 0), (2, OpenOutcome.RESUMED, 2), (4, OpenOutcome.RESUMED, 4)],
)
def test_a_stream_begins_where_the_outcome_says(offset: int | None, outcome: OpenOutcome, start: int) -> None:
    """A resumed stream goes on behind the cursor that was sent, any other one begins at offset 0."""
    space = Space(devices=2)
    reader = asking(space, None if offset is None else space.cursor(offset))
    event = reader.opened(opened(space, space.head, outcome))
    assert event.cursor == reader.cursor == space.cursor(start)
    assert (event.request_id, event.space, event.head, event.outcome) == (1, space.id, space.head, outcome)
    assert event.is_caught_up is (start == 4)


CONTRADICTIONS: dict[str, Callable[[Space], tuple[Cursor | None, Opened]]] = {
    "resumed without a cursor": lambda space: (None, opened(space, space.head, OpenOutcome.RESUMED)),
    "resumed in another generation": lambda space: (
        replace(space.head, generation=FRESH),
        opened(space, space.head, OpenOutcome.RESUMED),
    ),
    "resumed beyond the head": lambda space: (
        space.head,
        opened(space, space.cursor(1), OpenOutcome.RESUMED),
    ),
    "resumed at another hash": lambda space: (
        space.head,
        opened(space, replace(space.head, running_hash=bytes(32)), OpenOutcome.RESUMED),
    ),
    "a cursor passed over": lambda space: (space.head, opened(space, space.head)),
    "a cursor made up": lambda space: (None, opened(space, space.head, OpenOutcome.LOST)),
    "an empty log with a hash": lambda space: (
        None,
        opened(space, Cursor(generation=GENERATION, offset=0, running_hash=bytes(32))),
    ),
}


@pytest.mark.parametrize("make", CONTRADICTIONS.values(), ids=CONTRADICTIONS.keys())
def test_answers_that_contradict_the_request_are_violations(
    make: Callable[[Space], tuple[Cursor | None, Opened]],
) -> None:
    """The place where a stream begins has to follow from what was asked."""
    space = Space()
    cursor, answer = make(space)
    with pytest.raises(ProtocolViolation):
        asking(space, cursor).opened(answer)


def test_only_a_receipt_holds_a_relay_to_its_generation() -> None:
    """A relay that begins anew may keep its generation after a bare cursor, and not after its own receipt."""
    space = Space()
    in_the_same = opened(space, space.cursor(1), OpenOutcome.LOST)
    assert asking(space, space.head).opened(in_the_same).cursor == space.cursor(0)
    with pytest.raises(DishonestRelay):
        asking(space, space.head, shown=space.head).opened(in_the_same)
    empty = Cursor(generation=FRESH, offset=0, running_hash=start_of_log(space.id, FRESH))
    reader = asking(space, space.head, shown=space.head)
    assert reader.opened(opened(space, empty, OpenOutcome.LOST)).cursor == empty


LIES: dict[str, Callable[[Space], Items]] = {
    "a gap": lambda space: items(space, 2, space.items[1][1]),
    "a repetition": lambda space: items(
        space, 1, space.items[0][1], space.items[0][1], receipt=space.receipt(2)
    ),
    "a swap": lambda space: items(space, 1, space.items[0][1], space.items[2][1], receipt=space.receipt(2)),
    "a receipt for less": lambda space: items(
        space, 1, *(item for _, item in space.items[:2]), receipt=space.receipt(1)
    ),
    "a receipt for more": lambda space: items(space, 1, space.items[0][1], receipt=space.receipt(2)),
    "a receipt of another generation": lambda space: items(
        space, 1, space.items[0][1], receipt=space.receipt(1, generation=FRESH)
    ),
    "a receipt of another space": lambda space: items(
        space, 1, space.items[0][1], receipt=space.receipt(1, space=bytes(32))
    ),
    "another running hash": lambda space: items(
        space, 1, space.items[0][1], receipt=space.receipt(1, running_hash=bytes(32))
    ),
    "a receipt by somebody else": lambda space: items(
        space, 1, space.items[0][1], receipt=space.receipt(1, relay=device_key(0))
    ),
    "another log up to the head": lambda space: items(
        space, 1, *(item for _, item in space.items[:-1]), space.items[0][1]
    ),
    "a stub for nothing": lambda space: items(space, 1, StubItem(hash=space.items[0][0])),
    "an item of another space": lambda space: items(space, 1, Space(name="other").items[0][1]),
    "a segment of another space": lambda space: items(space, 1, segment_item(Space(name="other").segment(0))),
}


@pytest.mark.parametrize("make", LIES.values(), ids=LIES.keys())
def test_a_stream_that_is_not_the_signed_log_is_a_violation(make: Callable[[Space], Items]) -> None:
    """Gaps, swaps, foreign items and receipts that do not fit are noticed in the frame that holds them."""
    space = Space(devices=2)
    reader = reading(space)
    with pytest.raises(ProtocolViolation):
        receive(reader, make(space))
    assert reader.cursor == space.cursor(0)


def test_the_honest_frames_beside_those_lies_pass() -> None:
    """The same frames without a lie move the cursor, and show a receipt where one came; the head ends it."""
    space = Space(devices=2)
    space.write(0)
    reader = reading(space)
    first = receive(reader, items(space, 1, space.items[0][1]))
    assert (first.cursor, first.receipt, first.is_caught_up) == (space.cursor(1), None, False)
    run = [item for _, item in space.items]
    second = receive(reader, items(space, 2, *run[1:4], receipt=space.receipt(4)))
    assert second.receipt is not None
    assert second.receipt.receipt.cursor == second.cursor == space.cursor(4)
    assert not second.is_caught_up
    last = receive(reader, items(space, 5, run[4]))
    assert last.is_caught_up
    received = [*first.items, *second.items, *last.items]
    assert [(item.offset, item.hash) for item in received] == [
        (offset, digest) for offset, (digest, _) in enumerate(space.items, start=1)
    ]
    space.write(0)
    assert receive(reader, items(space, 6, space.items[5][1])).is_caught_up


def test_nothing_is_read_before_the_answer() -> None:
    """Items of a space that was not asked for, or asked for and not opened, are a violation."""
    space = Space()
    for reader in (SpaceReader(space.id), asking(space)):
        with pytest.raises(ProtocolViolation):
            receive(reader, items(space, 1, space.items[0][1]))


def test_a_stub_answers_its_upload_once() -> None:
    """A stub names the append request of its segment; the same stub again stands for nothing."""
    space = Space()
    reader = reading(space)
    receive(reader, items(space, 1, *(item for _, item in space.items)))
    segment = space.write(0)
    reader.uploads[segment.hash] = 7
    (own,) = receive(reader, items(space, 3, StubItem(hash=segment.hash), receipt=space.receipt(3))).items
    assert (own.content, own.request_id, own.hash) == (OwnUpload(hash=segment.hash), 7, segment.hash)
    with pytest.raises(ProtocolViolation):
        receive(reader, items(space, 4, StubItem(hash=segment.hash)))


def test_items_that_do_not_parse_are_told_apart() -> None:
    """Garbage is malformed, a later version unsupported, and a log holds no record without acceptance."""
    space = Space()
    content = space.segment(0).content
    for item, error in (
        (SegmentItem(content=b"", signature=bytes(64)), Malformed),
        (SegmentItem(content=b"\x02" + content[1:], signature=bytes(64)), UnsupportedVersion),
        (control_item(space.relay_record.signed), Malformed),
    ):
        with pytest.raises(error):
            receive(reading(space), items(space, 1, item))
