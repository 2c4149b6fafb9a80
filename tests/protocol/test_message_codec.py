"""Tests of syncore.protocol.message_codec."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncore.codec.packing import Packed, pack
from syncore.core.errors import Malformed
from syncore.core.identifiers import SpaceId
from syncore.core.limits import (
    MAX_BATCH_ITEMS,
    MAX_FRAME_BYTES,
    MAX_PRESENCE_BYTES,
    MAX_UNAUTHENTICATED_FRAME_BYTES,
)
from syncore.protocol.items import Item, StubItem, control_item, segment_item
from syncore.protocol.message_codec import clip_detail, decode_message, encode_message
from syncore.protocol.messages import (
    MAX_DETAIL_BYTES,
    MAX_TOKEN_BYTES,
    Append,
    Create,
    Done,
    Fault,
    Hello,
    Identify,
    Items,
    Message,
    MessageType,
    Open,
    Opened,
    OpenOutcome,
    PutSlot,
    Redeem,
    Refusal,
    SessionLimits,
    Show,
    Shown,
    Slot,
    Stored,
    Welcome,
    message_type,
)
from syncore.protocol.refusal_codes import FaultCode, RefusalCode
from tests.protocol.builders import GENERATION, NOW_MS, Space, fill, mutations
from tests.protocol.fuzzing import check_every_byte, check_parser

SPACE = Space(devices=2)
SEGMENT = segment_item(SPACE.segment(0))
SPACE_ID = SpaceId(fill("space"))
MESSAGES: list[Message] = [
    Hello(version=1, relay_key=fill("relay"), nonce=fill("nonce")),
    Identify(device_key=fill("device"), nonce=fill("nonce"), token=b"token", signature=bytes(64)),
    Welcome(limits=SessionLimits(requests=7), signature=bytes(64)),
    Open(request_id=1, space=SPACE_ID, cursor=None, receipt=b"", control_seq=0),
    Open(request_id=2, space=SPACE_ID, cursor=SPACE.head, receipt=SPACE.receipt(4), control_seq=3),
    Opened(
        request_id=2,
        space=SPACE_ID,
        generation=GENERATION,
        head_offset=4,
        head_hash=fill("R"),
        outcome=OpenOutcome.DIVERGED,
    ),
    Items(
        space=SPACE_ID,
        first_offset=4,
        items=(SEGMENT, control_item(SPACE.controls[3]), StubItem(hash=fill("stub"))),
        receipt=SPACE.receipt(4),
    ),
    Append(request_id=3, space=SPACE_ID, item=SEGMENT),
    Append(request_id=3, space=SPACE_ID, item=control_item(SPACE.controls[2].signed)),
    Refusal(request_id=3, code=RefusalCode.FORK, is_final=True, detail="another segment holds commit 1"),
    Stored(request_id=3, offset=17),
    Create(request_id=4, genesis=control_item(SPACE.controls[0]), relay=control_item(SPACE.controls[1])),
    Redeem(request_id=5, invitation_id=fill("id", 16), public_key=fill("key"), signature=bytes(64)),
    Slot(
        request_id=5,
        space=SPACE_ID,
        sealed=bytes(176),
        control=tuple(control_item(one) for one in SPACE.controls),
    ),
    PutSlot(
        request_id=6,
        space=SPACE_ID,
        invitation_id=fill("id", 16),
        signing_key=fill("key"),
        expires_ms=NOW_MS,
        sealed=bytes(176),
    ),
    Done(request_id=6),
    Fault(code=FaultCode.SHUTTING_DOWN, detail=""),
    Show(request_id=7, space=SPACE_ID, content=b"presence", signature=bytes(64)),
    Shown(space=SPACE_ID, content=b"presence", signature=bytes(64)),
]


NAMES = [f"{number} {message_type(message).name}" for number, message in enumerate(MESSAGES)]


def read(frame: bytes) -> Message:
    """Decode with the largest limit."""
    return decode_message(frame, MAX_FRAME_BYTES)


def test_every_type_of_message_is_tested() -> None:
    """The examples below hold every type at least once."""
    assert {message_type(message) for message in MESSAGES} == set(MessageType)


@pytest.mark.parametrize("message", MESSAGES, ids=NAMES)
def test_messages_come_back(message: Message) -> None:
    """A frame decodes to the message that was encoded, and every byte of it is read."""
    frame = encode_message(message)
    assert read(frame) == message
    check_every_byte(read, frame, most_positions=120)


@given(st.one_of(st.binary(max_size=200), *(mutations(encode_message(message)) for message in MESSAGES)))
def test_any_bytes_are_a_message_or_malformed(data: bytes) -> None:
    """Decoding arbitrary or damaged bytes gives a message in its one encoding, or a RemoteError."""

    def parse(frame: bytes) -> None:
        assert encode_message(read(frame)) == frame

    check_parser(parse, data)


STRUCTURES = st.recursive(
    st.none() | st.booleans() | st.integers(0, 2**64 - 1) | st.binary(max_size=70) | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=7),
    max_leaves=20,
)


@given(st.integers(0, 18), st.lists(STRUCTURES, max_size=8))
def test_any_fields_are_a_message_or_malformed(number: int, fields: list[Packed]) -> None:
    """Fields of any type and number behind a frame's type give a message or a RemoteError."""
    check_parser(read, pack([number, *fields]))


@pytest.mark.parametrize("message", MESSAGES, ids=NAMES)
def test_frames_are_bounded_before_they_are_read(message: Message) -> None:
    """A frame one byte over the limit of the moment is refused, whatever is in it."""
    frame = encode_message(message)
    assert decode_message(frame, len(frame)) == message
    with pytest.raises(Malformed):
        decode_message(frame, len(frame) - 1)


def test_the_longest_handshake_fits_a_strangers_frame() -> None:
    """The largest token and the longest fault stay below the limit for unauthenticated frames."""
    for message in (
        Identify(device_key=bytes(32), nonce=bytes(32), token=bytes(MAX_TOKEN_BYTES), signature=bytes(64)),
        Fault(code=FaultCode.UNAUTHENTICATED, detail="x" * MAX_DETAIL_BYTES),
    ):
        assert len(encode_message(message)) <= MAX_UNAUTHENTICATED_FRAME_BYTES


BAD_FIELDS: dict[str, list[Packed]] = {
    "limits over ours": [3, [MAX_FRAME_BYTES + 1, 1, 1], bytes(64)],
    "a frame limit that stops everything": [3, [10, 1, 1], bytes(64)],
    "no requests": [3, [MAX_FRAME_BYTES, 1, 0], bytes(64)],
    "request id 0": [14, 0],
    "request id over 32 bits": [14, 2**32],
    "an outcome that does not exist": [5, 1, bytes(32), bytes(16), 0, bytes(32), 5],
    "a short receipt": [4, 1, bytes(32), None, bytes(195), 0],
    "half a cursor": [4, 1, bytes(32), [bytes(16), 1], b"", 0],
    "no items": [6, bytes(32), 1, [], b""],
    "items at offset 0": [6, bytes(32), 0, [[3, bytes(32)]], b""],
    "too many items": [6, bytes(32), 1, [[3, bytes(32)]] * (MAX_BATCH_ITEMS + 1), b""],
    "a stub that is appended": [7, 1, bytes(32), [3, bytes(32)]],
    "a code that does not exist": [8, 1, "because", True, ""],
    "finality that is a number": [8, 1, "fork", 1, ""],
    "a long detail": [8, 1, "fork", True, "x" * (MAX_DETAIL_BYTES + 1)],
    "a segment as genesis": [10, 1, [1, b"", bytes(64)], [2, b"", [], b"", b""]],
    "a long token": [2, bytes(32), bytes(32), bytes(MAX_TOKEN_BYTES + 1), bytes(64)],
    "type 0": [0],
    "no type": [],
    "a long presence message": [17, bytes(32), bytes(MAX_PRESENCE_BYTES + 1), bytes(64)],
    "type 18": [18, 1],
}


@pytest.mark.parametrize("fields", BAD_FIELDS.values(), ids=BAD_FIELDS.keys())
def test_fields_out_of_range_are_malformed(fields: list[Packed]) -> None:
    """Sizes, ranges and codes are checked when a frame is read."""
    with pytest.raises(Malformed):
        read(pack(fields))


def test_a_detail_is_cut_between_characters() -> None:
    """A sentence too long for its frame is cut without breaking a character."""
    assert clip_detail("short") == "short"
    cut = clip_detail("é" * MAX_DETAIL_BYTES)
    assert cut == "é" * (MAX_DETAIL_BYTES // 2)


def test_the_largest_batch_fits_a_frame() -> None:
    """A batch with as many items as allowed is one frame."""
    items: tuple[Item, ...] = (StubItem(hash=bytes(32)),) * MAX_BATCH_ITEMS
    assert (
        len(encode_message(Items(space=SPACE_ID, first_offset=1, items=items, receipt=b""))) < MAX_FRAME_BYTES
    )
