"""Ledgers and drafts of the relay's test spaces: what a commit group makes of them, without a group."""

from relay.ledger import Draft, Ledger
from relay.store import StoredItem
from syncore.crypto.signing import verify
from syncore.protocol.admission import Accept
from syncore.protocol.control_records import AcceptedRecord, SignedRecord
from syncore.protocol.items import ControlItem, decode_item, encode_item, read_accepted, segment_item
from syncore.protocol.segments import Segment
from tests.relay.device import TestSpace, key

OWNER, RELAY = key("owner"), key("relay")
GENERATION = b"g" * 16
NOW_MS = 1_700_000_000_000


def accepted_in(item: StoredItem) -> AcceptedRecord:
    """The control record that an item holds."""
    decoded = decode_item(item.item)
    assert isinstance(decoded, ControlItem)
    return read_accepted(decoded)


def add_record(draft: Draft, record: SignedRecord | AcceptedRecord) -> AcceptedRecord:
    """Judge a control record and put it behind the rest; as it was accepted."""
    judgement = draft.judge_control(record, now_ms=NOW_MS)
    assert isinstance(judgement, Accept)
    offset = draft.add_control(record, judgement, now_ms=NOW_MS, signer=RELAY, verify=verify)
    assert offset == draft.items[-1].offset
    return accepted_in(draft.items[-1])


def add_segment(draft: Draft, segment: Segment) -> int:
    """Judge a segment and put it behind the rest; its offset."""
    assert isinstance(draft.judge_segment(segment), Accept)
    return draft.add_segment(segment, encode_item(segment_item(segment)))


def founding(space: TestSpace, generation: bytes = GENERATION) -> tuple[Ledger, Draft]:
    """An empty ledger, and a draft with the space's genesis and relay record."""
    ledger = Ledger(space.id, generation)
    draft = Draft(ledger, {})
    add_record(draft, space.genesis)
    relay = add_record(draft, space.relay)
    if len(space.links) == 1:
        space.learn(relay)
    return ledger, draft


def founded(space: TestSpace) -> Ledger:
    """A ledger that holds the space's genesis and relay record."""
    ledger, draft = founding(space)
    ledger.adopt(draft)
    return ledger
