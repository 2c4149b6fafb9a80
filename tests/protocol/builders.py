"""What tests of the protocol are made of: keys, a space's control log, segments, and a relay's log in memory.

Everything is made of small seeds, so the same test makes the same bytes.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from hypothesis import strategies as st

from syncore.core.commits import Commit, Entry
from syncore.core.errors import Misused
from syncore.core.hashing import hash_parts
from syncore.core.hybrid_clock import HybridTime
from syncore.core.identifiers import (
    CommitId,
    DeviceIndex,
    Incarnation,
    SpaceId,
    Writer,
    device_index,
    make_writer,
)
from syncore.crypto.keys import ContentKey
from syncore.crypto.segment_cipher import open_body, seal_body
from syncore.crypto.signing import SigningKey, verify
from syncore.protocol.batches import Batch, make_batch
from syncore.protocol.control_log import ControlLog
from syncore.protocol.control_payloads import ANY_PRINCIPAL, Admit, Genesis, Invite, NameRelay, Payload, Role
from syncore.protocol.control_records import (
    BY_INVITATION,
    Acceptance,
    AcceptedRecord,
    ControlRecord,
    SignedRecord,
    accept_record,
    accepted_genesis,
    sign_record,
)
from syncore.protocol.items import StoredItem, control_item, segment_item
from syncore.protocol.ports import Head
from syncore.protocol.receipts import (
    Cursor,
    Receipt,
    encode_receipt,
    extend_log,
    make_generation,
    sign_receipt,
    start_of_log,
)
from syncore.protocol.segments import (
    Segment,
    SegmentHeader,
    SegmentPlain,
    hash_dependencies,
    seal_segment,
)

DAY_MS = 24 * 60 * 60 * 1000
NOW_MS = 1_700_000_000_000
GENERATION = make_generation(NOW_MS, b"firstrun")
RELAY = SigningKey(bytes([200]) * 32)
CONTENT_KEY = ContentKey(bytes([77]) * 32)


def fill(name: str, size_bytes: int = 32) -> bytes:
    """Bytes that look random and depend on a name alone."""
    return hash_parts("test", name.encode())[:size_bytes]


def device_key(number: int) -> SigningKey:
    """The signing key of a test device."""
    return SigningKey(fill(f"device {number}"))


class OneKeyCipher:
    """The body cipher of a space that is in its first epoch; nonces are counted."""

    def __init__(self, key: ContentKey = CONTENT_KEY) -> None:
        """Hold the key of epoch 1."""
        self._key = key
        self._sealed = 0

    def seal(self, epoch: int, plain: bytes, header: bytes) -> bytes:
        """Seal under the key of epoch 1, whatever the header says."""
        assert epoch
        self._sealed += 1
        nonce = hash_parts("test", header, self._sealed.to_bytes(8, "big"))[:24]
        return seal_body(self._key, plain, header, nonce)

    def open(self, epoch: int, body: bytes, header: bytes) -> bytes:
        """Open under the key of epoch 1."""
        if epoch != 1:
            raise Misused("no key")
        return open_body(self._key, body, header, max_plain_bytes=2 * 1024 * 1024)


def commit(number: int, *bodies: bytes) -> Commit:
    """A commit with an id and a time that follow from its number."""
    return Commit(
        CommitId(number.to_bytes(8, "big")),
        HybridTime(NOW_MS + number << 16),
        tuple(Entry(1, body) for body in bodies or (b"body",)),
    )


@dataclass
class MemoryIndex:
    """A segment index in memory."""

    heads: dict[Writer, Head] = field(default_factory=dict)
    ends: dict[tuple[Writer, int], bytes] = field(default_factory=dict)

    def head(self, writer: Writer) -> Head | None:
        """The end of a writer's chain."""
        return self.heads.get(writer)

    def hash_at(self, writer: Writer, number: int) -> bytes | None:
        """The hash of the segment that ends at a number."""
        return self.ends.get((writer, number))

    def add(self, segment: Segment) -> None:
        """Hold a segment."""
        header = segment.header
        self.heads[header.writer] = Head(header.last, segment.hash)
        self.ends[header.writer, header.last] = segment.hash


class Space:
    """A space with its control log, its relay's log and its members, built step by step."""

    def __init__(self, *, devices: int = 1, name: str = "space") -> None:
        """Make the genesis, name the relay, and admit further devices as writers."""
        genesis = ControlRecord(
            space=SpaceId(bytes(32)),
            seq=0,
            prev=bytes(32),
            author=0,
            payload=Genesis(
                salt=fill(name, 16),
                signing_key=device_key(0).public,
                box_key=fill("box 0"),
                principal=fill("principal 0", 16),
                commitment=CONTENT_KEY.commitment(bytes(32), 1),
            ),
        )
        self.genesis = accepted_genesis(sign_record(genesis, device_key(0)))
        self.id = self.genesis.signed.space
        self.control = ControlLog(self.id)
        self.index = MemoryIndex()
        self.items: list[tuple[bytes, StoredItem]] = []
        self.controls: list[AcceptedRecord] = []
        self.running = [start_of_log(self.id, GENERATION)]
        self.take_record(self.genesis)
        self.relay_record = self.accept(NameRelay(relay_key=RELAY.public, addresses=("ws://127.0.0.1:1",)))
        for number in range(1, devices):
            self.admit(number)

    # --- control records ---

    def record(self, payload: Payload, *, author: int = 0, seq: int | None = None) -> ControlRecord:
        """The next record."""
        return ControlRecord(
            space=self.id,
            seq=self.control.head_seq + 1 if seq is None else seq,
            prev=self.control.head_link,
            author=BY_INVITATION if isinstance(payload, Admit) else author,
            payload=payload,
        )

    def accept(self, payload: Payload, *, author: int = 0, time_ms: int = NOW_MS) -> AcceptedRecord:
        """Sign the next record as its author and accept it as the relay."""
        accepted = self.acceptance(
            sign_record(self.record(payload, author=author), device_key(author)), time_ms
        )
        self.take_record(accepted)
        return accepted

    def acceptance(
        self, signed: SignedRecord, time_ms: int = NOW_MS, *, relay: SigningKey = RELAY
    ) -> AcceptedRecord:
        """The relay's acceptance of a record as the next item of the log."""
        acceptance = Acceptance(generation=GENERATION, offset=len(self.items) + 1, time_ms=time_ms)
        return accept_record(signed, acceptance, signer=relay)

    def take_record(self, accepted: AcceptedRecord) -> None:
        """Append an accepted record to both logs."""
        self.control.append(accepted, verify=verify)
        self.controls.append(accepted)
        self._take(accepted.link, control_item(accepted))

    def admit(self, number: int, role: Role = Role.WRITER, *, inviter: int = 0) -> DeviceIndex:
        """Invite a test device and let it accept."""
        invitation = invite(f"invitation {number}", role=role)
        self.accept(invitation, author=inviter)
        self.take_record(self.acceptance(self.admission(number, invitation)))
        index = self.control.index_of(device_key(number).public)
        assert index is not None
        return index

    def admission(self, number: int, invitation: Invite, **changes: bytes) -> SignedRecord:
        """A test device's accept record."""
        admit = Admit(
            invitation_id=invitation.id,
            signing_key=device_key(number).public,
            box_key=fill(f"box {number}"),
            principal=fill(f"principal {number}", 16),
        )
        record = self.record(replace(admit, **changes))
        return sign_record(record, invitation_key(invitation), device_key(number))

    # --- segments ---

    def writer(self, device: int, incarnation: int = 1) -> Writer:
        """A writer of a device."""
        return make_writer(DeviceIndex(device), Incarnation(incarnation))

    def header(
        self, writer: Writer, *, count: int = 1, dependencies: Sequence[tuple[Writer, int]] = ()
    ) -> SegmentHeader:
        """The header of a writer's next segment."""
        head = self.index.head(writer)
        named = [
            (other, number, self.index.hash_at(other, number) or bytes(32)) for other, number in dependencies
        ]
        return SegmentHeader(
            space=self.id,
            writer=writer,
            first=head.number + 1 if head else 1,
            count=count,
            prev=head.hash if head else self.id,
            control_seq=self.control.head_seq,
            control_hash=self.control.head_link,
            epoch=1,
            dependencies=tuple(dependencies),
            dependencies_hash=hash_dependencies(named),
        )

    def segment(
        self,
        device: int,
        *,
        count: int = 1,
        dependencies: Sequence[tuple[Writer, int]] = (),
        incarnation: int = 1,
        body: bytes = b"body",
    ) -> Segment:
        """A device's next segment, not added anywhere."""
        header = self.header(self.writer(device, incarnation), count=count, dependencies=dependencies)
        return self.seal(header, body=body)

    def seal(self, header: SegmentHeader, *, body: bytes = b"body") -> Segment:
        """Seal a header with as many commits as it says, signed by the device in its writer number."""
        commits = tuple(commit(header.first + position, body) for position in range(header.count))
        return seal_segment(
            header,
            SegmentPlain(receipt=None, closed=(), commits=commits),
            cipher=OneKeyCipher(),
            signer=device_key(device_index(header.writer)),
        )

    def take_segment(self, segment: Segment) -> int:
        """Append a segment to the relay's log; its offset."""
        self.index.add(segment)
        return self._take(segment.hash, segment_item(segment))

    def write(self, device: int, **options: int) -> Segment:
        """Seal a device's next segment and append it."""
        segment = self.segment(device, **options)  # type: ignore[arg-type]  # count and incarnation only
        self.take_segment(segment)
        return segment

    # --- the relay's log ---

    def _take(self, digest: bytes, item: StoredItem) -> int:
        self.items.append((digest, item))
        offset = len(self.items)
        self.running.append(extend_log(self.running[-1], offset, digest))
        return offset

    @property
    def head(self) -> Cursor:
        """The head of the relay's log."""
        return self.cursor(len(self.items))

    def cursor(self, offset: int) -> Cursor:
        """A position in the relay's log."""
        return Cursor(generation=GENERATION, offset=offset, running_hash=self.running[offset])

    def receipt(self, offset: int, *, relay: SigningKey = RELAY, **changes: Any) -> bytes:  # noqa: ANN401
        """A receipt at an offset, with fields changed at will."""
        receipt = Receipt(
            space=self.id,
            generation=GENERATION,
            offset=offset,
            running_hash=self.running[offset],
            control_seq=self.control.head_seq,
            control_hash=self.control.head_link,
            time_ms=NOW_MS,
        )
        return encode_receipt(sign_receipt(replace(receipt, **changes), signer=relay))

    def batch(self, first_offset: int, last_offset: int | None = None) -> Batch:
        """A run of the relay's log, closed by a receipt."""
        last = len(self.items) if last_offset is None else last_offset
        return make_batch(
            self.id,
            first_offset=first_offset,
            items=self.items[first_offset - 1 : last],
            receipt=self.receipt(last),
        )


def invite(
    name: str,
    *,
    role: Role = Role.WRITER,
    uses: int = 1,
    expires_ms: int = NOW_MS + 7 * DAY_MS,
    principal: bytes = ANY_PRINCIPAL,
) -> Invite:
    """An invitation whose keys follow from its name."""
    return Invite(
        id=fill(name, 16),
        signing_key=SigningKey(fill(f"key of {fill(name, 16).hex()}")).public,
        box_key=fill(f"box of {name}"),
        role=role,
        uses=uses,
        expires_ms=expires_ms,
        principal=principal,
    )


def invitation_key(invitation: Invite) -> SigningKey:
    """The signing key of an invitation made by :func:`invite`."""
    return SigningKey(fill(f"key of {invitation.id.hex()}"))


def mutations(data: bytes) -> st.SearchStrategy[bytes]:
    """Damaged copies of an encoding: bytes changed, cut, doubled or inserted somewhere."""
    position = st.integers(0, len(data))
    junk = st.binary(max_size=8)
    return st.one_of(
        st.builds(lambda at, new: data[:at] + new + data[at + len(new) :], position, junk),
        st.builds(lambda at, new: data[:at] + new + data[at:], position, junk),
        st.builds(lambda a, b: data[: min(a, b)] + data[max(a, b) :], position, position),
        st.builds(lambda a, b: data + data[min(a, b) : max(a, b)], position, position),
    )
