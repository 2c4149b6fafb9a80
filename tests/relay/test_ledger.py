"""What a relay knows of a space, and drafts of what comes next."""

from dataclasses import replace

import pytest

from relay.ledger import Draft, Ledger
from relay.store import StoredItem, StoredSpace
from syncore.core.errors import IntegrityError
from syncore.crypto.signing import verify
from syncore.protocol.admission import Accept, Duplicate, Refuse
from syncore.protocol.control_records import AcceptedRecord, SignedRecord
from syncore.protocol.items import control_item, encode_item
from syncore.protocol.ports import Head
from syncore.protocol.receipts import decode_receipt, extend_log, verify_receipt
from syncore.protocol.refusal_codes import RefusalCode
from tests.relay.device import TestSpace, key
from tests.relay.ledgers import (
    GENERATION,
    NOW_MS,
    OWNER,
    RELAY,
    accepted_in,
    add_record,
    add_segment,
    founded,
    founding,
)

INVITATION = key("invitation")


def snapshot(ledger: Ledger) -> dict[str, object]:
    """Everything that a ledger says."""
    kept = ("generation", "key", "head", "running", "size_bytes", "control_offsets", "heads")
    state = {name: getattr(ledger, name) for name in kept}
    return {
        **state,
        "control_offsets": list(ledger.control_offsets),
        "heads": dict(ledger.heads),
        "control": (ledger.control.head_seq, ledger.control.head_link),
    }


def stored(ledger: Ledger, items: list[StoredItem]) -> StoredSpace:
    """A space as the store gives it back after these items were committed."""
    return StoredSpace(
        key=5,
        space=ledger.space,
        generation=ledger.generation,
        head=len(items),
        running=items[-1].running,
        size_bytes=sum(len(item.item) for item in items),
        heads={item.writer: (item.number or 0, item.hash) for item in items if item.writer is not None},
        control=tuple(item for item in items if item.writer is None),
    )


def test_a_draft_changes_nothing_until_it_is_adopted() -> None:
    """Items of all kinds leave the ledger as it was; adopting them moves everything to the draft's end."""
    space = TestSpace(OWNER, RELAY.public)
    ledger = founded(space)
    before, running = snapshot(ledger), ledger.running
    draft = Draft(ledger, {})
    segment = space.segment()
    assert add_segment(draft, segment) == 3
    space.learn(add_record(draft, space.invite(INVITATION)))
    assert draft.next_offset == 5
    assert snapshot(ledger) == before
    ledger.adopt(draft)
    running = extend_log(extend_log(running, 3, segment.hash), 4, space.links[-1])
    assert (ledger.head, ledger.running, ledger.control_offsets) == (4, running, [1, 2, 4])
    assert ledger.heads == {segment.header.writer: Head(1, segment.hash)}
    assert (ledger.control.head_seq, ledger.control.head_link) == (2, space.links[-1])
    with pytest.raises(AssertionError):
        ledger.adopt(draft)


def test_restoring_what_was_committed_gives_the_same_ledger() -> None:
    """What the store holds of a group is the ledger that adopted it, with the store's key."""
    space = TestSpace(OWNER, RELAY.public)
    ledger, draft = founding(space)
    space.learn(add_record(draft, space.invite(INVITATION)))
    for incarnation in (7, 8, 7):
        add_segment(draft, space.segment(incarnation=incarnation))
    group = draft.group()
    assert group.size_bytes == sum(len(item.item) for item in group.items)
    ledger.adopt(draft)
    ledger.key = 5
    restored = Ledger.restore(stored(ledger, list(group.items)))
    assert snapshot(restored) == snapshot(ledger)
    assert Draft(restored, {}).group().size_bytes == group.size_bytes


def test_a_stored_log_that_could_not_have_been_appended_is_an_integrity_error() -> None:
    """A missing record, one that is none, and one without acceptance are damage of the store."""
    space = TestSpace(OWNER, RELAY.public)
    ledger, draft = founding(space)
    good = stored(ledger, draft.items)
    assert Ledger.restore(good).head == 2
    genesis, relay = good.control
    unaccepted = encode_item(control_item(accepted_in(relay).signed))
    for control in ((relay,), *((genesis, replace(relay, item=item)) for item in (b"\x90", unaccepted))):
        with pytest.raises(IntegrityError):
            Ledger.restore(replace(good, control=control))


def test_a_receipt_names_the_last_record_at_its_offset() -> None:
    """A receipt for an older offset says nothing of later records, and holds under the relay's key."""
    space = TestSpace(OWNER, RELAY.public)
    ledger = founded(space)
    draft = Draft(ledger, {})
    add_segment(draft, space.segment())
    space.learn(add_record(draft, space.invite(INVITATION)))
    ledger.adopt(draft)
    for offset, seq in ((1, 0), (2, 1), (3, 1), (4, 2)):
        signed = decode_receipt(
            ledger.receipt(offset=offset, running=bytes([offset]) * 32, time_ms=NOW_MS, signer=RELAY)
        )
        receipt = verify_receipt(signed, relay_key=RELAY.public, verify=verify)
        assert (receipt.space, receipt.generation, receipt.offset) == (space.id, GENERATION, offset)
        assert (receipt.running_hash, receipt.time_ms) == (bytes([offset]) * 32, NOW_MS)
        assert (receipt.control_seq, receipt.control_hash) == (seq, space.links[seq])


def test_only_what_lies_below_the_heads_is_looked_up() -> None:
    """Heads are known; older segments that are built on, and the place of a duplicate, are asked for."""
    space = TestSpace(OWNER, RELAY.public)
    ledger = founded(space)
    first = space.segment(incarnation=8)
    (other,) = space.heads
    on_first = space.segment(dependencies=[other])
    newer = space.segment(incarnation=8)
    on_newer = space.segment(dependencies=[other])
    assert ledger.lookups(on_first) == []
    draft = Draft(ledger, {})
    for segment in (first, newer):
        add_segment(draft, segment)
    ledger.adopt(draft)
    assert ledger.lookups(on_newer) == []
    assert ledger.lookups(on_first) == [(other, 1)]
    assert ledger.lookups(first) == [(other, 1)]
    assert ledger.lookups(newer) == [(other, 2)]


def test_a_draft_is_judged_against_ledger_lookups_and_itself() -> None:
    """A held segment is a duplicate where it was looked up and where it was drafted; its place is known."""
    space = TestSpace(OWNER, RELAY.public)
    ledger = founded(space)
    old, head = space.segment(), space.segment()
    writer = old.header.writer
    draft = Draft(ledger, {})
    for segment in (old, head):
        add_segment(draft, segment)
    ledger.adopt(draft)
    draft = Draft(ledger, {(writer, 1): (3, old.hash)})
    assert draft.head(writer) == Head(2, head.hash)
    assert [draft.hash_at(writer, number) for number in range(4)] == [None, old.hash, head.hash, None]
    assert isinstance(draft.judge_segment(old), Duplicate)
    assert draft.place_of(old) == 3
    following = space.segment()
    assert add_segment(draft, following) == 5
    assert (draft.head(writer), draft.place_of(following)) == (Head(3, following.hash), 5)
    assert draft.hash_at(writer, 2) == head.hash
    assert isinstance(draft.judge_segment(following), Duplicate)


def test_records_keep_their_place_and_their_acceptance() -> None:
    """A record is accepted once: what this relay accepted before is stored with the very same acceptance."""
    space = TestSpace(OWNER, RELAY.public)
    ledger, draft = founding(space)
    relay = accepted_in(draft.items[1])
    assert relay.acceptance is not None
    assert (relay.acceptance.generation, relay.acceptance.offset, relay.acceptance.time_ms) == (
        GENERATION,
        2,
        NOW_MS,
    )
    for offered in (relay, relay.signed):
        assert isinstance(draft.judge_control(offered, now_ms=NOW_MS), Duplicate)
        assert draft.place_of_record(offered) == 2
    ledger.adopt(draft)
    assert Draft(ledger, {}).place_of_record(relay) == 2
    again = Draft(Ledger(space.id, b"n" * 16), {})
    add_record(again, space.genesis)
    assert add_record(again, relay) == relay


def refusal(draft: Draft, record: SignedRecord | AcceptedRecord, keys: tuple[bytes, ...]) -> RefusalCode:
    """Why a record that may come next by the rules is not added after all."""
    size = len(draft.items)
    refused = draft.add_control(record, Accept(keys=keys), now_ms=NOW_MS, signer=RELAY, verify=verify)
    assert isinstance(refused, Refuse)
    assert len(draft.items) == size
    return refused.code


def test_a_record_whose_signatures_do_not_hold_is_not_added() -> None:
    """Author, acceptance and the relay that the space names are checked before anything is drafted."""
    space = TestSpace(OWNER, RELAY.public)
    _, draft = founding(space)
    relay = accepted_in(draft.items[1])
    elsewhere = TestSpace(OWNER, key("another relay").public)
    draft = Draft(Ledger(space.id, GENERATION), {})
    add_record(draft, space.genesis)
    owner = (OWNER.public,)
    assert refusal(draft, elsewhere.relay, owner) is RefusalCode.INVALID_RECORD
    assert refusal(draft, space.relay, (key("somebody").public,)) is RefusalCode.BAD_SIGNATURE
    forged = replace(relay, acceptance_signature=bytes(64))
    assert refusal(draft, forged, owner) is RefusalCode.BAD_SIGNATURE
    assert add_record(draft, relay) == relay


def test_the_last_use_of_an_invitation_spends_its_slot() -> None:
    """A group names the invitations that it used up, and no other."""
    space = TestSpace(OWNER, RELAY.public)
    ledger, draft = founding(space)
    space.learn(add_record(draft, space.invite(INVITATION, uses=2)))
    ledger.adopt(draft)
    for name, spent in (("first", ()), ("second", (INVITATION.public[:16],))):
        draft = Draft(ledger, {})
        space.learn(add_record(draft, space.admit(INVITATION, key(name))))
        assert draft.group().spent == spent
        ledger.adopt(draft)
