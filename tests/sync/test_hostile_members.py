"""Segments by members who cheat, in league with their relay: closed, and nothing else changes."""

import dataclasses
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from syncore.codec.compression import compress
from syncore.codec.values import encode_value
from syncore.core.commits import Commit, Entry
from syncore.core.errors import ProtocolViolation
from syncore.core.hashing import hash_parts
from syncore.core.hybrid_clock import HybridTime
from syncore.core.identifiers import (
    CommitId,
    DeviceIndex,
    DocumentKey,
    Dot,
    Incarnation,
    Writer,
    make_writer,
)
from syncore.core.limits import MAX_SEGMENT_PLAIN_BYTES, MIB
from syncore.crypto.derivation import derive
from syncore.crypto.padding import pad
from syncore.crypto.sealing import NONCE_BYTES, seal
from syncore.documents.changes import List, Text
from syncore.documents.entries import (
    RecordEntry,
    RichEntry,
    decode_rich_entry,
    encode_record_entry,
    encode_rich_entry,
)
from syncore.documents.operations import (
    SetField,
)
from syncore.protocol.segments import (
    Segment,
    SegmentHeader,
    SegmentPlain,
    encode_header,
    hash_dependencies,
    open_segment,
    seal_segment,
    segment_hash,
)
from tests.replica.world import Device, ListRelay, make_world

KEY = DocumentKey("notes", "first")
RECORD_KIND = 1
RICH_KIND = 2
STRANGER = make_writer(DeviceIndex(9), Incarnation(1))


@dataclasses.dataclass
class World:
    """An honest device, and the keys of a hostile one of the same space."""

    relay: ListRelay
    honest: Device
    hostile: Device

    @property
    def writer(self) -> Writer:
        """The number under which the hostile device writes."""
        return make_writer(DeviceIndex(1), Incarnation(5))

    def header(self) -> SegmentHeader:
        """The header of the hostile device's first segment."""
        control = self.relay.control
        return SegmentHeader(
            space=self.relay.space,
            writer=self.writer,
            first=1,
            count=1,
            prev=self.relay.space,
            control_seq=control.head_seq,
            control_hash=control.head_link,
            epoch=1,
            dependencies=(),
            dependencies_hash=hash_dependencies([]),
        )

    def segment(self, *entries: Entry, **changes: object) -> Segment:
        """A segment with one commit of these entries."""
        commit = Commit(CommitId(bytes(8)), HybridTime(2**40), entries)
        plain = SegmentPlain(receipt=None, closed=(), commits=(commit,))
        keys = self.hostile.sync_keys
        header = dataclasses.replace(self.header(), **changes)  # type: ignore[arg-type]
        return seal_segment(header, plain, cipher=keys.cipher, signer=keys.signer)

    def with_body(self, body: bytes, **changes: object) -> Segment:
        """A segment with any body, signed rightly."""
        header = dataclasses.replace(self.header(), **changes)  # type: ignore[arg-type]
        header_bytes = encode_header(header)
        digest = segment_hash(header_bytes, body)
        signature = self.hostile.keys.signing.sign("segment", digest)
        return Segment(header=header, header_bytes=header_bytes, body=body, signature=signature, hash=digest)

    def sealed(self, padded: bytes) -> Segment:
        """A segment whose body opens under the right key, and holds this."""
        key = derive(self.hostile.content_key.secret_bytes(), "segment")
        return self.with_body(seal(key, padded, encode_header(self.header()), bytes(NONCE_BYTES)))


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    """A space with one document in it."""
    relay, (honest, hostile) = make_world(tmp_path, "hostile", 2)
    await honest.open()
    await honest.collection("notes").insert({"n": 1, "text": Text("Hi"), "list": List([1])}, id="first")
    await honest.exchange()
    yield World(relay, honest, hostile)
    await honest.close()


def _set(*replaces: Dot) -> Entry:
    operation = SetField(field="n", value=encode_value(2), replaces=replaces)
    return Entry(RECORD_KIND, encode_record_entry(RecordEntry(key=KEY, operations=(operation,))))


def _rich(world: World, **changes: object) -> Entry:
    """The honest device's own rich delta, under another name."""
    own = open_segment(world.relay.segments[0], cipher=world.hostile.sync_keys.cipher).commits[0]
    (body,) = (entry.body for entry in own.entries if entry.kind == RICH_KIND)
    entry: RichEntry = dataclasses.replace(decode_rich_entry(body), **changes)  # type: ignore[arg-type]
    return Entry(RICH_KIND, encode_rich_entry(entry))


INVALID: dict[str, Callable[[World], Segment]] = {
    "replaces a dot of the future": lambda w: w.segment(_set(Dot(w.writer, 7))),
    "replaces a dot that it does not depend on": lambda w: w.segment(_set(Dot(w.honest.state.writer, 1))),
    "replaces a dot of nobody": lambda w: w.segment(_set(Dot(STRANGER, 1))),
    "a rich delta by another author": lambda w: w.segment(_rich(w)),
    "a rich delta with other clocks": lambda w: w.segment(_rich(w, clock_before=5, clock_after=9)),
    "a rich delta that builds on the future": lambda w: w.segment(
        _rich(w, builds_on={w.honest.state.writer: 1_000})
    ),
    "a rich delta of nonsense": lambda w: w.segment(_rich(w, update=b"\xff" * 40)),
    "an empty rich delta": lambda w: w.segment(_rich(w, update=b"")),
    "an entry of nonsense": lambda w: w.segment(Entry(RECORD_KIND, b"\xc1")),
    "one document twice": lambda w: w.segment(_set(), _set()),
    "another epoch": lambda w: w.with_body(w.segment(_set()).body, epoch=2),
    "fewer commits than it says": lambda w: w.with_body(w.segment(_set()).body, count=3),
    "a zip bomb": lambda w: w.sealed(pad(compress(bytes(64 * MIB)))),
    "a little more than allowed": lambda w: w.sealed(pad(compress(bytes(MAX_SEGMENT_PLAIN_BYTES + 1)))),
    "a frame of nonsense": lambda w: w.sealed(pad(b"no zstd frame")),
    "something behind the frame": lambda w: w.sealed(pad(compress(b"\xc0") + b"more")),
    "padding that is not zero": lambda w: w.sealed(pad(compress(b"\xc0"))[:-1] + b"\1"),
    "deep nesting": lambda w: w.sealed(pad(compress(b"\x91" * 100_000 + b"\xc0"))),
    "a million nils": lambda w: w.sealed(pad(compress(b"\xdd\x00\x0f\x42\x40" + b"\xc0" * 1_000_000))),
    "a body of nonsense": lambda w: w.with_body(bytes(400)),
    "a body cut short": lambda w: w.with_body(w.segment(_set()).body[:-1]),
    "a body for another header": lambda w: w.with_body(
        w.segment(_set(), control_seq=1, control_hash=w.relay.control.link_at(1)).body
    ),
}


@pytest.mark.parametrize("case", INVALID)
async def test_an_invalid_segment_closes_its_writer(world: World, case: str) -> None:
    """Whatever rule a member breaks, its writer is closed before it, with evidence; nothing of it shows."""
    before = await world.honest.collection("notes").get("first")
    world.relay.append_unjudged(INVALID[case](world))
    await world.honest.pull()
    closed = world.honest.state.closed[world.writer]
    assert (closed.number, bool(closed.reason)) == (0, True)
    after = await world.honest.collection("notes").get("first")
    assert dict(after) == dict(before)
    await world.honest.collection("notes").update("first", n=3)
    await world.honest.exchange()
    await world.honest.reopen()
    assert world.writer in world.honest.state.closed


async def test_who_builds_on_a_closed_writer_stays_out(world: World) -> None:
    """The next segments of a closed writer are passed over, however valid they look."""
    first = world.segment(_set(Dot(STRANGER, 1)))
    second = world.segment(_set(), first=2, prev=first.hash)
    world.relay.append_unjudged(first)
    world.relay.append_unjudged(second)
    await world.honest.pull()
    document = await world.honest.collection("notes").get("first")
    assert document["n"] == 1
    assert world.honest.state.closed[world.writer].number == 0


DISHONEST: dict[str, Callable[[World], Segment]] = {
    "a signature that does not hold": lambda w: dataclasses.replace(w.segment(_set()), signature=bytes(64)),
    "a device that is no member": lambda w: w.segment(_set(), writer=STRANGER),
    "a gap": lambda w: w.segment(_set(), first=2, prev=bytes(32)),
    "a second segment with one number": lambda w: w.segment(),
    "a dependency that is not there": lambda w: w.segment(
        _set(),
        dependencies=((w.honest.state.writer, 99),),
        dependencies_hash=hash_parts("x"),
    ),
    "a dependency with another hash": lambda w: w.segment(
        _set(), dependencies=((w.honest.state.writer, 1),), dependencies_hash=bytes(32)
    ),
    "a control record of the future": lambda w: w.segment(_set(), control_seq=99),
    "another control log": lambda w: w.segment(_set(), control_hash=bytes(32)),
}


@pytest.mark.parametrize("case", DISHONEST)
async def test_what_no_honest_relay_accepts_is_the_relays_fault(world: World, case: str) -> None:
    """Forks, gaps and bad signatures in the stream close nobody: it is not believed, nothing merges."""
    valid = world.segment(_set())
    world.relay.append_unjudged(valid)
    await world.honest.pull()
    digest = dict(await world.honest.collection("notes").get("first"))
    offset = world.honest.state.row.log_offset
    world.relay.append_unjudged(DISHONEST[case](world))
    with pytest.raises(ProtocolViolation):
        await world.honest.pull()
    assert not world.honest.state.closed
    assert world.honest.state.row.log_offset == offset
    assert dict(await world.honest.collection("notes").get("first")) == digest
    await world.honest.collection("notes").update("first", n=4)


async def test_a_segment_again_changes_nothing(world: World) -> None:
    """A replayed segment is known, and counts once."""
    segment = world.segment(_set())
    world.relay.append_unjudged(segment)
    await world.honest.pull()
    world.relay.append_unjudged(segment)
    await world.honest.pull()
    assert not world.honest.state.closed
