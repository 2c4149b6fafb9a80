"""A member who seals and signs what it likes, with a device's real keys, under a writer number of its own.

Owns how a segment is made that no honest program makes: in its right place of its writer's chain unless told
otherwise, and signed rightly. Must not know what is wrong with it, nor how it gets to the relay.
"""

import dataclasses
from collections.abc import Callable, Iterable, Sequence
from random import Random

from simulations.holding import local
from syncore.codec.values import encode_value
from syncore.core.commits import Commit, Entry, EntryKind
from syncore.core.hybrid_clock import HybridTime
from syncore.core.identifiers import (
    CommitId,
    DocumentKey,
    Incarnation,
    Writer,
    device_index,
    make_writer,
)
from syncore.core.ports import Entropy
from syncore.crypto.derivation import derive
from syncore.crypto.keys import ContentKey, DeviceKeys
from syncore.crypto.sealing import NONCE_BYTES, seal
from syncore.crypto.segment_cipher import seal_body
from syncore.documents.entries import (
    RecordEntry,
    RichEntry,
    encode_record_entry,
    encode_rich_entry,
    in_order,
)
from syncore.documents.operations import (
    Operation,
    SetField,
)
from syncore.engine.replica import Replica
from syncore.protocol.control_log import ControlLog
from syncore.protocol.segments import (
    ClosedWriter,
    Segment,
    SegmentHeader,
    SegmentPlain,
    encode_header,
    encode_plain,
    hash_dependencies,
    segment_hash,
)
from syncore.replica.space_state import Head

GRAFFITI = "graffiti"
"""The collection of what hostile members may rightly write: no checker of people's edits looks at it."""


def record_entry(*operations: Operation, key: DocumentKey) -> Entry:
    """A record entry, whatever it names."""
    body = encode_record_entry(RecordEntry(key=key, operations=in_order(operations)))
    return Entry(EntryKind.RECORD, body)


def rich_entry(entry: RichEntry) -> Entry:
    """A rich entry, whatever it names."""
    return Entry(EntryKind.RICH, encode_rich_entry(entry))


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Loot:
    """What a hostile program knows of the space: all that its device knows.

    Attributes:
        device: The device's keys.
        content_key: The key of the epoch in force.
        control: The control log.
        heads: How far every writer is in.
    """

    device: DeviceKeys
    content_key: ContentKey
    control: ControlLog
    heads: dict[Writer, Head]


def loot(replica: Replica) -> Loot:
    """Take it from an open replica of a shared space."""
    state = local(replica).default_space
    keystore = replica._services.keystore  # noqa: SLF001 - a thief does not ask
    assert state.control is not None
    device, content_key = keystore.device(), keystore.content_key(state.id, state.control.epoch)
    assert device is not None
    assert content_key is not None
    return Loot(device=device, content_key=content_key, control=state.control, heads=dict(state.heads))


class Forger:
    """Makes the segments of one writer number, one after the other.

    Attributes:
        loot: What it works with.
        writer: The number; its incarnation is the forger's own.
        made: The segments, in order.
    """

    def __init__(
        self, stolen: Loot, own: Writer, incarnation: int, *, time: HybridTime, entropy: Entropy
    ) -> None:
        """Begin a writer number of the device whose ordinary one is ``own``."""
        self.loot = stolen
        self.writer = make_writer(device_index(own), Incarnation(incarnation))
        assert self.writer != own
        self.made: list[Segment] = []
        self._time = time
        self._entropy = entropy

    @property
    def next_number(self) -> int:
        """The number of the next commit."""
        return self.made[-1].header.last + 1 if self.made else 1

    @property
    def others(self) -> list[Writer]:
        """The writers whose segments are in the log, by number."""
        return sorted(writer for writer in self.loot.heads if writer != self.writer)

    def scribble(self) -> Entry:
        """An entry with nothing wrong about it."""
        number = self.next_number
        operation = SetField(field="by", value=encode_value(f"{self.writer}/{number}"))
        return record_entry(operation, key=DocumentKey(GRAFFITI, f"{self.writer % 7}"))

    def header(self, *, depends_on: Iterable[Writer] = (), count: int = 1) -> SegmentHeader:
        """The right header of the next segment, building on the heads of some writers."""
        heads = self.loot.heads
        return self.header_on(
            [(one, heads[one].number, heads[one].hash) for one in sorted(depends_on)], count=count
        )

    def header_on(self, named: Sequence[tuple[Writer, int, bytes]], *, count: int = 1) -> SegmentHeader:
        """A header that builds on segments: their writers, last commits and hashes."""
        control = self.loot.control
        return SegmentHeader(
            space=control.space,
            writer=self.writer,
            first=self.next_number,
            count=count,
            prev=self.made[-1].hash if self.made else control.space,
            control_seq=control.head_seq,
            control_hash=control.head_link,
            epoch=control.epoch,
            dependencies=tuple((writer, number) for writer, number, _ in named),
            dependencies_hash=hash_dependencies(named),
        )

    def write(self, *commits: Sequence[Entry], depends_on: Iterable[Writer] = ()) -> Segment:
        """The next segment, one commit for each list of entries."""
        return self.seal(self.plain(*commits), self.header(depends_on=depends_on, count=len(commits)))

    def plain(
        self, *commits: Sequence[Entry], receipt: bytes | None = None, closed: Sequence[ClosedWriter] = ()
    ) -> bytes:
        """What is sealed of commits, with what they say beside it."""
        first = self.next_number
        made = tuple(self._commit(first + index, entries) for index, entries in enumerate(commits))
        return encode_plain(SegmentPlain(receipt=receipt, closed=tuple(closed), commits=made))

    def seal(self, plain: bytes, header: SegmentHeader) -> Segment:
        """A segment whose body opens to these bytes."""
        nonce = self._entropy.random_bytes(NONCE_BYTES)
        return self.sign(header, seal_body(self.loot.content_key, plain, encode_header(header), nonce))

    def seal_frame(self, padded: bytes, header: SegmentHeader) -> Segment:
        """A segment whose body opens under the right key, and holds this instead of a padded zstd frame."""
        key = derive(self.loot.content_key.secret_bytes(), "segment")
        nonce = self._entropy.random_bytes(NONCE_BYTES)
        return self.sign(header, seal(key, padded, encode_header(header), nonce))

    def sign(self, header: SegmentHeader, body: bytes, *, header_bytes: bytes | None = None) -> Segment:
        """A segment with any body, and even with any bytes where its header should be, signed rightly."""
        raw = encode_header(header) if header_bytes is None else header_bytes
        digest = segment_hash(raw, body)
        signature = self.loot.device.signing.sign("segment", digest)
        segment = Segment(header=header, header_bytes=raw, body=body, signature=signature, hash=digest)
        self.made.append(segment)
        return segment

    def _commit(self, number: int, entries: Sequence[Entry]) -> Commit:
        id_ = CommitId(self._entropy.random_bytes(8))
        return Commit(id_, HybridTime(self._time + number), tuple(entries))


Maker = Callable[[Forger, Random], Segment]
"""Makes the next segment of a forger's writer, as it is drawn."""
