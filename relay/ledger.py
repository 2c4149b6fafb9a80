"""What a relay knows of one space while it judges, and a draft of what comes next.

Pure. A :class:`Ledger` holds what is durable and changes only by :meth:`Ledger.adopt`, after the commit; a
:class:`Draft` holds what one commit group would add, so that a commit that fails has nothing to undo. Both
are used on one thread. The rules are in :mod:`syncore.protocol.admission`; here is what they look at.
"""

from bisect import bisect_right
from collections.abc import Mapping

from relay.store import SpaceGroup, StoredItem, StoredSpace
from syncore.core.errors import CryptoError, IntegrityError, InvalidRecord, Malformed, UnsupportedVersion
from syncore.core.identifiers import SpaceId, Writer
from syncore.protocol.admission import Accept, Judgement, Refuse, judge_control, judge_segment
from syncore.protocol.control_log import ControlLog, verify_record
from syncore.protocol.control_payloads import Admit
from syncore.protocol.control_records import (
    Acceptance,
    AcceptedRecord,
    SignedRecord,
    accept_record,
    verify_acceptance,
)
from syncore.protocol.items import ControlItem, control_item, decode_item, encode_item, read_accepted
from syncore.protocol.ports import Head, Signer, Verify
from syncore.protocol.receipts import Receipt, encode_receipt, extend_log, sign_receipt, start_of_log
from syncore.protocol.refusal_codes import RefusalCode
from syncore.protocol.request_parsing import signed_part
from syncore.protocol.segments import Segment

KIND_SEGMENT = 1
KIND_CONTROL = 2

End = tuple[Writer, int]
"""Where a segment ends: its writer and its last commit's number."""


class Ledger:
    """One space as it is durable in the store.

    Attributes:
        key: The space's key in the store; None for a space that is only being made.
    """

    def __init__(self, space: SpaceId, generation: bytes) -> None:
        """An empty log."""
        self.space = space
        self.generation = generation
        self.key: int | None = None
        self.head = 0
        self.running = start_of_log(space, generation)
        self.size_bytes = 0
        self.control = ControlLog(space)
        self.control_offsets: list[int] = []
        self.heads: dict[Writer, Head] = {}

    @classmethod
    def restore(cls, stored: StoredSpace) -> "Ledger":
        """What the store holds.

        Raises:
            IntegrityError: it holds something that could not have been appended.
        """
        ledger = cls(stored.space, stored.generation)
        ledger.key, ledger.head, ledger.running = stored.key, stored.head, stored.running
        ledger.size_bytes = stored.size_bytes
        ledger.heads = {writer: Head(number, digest) for writer, (number, digest) in stored.heads.items()}
        try:
            for item in stored.control:
                decoded = decode_item(item.item)
                assert isinstance(decoded, ControlItem)
                ledger.control.restore(read_accepted(decoded))
                ledger.control_offsets.append(item.offset)
        except (InvalidRecord, Malformed, UnsupportedVersion) as error:
            raise IntegrityError("a stored control log does not fold", space=stored.space.hex()) from error
        return ledger

    def adopt(self, draft: "Draft") -> None:
        """Take in a draft whose items are durable now."""
        assert draft.base_head == self.head
        assert draft.items
        self.head, self.running = draft.items[-1].offset, draft.running
        self.size_bytes += draft.size_bytes
        self.control = draft.control
        self.control_offsets += draft.control_offsets
        self.heads.update(draft.heads)

    def receipt(self, *, offset: int, running: bytes, time_ms: int, signer: Signer) -> bytes:
        """A signed receipt over everything up to an offset that is durable."""
        seq = bisect_right(self.control_offsets, offset) - 1
        link = self.control.link_at(seq)
        assert link is not None, "a log begins with its genesis"
        receipt = Receipt(
            space=self.space,
            generation=self.generation,
            offset=offset,
            running_hash=running,
            control_seq=seq,
            control_hash=link,
            time_ms=time_ms,
        )
        return encode_receipt(sign_receipt(receipt, signer=signer))

    def lookups(self, segment: Segment) -> list[End]:
        """Ends below the heads that judging the segment asks for: to be read from the store before."""
        header = segment.header
        wanted = [end for end in header.dependencies if end[1] < self._number(end[0])]
        if header.last <= self._number(header.writer):
            wanted.append((header.writer, header.last))
        return wanted

    def _number(self, writer: Writer) -> int:
        head = self.heads.get(writer)
        return head.number if head else 0


class Draft:
    """What one commit group would add to a space.

    Implements the ``SegmentIndex`` port over ledger, lookups and itself.
    """

    def __init__(self, ledger: Ledger, known: Mapping[End, tuple[int, bytes]]) -> None:
        """Begin behind the ledger's head.

        Args:
            ledger: What is durable.
            known: (Offset, hash) of what :meth:`Ledger.lookups` asked for.
        """
        self._ledger = ledger
        self._ends: dict[End, tuple[int, bytes]] = dict(known)
        self.base_head = ledger.head
        self.running = ledger.running
        self.control = ledger.control
        self.control_offsets: list[int] = []
        self.heads: dict[Writer, Head] = {}
        self.items: list[StoredItem] = []
        self.size_bytes = 0
        self.spent: list[bytes] = []

    @property
    def next_offset(self) -> int:
        """Where the next item goes."""
        return self.base_head + len(self.items) + 1

    def group(self) -> SpaceGroup:
        """What the store is to commit."""
        return SpaceGroup(
            space=self._ledger.space,
            generation=self._ledger.generation,
            size_bytes=self._ledger.size_bytes + self.size_bytes,
            items=tuple(self.items),
            spent=tuple(self.spent),
        )

    # --- the SegmentIndex port ---

    def head(self, writer: Writer) -> Head | None:
        """The end of a writer's chain, this draft included."""
        return self.heads.get(writer) or self._ledger.heads.get(writer)

    def hash_at(self, writer: Writer, number: int) -> bytes | None:
        """The hash of the segment that ends at a number, if it was looked up or is a head."""
        end = self._ends.get((writer, number))
        if end is not None:
            return end[1]
        for head in (self.head(writer), self._ledger.heads.get(writer)):
            if head is not None and head.number == number:
                return head.hash
        return None

    # --- offering ---

    def judge_segment(self, segment: Segment) -> Judgement:
        """Whether a segment may come next, its signature aside."""
        return judge_segment(segment, control=self.control, index=self)

    def place_of(self, segment: Segment) -> int:
        """The offset of a segment that was judged to be a duplicate."""
        return self._ends[segment.header.writer, segment.header.last][0]

    def add_segment(self, segment: Segment, encoded: bytes) -> int:
        """Put an accepted segment behind the rest; its offset."""
        header = segment.header
        offset = self._add(KIND_SEGMENT, segment.hash, encoded, end=(header.writer, header.last))
        self.heads[header.writer] = Head(header.last, segment.hash)
        self._ends[header.writer, header.last] = (offset, segment.hash)
        return offset

    def judge_control(self, offered: SignedRecord | AcceptedRecord, *, now_ms: int) -> Judgement:
        """Whether a control record may come next, its signatures aside."""
        return judge_control(offered, control=self.control, now_ms=now_ms)

    def place_of_record(self, offered: SignedRecord | AcceptedRecord) -> int:
        """The offset of a control record that was judged to be a duplicate."""
        offsets = self._ledger.control_offsets + self.control_offsets
        return offsets[signed_part(offered).record.seq]

    def add_control(
        self,
        offered: SignedRecord | AcceptedRecord,
        judgement: Accept,
        *,
        now_ms: int,
        signer: Signer,
        verify: Verify,
    ) -> int | Refuse:
        """Verify a control record that may come next, accept it, and put it behind the rest; its offset."""
        problem = self._verify(offered, signed_part(offered), judgement, signer.public, verify)
        return problem or self._add_control(self._accepted(offered, now_ms, signer))

    def _verify(
        self,
        offered: SignedRecord | AcceptedRecord,
        signed: SignedRecord,
        judgement: Accept,
        relay_key: bytes,
        verify: Verify,
    ) -> Refuse | None:
        accepting = self.control.accepting_relay(signed)
        if accepting not in {None, relay_key}:
            return Refuse(code=RefusalCode.INVALID_RECORD, detail="the space names another relay")
        try:
            verify_record(signed, judgement.keys, verify)
            if isinstance(offered, AcceptedRecord) and offered.acceptance is not None:
                verify_acceptance(offered, relay_key=relay_key, verify=verify)
        except (CryptoError, InvalidRecord):
            return Refuse(
                code=RefusalCode.BAD_SIGNATURE, detail="a signature of the control record does not hold"
            )
        return None

    def _accepted(
        self, offered: SignedRecord | AcceptedRecord, now_ms: int, signer: Signer
    ) -> AcceptedRecord:
        """The record with this relay's acceptance; one that it gave before stays as it is."""
        if isinstance(offered, AcceptedRecord):
            return offered
        acceptance = Acceptance(generation=self._ledger.generation, offset=self.next_offset, time_ms=now_ms)
        return accept_record(offered, acceptance, signer=signer)

    def _add_control(self, accepted: AcceptedRecord) -> int:
        if self.control is self._ledger.control:
            self.control = self.control.copy()
        self.control.restore(accepted)
        payload = accepted.record.payload
        if isinstance(payload, Admit) and self.control.invitations[payload.invitation_id].is_used_up:
            self.spent.append(payload.invitation_id)
        offset = self._add(KIND_CONTROL, accepted.link, encode_item(control_item(accepted)), end=None)
        self.control_offsets.append(offset)
        return offset

    def _add(self, kind: int, item_hash: bytes, encoded: bytes, *, end: End | None) -> int:
        offset = self.next_offset
        self.running = extend_log(self.running, offset, item_hash)
        self.size_bytes += len(encoded)
        self.items.append(
            StoredItem(
                offset=offset,
                kind=kind,
                writer=end[0] if end else None,
                number=end[1] if end else None,
                hash=item_hash,
                running=self.running,
                item=encoded,
            )
        )
        return offset
