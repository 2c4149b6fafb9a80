"""A verdict on a segment depends on the segment and its causal past, never on what else a receiver holds.

The same segments, honest and hostile, are delivered in many orders that respect what they build on, and in
batches of different sizes, to fresh receivers: at each verdict they hold more or less of the rest.
"""

import asyncio
import random
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from syncore.codec.values import encode_value
from syncore.core.commits import Entry, EntryKind
from syncore.core.identifiers import DeviceIndex, DocumentKey, Dot, Incarnation, Writer, make_writer
from syncore.documents.changes import Counter, List, Text, add, increment, splice
from syncore.documents.document import Document
from syncore.documents.entries import RichEntry, decode_rich_entry
from syncore.documents.operations import (
    AddElement,
    DeleteDocument,
    SetField,
)
from syncore.documents.planning import DocumentPlan
from syncore.documents.yjs_update import StructId, Update, builds_on, decode_update, encode_update
from syncore.protocol.segments import Segment, encode_segment
from syncore.replica.digesting import space_digest
from syncore.replica.entries import decode_entry
from tests.replica.hostile import KEY, TIME, Forger, commits_of, record_entry, rich_entry
from tests.replica.invariants import check_device
from tests.replica.world import Device, ListRelay, make_world

HOSTILE = make_writer(DeviceIndex(3), Incarnation(7))
ACCOMPLICE = make_writer(DeviceIndex(4), Incarnation(9))
RECEIVER = 5
OTHER = DocumentKey("notes", "other")
LENGTH = 6


@dataclass(frozen=True, slots=True)
class Situation:
    """What the forger has to work with: the honest heads, and the document as one honest head shows it."""

    relay: ListRelay
    devices: list[Device]
    honest: tuple[Writer, Writer, Writer]
    seen: Mapping[Writer, int]

    def edit(self, **changes: object) -> tuple[Entry, ...]:
        """The entries of an honest edit by the forger, who has seen all that the first device wrote."""
        document = Document(KEY, writer=HOSTILE)
        for segment in self.relay.segments:
            if segment.header.writer == self.honest[0]:
                for number, commit in enumerate(
                    commits_of(self.devices[0], segment), start=segment.header.first
                ):
                    for entry in commit.entries:
                        decoded = decode_entry(entry)
                        assert decoded is not None
                        if decoded.key == KEY:
                            document.apply(decoded, dot=Dot(self.honest[0], number), time=commit.time)
        plan = DocumentPlan(document)
        plan.update(changes)
        return plan.commit(dot=Dot(HOSTILE, 1), time=TIME)

    def rich(self) -> RichEntry:
        """An honest edit of the text, in the middle of what the first device wrote."""
        (entry,) = [entry for entry in self.edit(text=splice(1, 1, "Z")) if entry.kind == EntryKind.RICH]
        return decode_rich_entry(entry.body)


Forgery = Callable[[Situation], list[tuple[Entry, ...]]]


def _valid(at: Situation) -> list[tuple[Entry, ...]]:
    return [at.edit(text=splice(1, 1, "Z"), title="forged", votes=increment(3), tags=add("z"))]


def _unknown_kind(at: Situation) -> list[tuple[Entry, ...]]:
    return [(*at.edit(title="forged"), Entry(200, b"from the future"))]


def _unseen_dot(at: Situation) -> list[tuple[Entry, ...]]:
    unseen = Dot(at.honest[1], 1)  # it is there for some receivers, but the segment does not depend on it
    return [(record_entry(SetField(field="title", value=encode_value("x"), replaces=(unseen,))),)]


def _dot_to_come(at: Situation) -> list[tuple[Entry, ...]]:
    beyond = Dot(at.honest[0], at.seen[at.honest[0]] + 1)
    return [(record_entry(AddElement(field="tags", element=encode_value("x"), replaces=(beyond,))),)]


def _own_future(_: Situation) -> list[tuple[Entry, ...]]:
    return [
        (record_entry(SetField(field="title", value=encode_value("x"), replaces=(Dot(HOSTILE, 1),))),),
    ]


def _unseen_deletion(at: Situation) -> list[tuple[Entry, ...]]:
    return [(record_entry(DeleteDocument(seen={at.honest[1]: 1})),)]


def _second_commit_bad(at: Situation) -> list[tuple[Entry, ...]]:
    return [at.edit(title="good"), *_unseen_dot(at)]


def _two_entries(_: Situation) -> list[tuple[Entry, ...]]:
    entry = record_entry(SetField(field="title", value=encode_value("x")))
    return [(entry, record_entry(SetField(field="title", value=encode_value("y"))))]


def _undecodable(at: Situation) -> list[tuple[Entry, ...]]:
    return [(*at.edit(title="forged"), Entry(EntryKind.RECORD, b"\xc1"))]


def _undecodable_rich(_: Situation) -> list[tuple[Entry, ...]]:
    return [(Entry(EntryKind.RICH, b"\x90"),)]


def _rich(change: Callable[[Situation, RichEntry], RichEntry]) -> Forgery:
    return lambda at: [(rich_entry(change(at, at.rich())),)]


def _placed(left: int | None, right: int | None) -> Forgery:
    """An insert between two characters of what the first device wrote, -1 for its list's only item."""

    def place(_: Situation, rich: RichEntry) -> RichEntry:
        update = decode_update(rich.update)
        (struct,) = update.sections[0].structs
        assert struct.right_origin is not None
        author, third = struct.right_origin
        clocks = [third - 2 + number for number in range(LENGTH)]
        clocks.append(LENGTH if clocks[0] == 0 else 0)
        named = [None if at is None else StructId(author, clocks[at]) for at in (left, right)]
        moved = struct._replace(origin=named[0], right_origin=named[1])
        section = update.sections[0]._replace(structs=(moved,))
        changed = Update((section,), update.deletions)
        return replace(rich, builds_on=builds_on(changed, HOSTILE), update=encode_update(changed))

    return _rich(place)


FORGERIES: dict[str, tuple[Forgery, bool]] = {
    "honest": (_valid, True),
    "with an unknown kind of entry": (_unknown_kind, True),
    "names a dot it did not see": (_unseen_dot, False),
    "names a dot to come": (_dot_to_come, False),
    "names its own commit": (_own_future, False),
    "deletes what it did not see": (_unseen_deletion, False),
    "is bad in its second commit": (_second_commit_bad, False),
    "changes a document twice": (_two_entries, False),
    "holds an entry that is none": (_undecodable, False),
    "holds a rich entry that is none": (_undecodable_rich, False),
    "starts at another clock": (
        _rich(lambda _, rich: replace(rich, clock_before=1, clock_after=rich.clock_after + 1)),
        False,
    ),
    "reaches another clock": (_rich(lambda _, rich: replace(rich, clock_after=rich.clock_after + 1)), False),
    "builds on nothing that it names": (_rich(lambda _, rich: replace(rich, builds_on={})), False),
    "builds on the clocks of somebody unseen": (
        _rich(lambda at, rich: replace(rich, builds_on={**rich.builds_on, at.honest[1]: 1})),
        False,
    ),
    "builds on clocks to come": (
        _rich(lambda at, rich: replace(rich, builds_on={at.honest[0]: rich.builds_on[at.honest[0]] + 1000})),
        False,
    ),
    "names itself among the others": (
        _rich(lambda _, rich: replace(rich, builds_on={**rich.builds_on, HOSTILE: 1})),
        False,
    ),
    "holds an update that is none": (_rich(lambda _, rich: replace(rich, update=b"\x00")), False),
    "inserts between neighbours": (_placed(2, 3), True),
    "inserts from right to left": (_placed(3, 1), False),
    "inserts around what it had seen": (_placed(1, 4), False),
    "inserts before what it had not seen to be first": (_placed(None, 2), False),
    "inserts between a text and a list": (_placed(LENGTH - 1, -1), False),
}


async def _situation(folder: Path, seed: int) -> Situation:
    """Three honest devices that have written with and without knowing of each other; six members in all."""
    rng = random.Random(seed)
    relay, devices = make_world(folder, f"superset{seed}", 6)
    honest = devices[:3]
    for device in honest:
        await device.open()
    fields = {"title": "t", "text": Text("abcdef"), "list": List([1]), "tags": {"x"}, "votes": Counter(1)}
    await honest[0].collection("notes").insert(fields, id=KEY.id)
    await honest[0].exchange()
    seen = {honest[0].state.writer: relay.head(honest[0].state.writer).number}  # type: ignore[union-attr]
    base = len(relay.segments)
    for _ in range(8):
        device = rng.choice(honest[1:])
        if rng.random() < 0.6:
            await device.pull()
        if await device.collection("notes").find_one(KEY.id) is None:
            await device.collection("notes").insert({"by": device.index}, id=OTHER.id + str(rng.random()))
        else:
            at = rng.randrange(3)
            await device.collection("notes").update(
                KEY.id, text=splice(at, 1, "xy"), title=str(at), tags=add("y"), votes=increment(1)
            )
        if rng.random() < 0.6:
            await device.exchange()
    for device in honest[1:]:
        await device.pull()
        await device.collection("notes").update(KEY.id, text=splice(0, 0, "uvw"))
        await device.exchange()
    for device in honest:
        await device.close()
    assert len(relay.segments) > base
    first, second, third = (device.state.writer for device in honest)
    return Situation(relay, devices, (first, second, third), seen)


def _any_order(segments: list[Segment], rng: random.Random) -> list[Segment]:
    """The segments in some order in which each comes after what it builds on."""
    waiting = list(segments)
    reached: dict[Writer, int] = {}
    ordered = []
    while waiting:
        ready = [
            segment
            for segment in waiting
            if segment.header.first == reached.get(segment.header.writer, 0) + 1
            and all(reached.get(writer, 0) >= number for writer, number in segment.header.dependencies)
        ]
        chosen = rng.choice(ready)
        waiting.remove(chosen)
        reached[chosen.header.writer] = chosen.header.last
        ordered.append(chosen)
    return ordered


async def _receive(at: Situation, folder: Path, order: list[Segment], step: int) -> tuple[object, bytes]:
    """What a fresh receiver of that log thinks of everybody, and what it holds in the end."""
    relay = at.relay.with_order(order)
    model = at.devices[RECEIVER]
    receiver = Device(relay, folder, model.keys, model.content_key, "receiver", RECEIVER)
    await receiver.open()
    try:
        await receiver.pull(step=step)
        await check_device(receiver)
        closed = tuple(
            (row.writer, row.number, row.reason, row.evidence) for row in receiver.state.closed.values()
        )
        return tuple(sorted(closed)), await space_digest(receiver.local, receiver.number)
    finally:
        await receiver.close()


async def _judge(folder: Path, forgery: Forgery, *, is_valid: bool, seed: int) -> None:
    rng = random.Random(seed)
    at = await _situation(folder, seed)
    first_head = at.honest[0]
    forger = Forger(at.relay, at.devices[3], HOSTILE)
    bad = forger.seal(*forgery(at), depends_on=[first_head])
    at.relay.append_unjudged(bad)
    after = forger.seal((record_entry(SetField(field="after", value=encode_value(1))),))
    accomplice = Forger(at.relay, at.devices[4], ACCOMPLICE)
    before = accomplice.seal((record_entry(SetField(field="before", value=encode_value(1))),))
    at.relay.append_unjudged(after)
    dependent = accomplice.seal(
        (record_entry(SetField(field="dependent", value=encode_value(1))),), depends_on=[HOSTILE]
    )
    segments = [*(one for one in at.relay.segments if one is not bad and one is not after), bad, after]
    segments += [before, dependent]
    verdicts = set()
    for number in range(5):
        order = _any_order(segments, rng)
        verdicts.add(await _receive(at, folder / f"r{seed}{number}.db", order, rng.choice([1, 2, 1000])))
    assert len(verdicts) == 1
    ((closed, _),) = verdicts
    assert isinstance(closed, tuple)
    if is_valid:
        assert closed == ()
        return
    assert [(writer, number, evidence) for writer, number, _, evidence in closed] == [
        (HOSTILE, 0, encode_segment(bad)),
        (ACCOMPLICE, 1, encode_segment(dependent)),
    ]


@pytest.mark.parametrize("name", FORGERIES)
def test_a_verdict_is_the_same_for_everybody(name: str) -> None:
    """Whatever else a receiver holds, it closes the same writers at the same numbers and keeps the same."""
    forgery, is_valid = FORGERIES[name]
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(_judge(Path(folder), forgery, is_valid=is_valid, seed=len(name)))
