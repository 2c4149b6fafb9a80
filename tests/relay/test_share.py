"""One space's part of a commit group, judged without a store."""

import asyncio
from dataclasses import replace

from relay.ledger import Draft, Ledger
from relay.requests import Durable, OfferedControl, OfferedSegment, OfferedSpace, Outcome, Request
from relay.share import Share
from syncore.crypto.signing import verify
from syncore.protocol.admission import Refuse
from syncore.protocol.items import encode_item, segment_item
from syncore.protocol.refusal_codes import RefusalCode
from syncore.protocol.segments import Segment, verify_segment
from tests.relay.device import TestSpace, key
from tests.relay.ledgers import GENERATION, NOW_MS, OWNER, RELAY, add_segment, founded

Offer = Segment | OfferedControl | OfferedSpace
LARGE = 10**9


def request(offer: Offer, answers: list[Outcome] | None = None, *, size_bytes: int = 0) -> Request:
    """A request whose answer is noted."""
    encoded = encode_item(segment_item(offer)) if isinstance(offer, Segment) else b""
    return Request(
        space=TestSpace(OWNER, RELAY.public).id,
        offer=OfferedSegment(segment=offer, encoded=encoded) if isinstance(offer, Segment) else offer,
        size_bytes=size_bytes or len(encoded) or 500,
        answer=(answers if answers is not None else []).append,
    )


def share_of(ledger: Ledger, *offers: Offer) -> Share:
    """A share with these requests; none needs anything from a store."""
    return Share(ledger, None, [request(offer) for offer in offers], {})


def judge(share: Share, *, quota_bytes: int = LARGE, may_create: bool = True) -> list[int | RefusalCode]:
    """Judge once; the offset of what would be durable, the code of what is refused."""
    share.judge(now_ms=NOW_MS, quota_bytes=quota_bytes, may_create=may_create, signer=RELAY, verify=verify)
    return codes(share)


def codes(share: Share) -> list[int | RefusalCode]:
    """The offset of what would be durable, the code of what is refused."""
    return [outcome.code if isinstance(outcome, Refuse) else outcome.offset for outcome in share.outcomes]


def test_signatures_are_supposed_to_hold_until_one_does_not() -> None:
    """When one turns out forged, it and its successor fall at the next judgement, and the rest moves up."""
    space = TestSpace(OWNER, RELAY.public)
    ledger = founded(space)
    good, forged, behind = space.segment(), space.segment(device=key("forger")), space.segment()
    share = share_of(ledger, good, forged, behind, space.segment(incarnation=8))
    assert judge(share) == [3, 4, 5, 6]
    checks = share.unverified()
    assert [(check.position, check.key) for check in checks] == [(n, OWNER.public) for n in range(4)]
    verify_segment(checks[0].segment, public_key=checks[0].key, verify=verify)
    share.note(checks[0], holds=True)
    share.note(checks[1], holds=False)
    assert judge(share) == [3, RefusalCode.BAD_SIGNATURE, RefusalCode.NOT_CONTIGUOUS, 4]
    assert [check.position for check in share.unverified()] == [3]
    assert [item.hash for item in share.draft.items] == [good.hash, checks[3].segment.hash]


def test_the_same_again_is_durable_once() -> None:
    """Of two copies in one group the second has the first one's place and needs no check of its own."""
    space = TestSpace(OWNER, RELAY.public)
    ledger = founded(space)
    segment, invitation = space.segment(), OfferedControl(record=space.invite(key("invitation")))
    share = share_of(ledger, segment, invitation, segment, invitation)
    assert judge(share) == [3, 4, 3, 4]
    assert [isinstance(one, Durable) and one.is_new for one in share.outcomes] == [True, True, False, False]
    assert len(share.unverified()) == 1
    assert len(share.draft.items) == 2


def test_a_space_is_made_whole_or_not_at_all() -> None:
    """Genesis and relay record go in together; where one does not hold, neither is drafted."""
    space = TestSpace(OWNER, RELAY.public)
    whole = OfferedSpace(genesis=space.genesis, relay=space.relay)
    record = OfferedControl(record=space.relay)
    share = share_of(Ledger(space.id, GENERATION), record, whole, whole, record)
    assert judge(share) == [RefusalCode.UNKNOWN_SPACE, 2, 1, 2]
    assert len(share.draft.items) == 2
    half = replace(whole, relay=TestSpace(OWNER, key("another relay").public).relay)
    share = share_of(Ledger(space.id, GENERATION), half, record)
    assert judge(share) == [RefusalCode.INVALID_RECORD, RefusalCode.UNKNOWN_SPACE]
    assert share.draft.items == []


def test_a_relay_that_is_full_of_spaces_makes_no_more() -> None:
    """A new space waits for the operator; one that is there is found, however many there are."""
    space = TestSpace(OWNER, RELAY.public)
    whole = OfferedSpace(genesis=space.genesis, relay=space.relay)
    assert judge(share_of(Ledger(space.id, GENERATION), whole), may_create=False) == [
        RefusalCode.QUOTA_EXCEEDED
    ]
    assert judge(share_of(founded(space), whole), may_create=False) == [1]


def test_the_quota_counts_what_is_durable_and_what_is_drafted() -> None:
    """What reaches the quota exactly fits, one byte more does not, and a duplicate costs nothing."""
    space = TestSpace(OWNER, RELAY.public)
    ledger = founded(space)
    first, second = space.segment(), space.segment()
    needed = ledger.size_bytes + sum(len(encode_item(segment_item(one))) for one in (first, second))
    share = share_of(ledger, first, first, second)
    assert judge(share, quota_bytes=needed) == [3, 3, 4]
    assert judge(share, quota_bytes=needed - 1) == [3, 3, RefusalCode.QUOTA_EXCEEDED]
    invitation = OfferedControl(record=space.invite(key("invitation")))
    refused = judge(share_of(ledger, invitation), quota_bytes=ledger.size_bytes)
    assert refused == [RefusalCode.QUOTA_EXCEEDED]


def test_a_share_that_cannot_be_judged_refuses_all() -> None:
    """A failure, of reading the store for one, is the answer to every request, and nothing is drafted."""
    space = TestSpace(OWNER, RELAY.public)
    share = share_of(founded(space), space.segment(), OfferedControl(record=space.relay))
    share.failure = Refuse(code=RefusalCode.READ_ONLY, detail="the store cannot be read")
    assert judge(share) == [RefusalCode.READ_ONLY] * 2
    assert share.draft.items == []


def test_a_commit_that_fails_takes_back_only_what_it_would_have_added() -> None:
    """What is durable already stays so, and so does what was refused; everything else is refused now."""
    space = TestSpace(OWNER, RELAY.public)
    ledger = founded(space)
    held, new, behind = space.segment(), space.segment(), space.segment(device=key("stranger"), index=9)
    draft = Draft(ledger, {})
    add_segment(draft, held)
    ledger.adopt(draft)
    share = Share(
        ledger,
        None,
        [request(one) for one in (held, new, behind, new)],
        {(held.header.writer, 1): (3, held.hash)},
    )
    assert judge(share) == [3, 4, RefusalCode.NOT_MEMBER, 4]
    share.fail(Refuse(code=RefusalCode.READ_ONLY, detail="the disk is full"))
    assert codes(share) == [3, RefusalCode.READ_ONLY, RefusalCode.NOT_MEMBER, RefusalCode.READ_ONLY]
    assert share.draft.items == []


async def test_every_request_is_answered_once_and_not_at_once() -> None:
    """Answers are called by the loop, in the order of the requests, after the group has gone on."""
    space = TestSpace(OWNER, RELAY.public)
    answers: list[Outcome] = []
    offers = (space.segment(), space.segment(device=key("stranger"), index=9))
    share = Share(founded(space), None, [request(offer, answers) for offer in offers], {})
    judge(share)
    share.answer()
    assert answers == []
    await asyncio.sleep(0)
    assert answers == share.outcomes
    assert isinstance(answers[1], Refuse)
