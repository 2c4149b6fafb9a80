"""Replicas that edit every kind of field at random, and exchange parts of it in any order, end up the same.

A story is a list of steps drawn by hypothesis, so that a failing one shrinks: local transactions, partial
exchanges with batches of different sizes, connections that break after an upload, and files that are closed
and opened again. After every step the file of the device that took it is recomputed from scratch.
"""

import asyncio
import contextlib
import tempfile
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from syncore.codec.values import Value
from syncore.core.errors import LocalError, Misused
from syncore.documents.changes import (
    UNSET,
    Counter,
    List,
    Set,
    Text,
    Unset,
    add,
    asserted,
    increment,
    remove,
    rewrite,
    splice,
)
from syncore.documents.rules import Authority, DeletionRule, ResolverName, Strategy
from syncore.documents.structures import Element
from syncore.replica.conflicts import ConflictKind
from syncore.replica.digesting import space_digest
from syncore.replica.settings import RuleLike
from syncore.replica.transaction import Transaction
from tests.replica.invariants import check_device
from tests.replica.test_rebasing import found_marks
from tests.replica.world import Device, make_world

DEVICES = 3
PLACES = [("notes", "a"), ("notes", "b"), ("tasks", "a")]
FIELDS = ["register", "counter", "text", "list", "set", "any"]
VALUES: st.SearchStrategy[Value] = st.sampled_from(
    [
        *(None, True, 0, 2**70, -1.5, "x", "naïve 🎈", b"x", Decimal("1.10"), [1, ["y"]], {"k": None}),
        datetime(2024, 2, 29, tzinfo=UTC),
    ]
)
ELEMENTS: st.SearchStrategy[Element] = st.sampled_from([0, 1, "x", b"x"])
WORDS = st.text(alphabet="ab 🎈é", max_size=4)
POSITIONS = st.integers(0, 3)


@dataclass(frozen=True, slots=True)
class Write:
    """One intent within a transaction."""

    verb: str
    place: tuple[str, str]
    changes: dict[str, object] = field(default_factory=dict)
    token: int | None = None


@dataclass(frozen=True, slots=True)
class Local:
    """A transaction of one device; what cannot be carried out is left away, and perhaps all of it."""

    device: int
    writes: list[Write]
    is_abandoned: bool


@dataclass(frozen=True, slots=True)
class Mark:
    """A transaction that must stand exactly once in every kind of field at the end."""

    device: int
    count: int


@dataclass(frozen=True, slots=True)
class Exchange:
    """One device catches up, and perhaps uploads, and perhaps loses the connection before it is told."""

    device: int
    step: int
    how: str


@dataclass(frozen=True, slots=True)
class Configure:
    """One device sets a rule for a field, or for all others, and one for deletions."""

    device: int
    collection: str
    field: str | None
    rule: RuleLike | Unset
    deletion: DeletionRule


@dataclass(frozen=True, slots=True)
class Settle:
    """One device settles one of the conflicts that it lists."""

    device: int
    which: int
    how: str


@dataclass(frozen=True, slots=True)
class Reopen:
    """One device's program ends and starts again."""

    device: int


def _rotate(value: object) -> object:
    """A new value of the same kind: what a program computes from what it reads."""
    match value:
        case str():
            return value[1:] + "r"
        case list():
            return [*value[1:], "r"]
        case frozenset():
            return value | {"r"}
        case int():
            return int(value) % 1000 + 1
        case _:
            return "r"


CHANGES = st.one_of(
    VALUES,
    WORDS,
    st.builds(asserted, VALUES, st.sampled_from(["FINAL", "SAFE"])),
    st.builds(Counter, st.integers(-5, 5)),
    st.builds(Text, WORDS),
    st.builds(List, st.lists(VALUES, max_size=3)),
    st.builds(Set, st.lists(ELEMENTS, max_size=3)),
    st.builds(increment, st.integers(-(2**65), 2**65)),
    st.lists(ELEMENTS, min_size=1, max_size=2).map(lambda elements: add(*elements)),
    st.lists(ELEMENTS, min_size=1, max_size=2).map(lambda elements: remove(*elements)),
    st.builds(splice, POSITIONS, POSITIONS, WORDS),
    st.builds(splice, POSITIONS, POSITIONS, st.lists(VALUES, max_size=2)),
    st.just(rewrite(_rotate)),
    st.just(UNSET),
)
WRITES = st.builds(
    Write,
    st.sampled_from(["insert", "update", "update", "update", "delete"]),
    st.sampled_from(PLACES),
    st.dictionaries(st.sampled_from(FIELDS), CHANGES, min_size=1, max_size=3),
    st.none() | st.integers(0, 10),
)
RULES: st.SearchStrategy[RuleLike | Unset] = st.sampled_from(
    [*Strategy, Strategy.MERGE_TEXT, Authority(["FINAL", "SAFE"]), ResolverName("missing", 1), UNSET]
)
WHO = st.integers(0, DEVICES - 1)
STEPS = st.one_of(
    st.builds(Local, WHO, st.lists(WRITES, min_size=1, max_size=4), st.sampled_from([False] * 9 + [True])),
    st.builds(Mark, WHO, st.integers(1, 3)),
    st.builds(
        Exchange, WHO, st.sampled_from([1, 2, 5, 1000]), st.sampled_from(["pull", "both", "both", "break"])
    ),
    st.builds(
        Configure,
        WHO,
        st.sampled_from(["notes", "tasks"]),
        st.none() | st.sampled_from(FIELDS),
        RULES,
        st.sampled_from(DeletionRule),
    ),
    st.builds(Settle, WHO, st.integers(0, 5), st.sampled_from(["choose", "choose", "set", "accept"])),
    st.builds(Reopen, WHO),
)
Step = Local | Mark | Exchange | Configure | Settle | Reopen


class Story:
    """The devices, what they have read, and the marks that they have made."""

    def __init__(self, devices: list[Device]) -> None:
        """Tell it of these devices."""
        self.devices = devices
        self.marks: list[str] = []
        self.tokens: list[str] = []

    async def begin(self) -> None:
        """Open the files and let everybody have the document that is marked."""
        for device in self.devices:
            await device.open()
        shared = {"text": Text(), "marks": List(), "set": set(), "count": Counter()}
        await self.devices[0].collection("notes").insert(shared, id="shared")
        for device in self.devices:
            await device.exchange()

    async def take(self, step: Step) -> None:
        """One step, and then the file of the device that took it is what it has to be."""
        device = self.devices[step.device]
        match step:
            case Local():
                await self._local(step)
            case Mark():
                for _ in range(step.count):
                    await self._mark(device)
            case Exchange():
                await self._exchange(device, step)
            case Configure():
                await _configure(device, step)
            case Settle():
                with contextlib.suppress(LocalError):
                    await _settle(device, step)
            case Reopen():
                await device.reopen()
                assert not device.has_returned
        await check_device(device)

    async def end(self) -> None:
        """Exchange until nothing is left; all must hold the same, and the same again after reopening."""
        for _ in range(2):
            for number, device in enumerate(self.devices):
                await device.exchange(step=(1, 3, 1000)[number])
        digests = {await space_digest(device.local, device.number) for device in self.devices}
        assert len(digests) == 1
        reads = [await _everything(device) for device in self.devices]
        assert reads[0] == reads[1] == reads[2]
        inboxes = [await device.inbox.conflicts(None, resolved=True) for device in self.devices]
        assert inboxes[0] == inboxes[1] == inboxes[2]
        for device in self.devices:
            await check_device(device)
            await device.reopen()
            assert {await space_digest(device.local, device.number)} == digests
            assert await _everything(device) == reads[0]
            await check_device(device)
            await device.close()

    async def check_marks(self) -> None:
        """Every mark stands once in text, list, set and documents of its own, and the counter counts them."""
        in_text, in_list, in_set, count, documents = await found_marks(self.devices[0])
        assert in_text == in_list == in_set == documents == sorted(self.marks)
        assert count == len(self.marks)

    async def _local(self, step: Local) -> None:
        device = self.devices[step.device]
        before = await _everything(device)
        transaction = device.transaction()
        try:
            async with transaction:
                for write in step.writes:
                    with contextlib.suppress(LocalError):
                        await carry_out(transaction, write, self.tokens)
                if step.is_abandoned:
                    raise Misused("the program changed its mind")  # noqa: TRY301 - the program's own error
        except Misused:
            assert await _everything(device) == before
        self.tokens += [document.token for document in transaction.documents.values()]

    async def _mark(self, device: Device) -> None:
        mark = f"<{len(self.marks)}>"
        async with device.transaction() as transaction:
            await transaction.update(
                ("notes", "shared"),
                text=rewrite(lambda text: f"{mark}{text}" if len(self.marks) % 2 else f"{text}{mark}"),
                marks=splice(0, 0, [mark]),
                set=add(mark),
                count=increment(),
            )
            await transaction.insert("edits", {"mark": mark}, id=mark)
        self.marks.append(mark)

    async def _exchange(self, device: Device, step: Exchange) -> None:
        if step.how == "both":
            await device.exchange(step=step.step)
            return
        await device.pull(step=step.step)
        if step.how == "break":
            await device.sync.push()
            device.sync.disconnect()


async def carry_out(transaction: Transaction, write: Write, tokens: list[str]) -> None:
    """One intent, upon what was read at some time or just now."""
    seen = None if write.token is None or not tokens else tokens[write.token % len(tokens)]
    match write.verb:
        case "insert":
            await transaction.insert(write.place[0], write.changes, id=write.place[1])
        case "update":
            await transaction.update(write.place, write.changes, seen=seen)
        case _:
            await transaction.delete(write.place, seen=seen)


async def _configure(device: Device, step: Configure) -> None:
    collection = device.collection(step.collection)
    if step.field is None:
        await collection.configure(default=step.rule, deletion=step.deletion)
    else:
        await collection.configure(fields={step.field: step.rule}, deletion=step.deletion)


async def _settle(device: Device, step: Settle) -> None:
    """What was settled is no conflict any more: nothing can have arrived meanwhile."""
    found = await device.inbox.conflicts(None, resolved=True)
    if not found:
        return
    conflict = found[step.which % len(found)]
    if step.how == "set" and conflict.kind is not ConflictKind.DELETION:
        await conflict.set("settled")
    elif step.how == "accept":
        await conflict.accept()
    else:
        await conflict.choose(conflict.siblings[step.which % len(conflict.siblings)])
    left = await device.inbox.conflicts(None, resolved=True)
    assert (conflict.collection, conflict.id, conflict.field) not in {
        (one.collection, one.id, one.field) for one in left
    }


async def _everything(device: Device) -> list[tuple[str, object, object]]:
    """All that a program can read, with its conflicts and versions."""
    return [
        (document.id, dict(document), (document.token, document.conflicts))
        for name in ("notes", "tasks", "edits")
        async for document in device.collection(name).find()
    ]


async def _tell(folder: Path, steps: list[Step]) -> None:
    _, devices = make_world(folder, "story", DEVICES)
    story = Story(devices)
    try:
        await story.begin()
        for step in steps:
            await story.take(step)
        await story.end()
        await devices[0].open()
        await story.check_marks()
    finally:
        for device in devices:
            if device.lives:
                await device.close()


@settings(max_examples=12, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(STEPS, min_size=15, max_size=50))
def test_replicas_converge(steps: list[Step]) -> None:
    """Whatever is written and exchanged, all end with equal digests and reads; no edit is lost or doubled."""
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(_tell(Path(folder), steps))
