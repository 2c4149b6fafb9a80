"""Laws of merging: one state from all causal orders, nothing unseen removed, forks healed."""

import json
import os
import random
import subprocess
import sys
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from syncore.core.commits import Commit
from syncore.core.hybrid_clock import from_milliseconds
from syncore.core.identifiers import CommitId, Dot, Writer, device_index
from syncore.core.vectors import covers
from syncore.documents.entries import RecordEntry
from syncore.documents.operations import (
    AddElement,
    AddToCounter,
    CancelCounter,
    RemoveElement,
    RemoveField,
    SetField,
)
from syncore.documents.projection_encoding import decode_projection, encode_projection
from syncore.documents.record import Record
from syncore.documents.record_encoding import decode_record, encode_record
from syncore.documents.rekeying import rekey_entry
from tests.documents.histories import FIELDS, write_something
from tests.documents.renaming import make_renaming
from tests.documents.worlds import Device, Sent, writer

ROOT = Path(__file__).resolve().parents[2]
seeds = st.integers(0, 2**64 - 1)


class World:
    """Devices that write and read one document at random times."""

    def __init__(self, seed: int, *, devices: int = 3) -> None:
        """Fix everything that will happen."""
        self.source = random.Random(seed)
        self.devices = [Device(writer(index)) for index in range(1, devices + 1)]
        self.history: list[Sent] = []
        self.tokens: dict[Writer, list[dict[Writer, int]]] = {device.writer: [] for device in self.devices}

    def run(self, steps: int) -> None:
        """Let devices write, or read one commit that is next for them."""
        for _ in range(steps):
            device = self.source.choice(self.devices)
            offered = [sent for sent in self.history if device.can_receive(sent)]
            if offered and self.source.random() < 0.5:
                device.receive(self.source.choice(offered))
            else:
                kept = self.tokens[device.writer]
                self.history.append(write_something(device, self.source, keep_token=kept))

    def settle(self) -> list[Device]:
        """Let every device, and two that only read, catch up, each in another order."""
        devices = [*self.devices, Device(writer(8)), Device(writer(9))]
        for device in devices:
            device.catch_up(self.history, random.Random(self.source.getrandbits(64)))
        return devices


@given(seeds, st.integers(5, 40))
def test_every_causal_order_ends_in_one_state(seed: int, steps: int) -> None:
    """Whatever is written and whenever it is read, all devices come to one digest and one projection."""
    world = World(seed)
    world.run(steps)
    devices = world.settle()
    assert len({device.document.digest() for device in devices}) == 1
    projections = [device.document.project() for device in devices]
    assert all(projection == projections[0] for projection in projections)
    assert decode_projection(encode_projection(projections[0])) == projections[0]


@given(seeds, st.integers(5, 30))
def test_states_survive_being_stored(seed: int, steps: int) -> None:
    """A device that is stored and loaded in the middle of things goes on as if it had not been."""
    world = World(seed)
    world.run(steps // 2)
    twin = World(seed)
    twin.run(steps // 2)
    twin.devices = [device.stored() for device in twin.devices]
    world.run(steps)
    twin.run(steps)
    assert [sent.entries for sent in world.history] == [sent.entries for sent in twin.history]
    for one, other in zip(world.devices, twin.devices, strict=True):
        assert one.document.digest() == other.document.digest()
        assert decode_record(encode_record(one.document.record)) == one.document.record


@given(seeds, st.integers(5, 40))
def test_nothing_unseen_is_ever_removed(seed: int, steps: int) -> None:
    """Every value, element and increment is there, or somebody who had seen it took it away."""
    world = World(seed)
    world.run(steps)
    record = world.settle()[0].document.record
    model = Model(world.history)
    for name in FIELDS:
        assert {sibling.dot for sibling in record.registers.get(name, ())} == model.values(name)
        elements = record.sets.get(name, {})
        assert {(element, dot) for element, dots in elements.items() for dot in dots} == model.elements(name)
        assert record.count(name) == sum(amount for _, amount in model.amounts(name))
        assert record.has_counter(name) == bool(model.amounts(name))


class Model:
    """The meaning of a history by definition: what was written, without what was taken away upon sight."""

    def __init__(self, history: list[Sent]) -> None:
        """List all operations with the commit that they are part of."""
        self.operations = [
            (sent, operation)
            for sent in history
            for entry in sent.decoded()
            if isinstance(entry, RecordEntry)
            for operation in entry.operations
        ]

    def values(self, name: str) -> set[Dot]:
        """The writes of a register that are left."""
        written = {
            sent.dot for sent, one in self.operations if isinstance(one, SetField) and one.field == name
        }
        return written - self._taken(name)

    def elements(self, name: str) -> set[tuple[bytes, Dot]]:
        """The additions to a set that are left."""
        added: set[tuple[bytes, Dot]] = set()
        taken: set[tuple[bytes, Dot]] = set()
        for sent, one in self.operations:
            if isinstance(one, AddElement | RemoveElement) and one.field == name:
                assert all(covers(sent.past, dot) for dot in one.replaces), "only what was seen"
                taken.update((one.element, dot) for dot in one.replaces)
                if isinstance(one, AddElement):
                    added.add((one.element, sent.dot))
        return added - taken

    def amounts(self, name: str) -> list[tuple[Dot, int]]:
        """The increments of a counter that are left."""
        cancelled: dict[Writer, int] = {}
        for sent, one in self.operations:
            if isinstance(one, CancelCounter) and one.field == name:
                for part in one.cancelled:
                    assert covers(sent.past, Dot(part.writer, part.number)), "only what was seen"
                    cancelled[part.writer] = max(cancelled.get(part.writer, 0), part.number)
        return [
            (sent.dot, one.amount)
            for sent, one in self.operations
            if isinstance(one, AddToCounter) and one.field == name
            if sent.dot.number > cancelled.get(sent.dot.writer, 0)
        ]

    def _taken(self, name: str) -> set[Dot]:
        taken: set[Dot] = set()
        for sent, one in self.operations:
            if isinstance(one, SetField | RemoveField) and one.field == name:
                assert all(covers(sent.past, dot) for dot in one.replaces), "only what was seen"
                taken.update(one.replaces)
        return taken


@given(seeds, st.integers(3, 20), st.integers(1, 10), st.integers(1, 10))
def test_a_fork_is_healed_by_re_keying_without_a_loss(seed: int, before: int, here: int, there: int) -> None:
    """Two copies of one device go on apart; the commits of one, under a new name, join those of the other.

    All devices end in one state, and the copy sees exactly what it saw, and what the others wrote.
    """
    world = World(seed)
    world.run(before)
    original = world.source.choice(world.devices)
    copy = original.stored()
    tokens = [dict(token) for token in world.tokens[original.writer]]
    base = copy.known.get(copy.writer, 0)
    world.run(there)
    forked = _write_apart(copy, world, here, tokens)
    # Another life of the same device: below or above the old number, but on one side of every other device's.
    new = Device(writer(device_index(original.writer), world.source.choice([3, 99])), copy.time_ms)
    renamed = _rekey(forked, new.writer)
    # The copy's own view is the same under the new name, on top of what it had seen of the others.
    shared = [sent for sent in world.history if _is_seen_by(sent, copy, original.writer, base)]
    new.catch_up([*shared, *renamed], random.Random(seed))
    assert _shown(new) == _shown(copy)
    assert _counted(new.document.record) == _counted(copy.document.record)
    world.history += renamed
    devices = [*world.settle(), new]
    new.catch_up(world.history, random.Random(seed))
    assert len({device.document.digest() for device in devices}) == 1
    projections = [device.document.project() for device in devices]
    assert all(projection == projections[0] for projection in projections)


def _write_apart(copy: Device, world: World, count: int, tokens: list[dict[Writer, int]]) -> list[Sent]:
    """Let a copy write, and read what others wrote that does not depend on the fork."""
    forked: list[Sent] = []
    base = copy.known.get(copy.writer, 0)
    for _ in range(count):
        offered = [
            sent
            for sent in world.history
            if copy.can_receive(sent)
            and sent.dot.writer != copy.writer
            and sent.past.get(copy.writer, 0) <= base
        ]
        if offered and world.source.random() < 0.3:
            copy.receive(world.source.choice(offered))
        else:
            forked.append(write_something(copy, world.source, keep_token=tokens))
    return forked


def _rekey(forked: list[Sent], new_writer: Writer) -> list[Sent]:
    """The commits under the name of a new incarnation."""
    commits = [
        (sent.dot, Commit(CommitId(bytes(8)), from_milliseconds(sent.time_ms), sent.entries))
        for sent in forked
    ]
    renaming = make_renaming(commits, writer=new_writer, first_number=1)
    return [
        Sent(
            renaming.dots[sent.dot],
            sent.time_ms,
            tuple(rekey_entry(entry, renaming, dot=sent.dot) for entry in sent.entries),
            renaming.vector(sent.past),
        )
        for sent in forked
    ]


def _is_seen_by(sent: Sent, copy: Device, forked: Writer, base: int) -> bool:
    return covers(copy.known, sent.dot) and (sent.dot.writer != forked or sent.dot.number <= base)


def _shown(device: Device) -> object:
    projection = device.document.project()
    return projection.values, projection.kinds, projection.is_deleted, len(projection.conflicts)


def _counted(record: Record) -> object:
    """A record without names: how many siblings and additions there are, and of what."""
    return (
        {name: sorted(sibling.value for sibling in siblings) for name, siblings in record.registers.items()},
        {name: {one: len(dots) for one, dots in elements.items()} for name, elements in record.sets.items()},
        {name: (record.has_counter(name), record.count(name)) for name in FIELDS},
        len(record.deletions),
        record.is_deleted,
    )


TELL_A_HISTORY = """
import json, sys
sys.path.insert(0, ".")
from syncore.documents.projection_encoding import encode_projection
from tests.property.test_record_laws import World
world = World(20)
world.run(120)
document = world.settle()[0].document
print(json.dumps([document.digest().hex(), encode_projection(document.project()).hex(),
                  [entry.body.hex() for sent in world.history for entry in sent.entries]]))
"""


def test_another_process_says_the_same() -> None:
    """Entries, digests and projections are the same bytes in processes with different hash seeds."""
    told = set()
    for hash_seed in ("1", "2", "77"):
        run = subprocess.run(
            [sys.executable, "-c", TELL_A_HISTORY],
            cwd=ROOT,
            env={**os.environ, "PYTHONHASHSEED": hash_seed},
            capture_output=True,
            text=True,
            check=True,
            timeout=50,
        )
        told.add(json.dumps(json.loads(run.stdout)))
    assert len(told) == 1
