"""Tests of syncore.protocol.request_parsing."""

from dataclasses import replace

import pytest

from syncore.core.errors import Malformed, Refused
from syncore.crypto.signing import verify
from syncore.protocol.control_records import sign_record
from syncore.protocol.handshake import REDEEM_KIND, redeem_hash
from syncore.protocol.items import ControlItem, SegmentItem, control_item, segment_item
from syncore.protocol.messages import Append, Create, Open, PutSlot, Redeem, Show
from syncore.protocol.receipts import decode_receipt
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
from syncore.protocol.request_parsing import read_request, signed_part
from tests.protocol.builders import NOW_MS, Space, device_key, fill, invite
from tests.protocol.presences import presence

TRANSCRIPT = fill("transcript")
AnyRequest = Open | Append | Create | Redeem | PutSlot | Show


def read(message: AnyRequest) -> Request:
    """The event for a request on the connection of these tests."""
    return read_request(message, transcript=TRANSCRIPT, verify=verify)


def append(space: Space, item: SegmentItem | ControlItem) -> Append:
    """A request to append an item to a space."""
    return Append(request_id=3, space=space.id, item=item)


def test_opening_names_space_cursor_and_receipt() -> None:
    """A request to open is handed on with its receipt decoded, and with none where none came."""
    space = Space(devices=2)
    opening = Open(
        request_id=1, space=space.id, cursor=space.cursor(2), receipt=space.receipt(2), control_seq=1
    )
    asked = OpenRequested(
        request_id=1,
        space=space.id,
        cursor=space.cursor(2),
        receipt=decode_receipt(space.receipt(2)),
        control_seq=1,
    )
    assert read(opening) == asked
    assert read(replace(opening, cursor=None, receipt=b"")) == replace(asked, cursor=None, receipt=None)
    with pytest.raises(Malformed):
        read(replace(opening, receipt=space.receipt(2)[:48] + b"\xff" * 8 + space.receipt(2)[56:]))


def test_what_is_appended_is_parsed() -> None:
    """A segment, a new record and one that was accepted before are handed on as what they are."""
    space = Space(devices=2)
    segment = space.segment(0)
    item = segment_item(segment)
    assert read(append(space, item)) == SegmentOffered(
        request_id=3, space=space.id, segment=segment, item=item
    )
    for record in (sign_record(space.record(invite("new")), device_key(0)), space.controls[3]):
        assert read(append(space, control_item(record))) == RecordOffered(
            request_id=3, space=space.id, record=record
        )


def test_a_new_space_is_named_by_its_genesis() -> None:
    """A space comes with its genesis and its relay record, which the relay may have accepted before."""
    space = Space()
    for relay in (space.relay_record, space.relay_record.signed):
        creating = Create(request_id=5, genesis=control_item(space.genesis), relay=control_item(relay))
        assert read(creating) == CreateRequested(
            request_id=5, space=space.id, genesis=space.genesis, relay=relay
        )


def test_a_slot_is_handed_on_whole() -> None:
    """What is in a slot's request is in its event, and nothing of it is looked at."""
    fields: dict[str, bytes] = {
        "invitation_id": fill("id", 16),
        "signing_key": fill("key"),
        "sealed": b"sealed",
    }
    put = PutSlot(request_id=6, space=Space().id, expires_ms=NOW_MS, **fields)
    assert read(put) == PutSlotRequested(request_id=6, space=put.space, expires_ms=NOW_MS, **fields)


def test_a_redemption_holds_for_one_connection_one_invitation_and_one_key() -> None:
    """A signature over another handshake or invitation, or by another key, is refused for good."""
    signer, invitation = device_key(50), fill("id", 16)
    signature = signer.sign(REDEEM_KIND, redeem_hash(TRANSCRIPT, invitation))
    good = Redeem(request_id=7, invitation_id=invitation, public_key=signer.public, signature=signature)
    assert read(good) == RedeemRequested(request_id=7, invitation_id=invitation, public_key=signer.public)
    elsewhere = signer.sign(REDEEM_KIND, redeem_hash(fill("another handshake"), invitation))
    for bad in (
        replace(good, signature=elsewhere),
        replace(good, invitation_id=fill("other", 16)),
        replace(good, public_key=device_key(51).public),
        replace(good, signature=signer.sign("other", redeem_hash(TRANSCRIPT, invitation))),
    ):
        with pytest.raises(Refused) as refused:
            read(bad)
        assert (refused.value.code, refused.value.is_final) == ("bad_signature", True)


def unparsed() -> dict[str, tuple[AnyRequest, RefusalCode]]:
    """Requests that no relay can carry out, and how they are refused."""
    space, other = Space(), Space(name="other")
    item = segment_item(space.segment(0))
    genesis, naming = control_item(space.genesis), control_item(space.relay_record)
    later = replace(naming, record=naming.record[:1] + b"\x07" + naming.record[2:])
    second = space.accept(space.relay_record.record.payload)

    def create(first: ControlItem, following: ControlItem) -> Create:
        return Create(request_id=1, genesis=first, relay=following)

    return {
        "no segment": (append(space, replace(item, content=b"")), RefusalCode.MALFORMED),
        "a segment of a later version": (
            append(space, replace(item, content=b"\x02" + item.content[1:])),
            RefusalCode.UNSUPPORTED,
        ),
        "a segment of another space": (
            append(space, segment_item(other.segment(0))),
            RefusalCode.MALFORMED,
        ),
        "no record": (append(space, replace(naming, record=b"")), RefusalCode.MALFORMED),
        "a record of a later type": (append(space, later), RefusalCode.UNSUPPORTED),
        "a record of another space": (
            append(space, control_item(other.relay_record)),
            RefusalCode.MALFORMED,
        ),
        "a genesis that is appended": (append(space, genesis), RefusalCode.MALFORMED),
        "a space without genesis": (create(naming, naming), RefusalCode.MALFORMED),
        "a space without relay": (create(genesis, genesis), RefusalCode.MALFORMED),
        "a space with another relay record": (
            create(genesis, control_item(other.relay_record)),
            RefusalCode.MALFORMED,
        ),
        "a space with a later relay record": (create(genesis, control_item(second)), RefusalCode.MALFORMED),
        "a space with an invitation behind it": (
            create(genesis, control_item(space.accept(invite("early")))),
            RefusalCode.MALFORMED,
        ),
        "a space of a later version": (create(genesis, later), RefusalCode.UNSUPPORTED),
    }


@pytest.mark.parametrize("name", unparsed())
def test_requests_that_do_not_parse_are_refused_with_their_code(name: str) -> None:
    """What no relay can carry out is refused for good, with a sentence that says why."""
    message, code = unparsed()[name]
    with pytest.raises(Refused) as refused:
        read(message)
    assert (refused.value.code, refused.value.is_final) == (code.value, True)
    assert refused.value.message


def test_the_signed_part_of_a_record_is_without_its_acceptance() -> None:
    """A record is the same whether or not it came with an acceptance."""
    accepted = Space().relay_record
    assert signed_part(accepted) is signed_part(accepted.signed) is accepted.signed


def test_presence_is_parsed() -> None:
    """A show is handed on with its message; another space, version or size is refused."""
    space = Space()
    message = presence(space.id, 0)
    show = Show(request_id=4, space=space.id, content=message.content, signature=message.signature)
    assert read(show) == ShowRequested(request_id=4, space=space.id, message=message)
    for changed, code in (
        (replace(show, space=Space(name="other").id), RefusalCode.MALFORMED),
        (replace(show, content=b"\x07" + message.content[1:]), RefusalCode.UNSUPPORTED),
        (replace(show, content=message.content + b"\0"), RefusalCode.MALFORMED),
    ):
        with pytest.raises(Refused) as refused:
            read(changed)
        assert refused.value.code == code.value
