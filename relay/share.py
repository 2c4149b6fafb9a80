"""One space's part of a commit group: its requests, how each was judged, and the draft that comes of it."""

import asyncio
from dataclasses import dataclass, field

from relay.ledger import Draft, End, Ledger
from relay.requests import (
    Durable,
    OfferedControl,
    OfferedSegment,
    OfferedSpace,
    Outcome,
    Request,
)
from relay.spaces import Space
from syncore.protocol.admission import Duplicate, Refuse
from syncore.protocol.control_records import AcceptedRecord, SignedRecord
from syncore.protocol.ports import Signer, Verify
from syncore.protocol.refusal_codes import RefusalCode
from syncore.protocol.segments import Segment


@dataclass(frozen=True, slots=True)
class Check:
    """A signature that was supposed to hold and is still to be verified."""

    position: int
    key: bytes
    segment: Segment


@dataclass(slots=True, eq=False)
class Share:
    """Judged again and again until every signature that was supposed to hold does.

    Attributes:
        held: The space in memory; None when the relay has no log of it.
        known: What the ledger's lookups found in the store.
        failure: Why none of the requests can be judged, or None.
        outcomes: One for each request, once judged.
    """

    ledger: Ledger
    held: Space | None
    requests: list[Request]
    known: dict[End, tuple[int, bytes]]
    failure: Refuse | None = None
    outcomes: list[Outcome] = field(default_factory=list)
    draft: Draft = field(init=False)
    _supposed: list[Check] = field(default_factory=list)
    _verified: set[int] = field(default_factory=set)
    _forged: set[int] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.draft = Draft(self.ledger, self.known)

    def judge(
        self, *, now_ms: int, quota_bytes: int, may_create: bool, signer: Signer, verify: Verify
    ) -> None:
        """Judge every request in order, into a fresh draft."""
        self.draft = Draft(self.ledger, self.known)
        self.outcomes = []
        self._supposed = []
        terms = _Terms(now_ms, quota_bytes, may_create, signer, verify)
        for position, request in enumerate(self.requests):
            self.outcomes.append(self.failure or self._judge_one(position, request, terms))

    def unverified(self) -> list[Check]:
        """Signatures that the last judgement supposed to hold and that were not verified yet."""
        return [check for check in self._supposed if check.position not in self._verified]

    def note(self, check: Check, *, holds: bool) -> None:
        """What came of verifying; after one that does not hold, judge again."""
        (self._verified if holds else self._forged).add(check.position)

    def fail(self, refusal: Refuse) -> None:
        """The commit failed: what would have been added, or waited for it, is refused."""
        last_durable = self.ledger.head
        self.outcomes = [
            refusal if isinstance(outcome, Durable) and outcome.offset > last_durable else outcome
            for outcome in self.outcomes
        ]
        self.draft = Draft(self.ledger, self.known)

    def answer(self) -> None:
        """Tell every request soon: what one connection does with its answer is not the group's affair."""
        loop = asyncio.get_running_loop()
        for request, outcome in zip(self.requests, self.outcomes, strict=True):
            loop.call_soon(request.answer, outcome)

    def _judge_one(self, position: int, request: Request, terms: "_Terms") -> Outcome:
        offer = request.offer
        if isinstance(offer, OfferedSpace):
            return self._make_space(request, offer, terms)
        if self.draft.next_offset == 1:
            return Refuse(code=RefusalCode.UNKNOWN_SPACE, detail="the relay holds no log of this space")
        if isinstance(offer, OfferedControl):
            return self._judge_control(request, offer.record, terms)
        return self._judge_segment(position, request, offer, terms)

    def _judge_segment(
        self, position: int, request: Request, offer: OfferedSegment, terms: "_Terms"
    ) -> Outcome:
        segment = offer.segment
        judgement = self.draft.judge_segment(segment)
        if isinstance(judgement, Refuse):
            return judgement
        if isinstance(judgement, Duplicate):
            return Durable(offset=self.draft.place_of(segment), is_new=False)
        if self._is_over_quota(request, terms):
            return terms.over_quota
        if position in self._forged:
            return Refuse(code=RefusalCode.BAD_SIGNATURE, detail="the segment was not signed by its author")
        self._supposed.append(Check(position, judgement.keys[0], segment))
        return Durable(offset=self.draft.add_segment(segment, offer.encoded), is_new=True)

    def _judge_control(
        self, request: Request, record: SignedRecord | AcceptedRecord, terms: "_Terms"
    ) -> Outcome:
        judgement = self.draft.judge_control(record, now_ms=terms.now_ms)
        if isinstance(judgement, Refuse):
            return judgement
        if isinstance(judgement, Duplicate):
            return Durable(offset=self.draft.place_of_record(record), is_new=False)
        if self._is_over_quota(request, terms):
            return terms.over_quota
        added = self.draft.add_control(
            record, judgement, now_ms=terms.now_ms, signer=terms.signer, verify=terms.verify
        )
        return added if isinstance(added, Refuse) else Durable(offset=added, is_new=True)

    def _make_space(self, request: Request, offer: OfferedSpace, terms: "_Terms") -> Outcome:
        """Genesis and relay record together or not at all; a space that is there already stays as it is."""
        if self.draft.next_offset > 1:
            return Durable(offset=1, is_new=False)
        if not terms.may_create:
            detail = "the relay holds as many spaces as it may"
            return Refuse(code=RefusalCode.QUOTA_EXCEEDED, detail=detail)
        outcome: Outcome | None = None
        for record in (offer.genesis, offer.relay):
            outcome = self._judge_control(request, record, terms)
            if isinstance(outcome, Refuse):
                self.draft = Draft(self.ledger, self.known)
                break
        assert outcome is not None
        return outcome

    def _is_over_quota(self, request: Request, terms: "_Terms") -> bool:
        return self.ledger.size_bytes + self.draft.size_bytes + request.size_bytes > terms.quota_bytes


@dataclass(frozen=True, slots=True)
class _Terms:
    """What a commit group is judged by."""

    now_ms: int
    quota_bytes: int
    may_create: bool
    signer: Signer
    verify: Verify

    @property
    def over_quota(self) -> Refuse:
        """The refusal of what does not fit any more."""
        detail = f"the space may take {self.quota_bytes} bytes at this relay"
        return Refuse(code=RefusalCode.QUOTA_EXCEEDED, detail=detail)
