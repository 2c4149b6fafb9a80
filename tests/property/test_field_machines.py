"""Every kind of field as a state machine: devices write, and read each other in any causal order.

What has to be shown is said by a model that knows no merging: it looks at all that was ever written, and at
what each author had seen. Since readers who get the same writes in any two orders and groupings come to the
model's value and to one digest, merging is commutative and associative; since stored and loaded devices go on
in step with the others, it is deterministic. A commit is delivered to a document once: what comes twice is
the business of segments (``test_replica_machine.py``).
"""

import random
from collections.abc import Callable
from typing import Any, ClassVar

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    precondition,
    rule,
    run_state_machine_as_test,
)

from syncore.core.identifiers import Dot
from syncore.core.vectors import covers, includes
from syncore.documents.changes import Counter, List, Set, Text, add, increment, remove, splice
from syncore.documents.planning import DocumentPlan
from tests.documents.worlds import Device, Sent, writer

FIELD = "field"
DEVICES = 3
WHO = st.integers(0, DEVICES - 1)
SEEDS = st.integers(0, 2**32 - 1)


class FieldMachine(RuleBasedStateMachine):
    """Devices with one field; a kind says what is written, and what is there after all."""

    initial: ClassVar[object]

    def __init__(self) -> None:
        """Start with documents that nobody wrote to."""
        super().__init__()
        self.devices = [Device(writer(index)) for index in range(1, DEVICES + 1)]
        self.history: list[Sent] = []

    @initialize()
    def insert(self) -> None:
        """Everybody has the field."""
        self.history.append(self.devices[0].write(lambda plan: plan.insert({FIELD: self.initial})))
        for device in self.devices[1:]:
            device.receive(self.history[0])

    @rule(who=WHO, times=st.integers(1, 4), seed=SEEDS)
    def write(self, who: int, times: int, seed: int) -> None:
        """A device writes, upon what it sees."""
        device = self.devices[who]
        source = random.Random(seed)
        for _ in range(times):
            before = dict(device.document.record.vector)
            sent = device.write(self.plan(self.shown(device), source))
            self.history.append(sent)
            self.note(sent)
            assert includes(device.document.record.vector, before), "a version goes back"

    @precondition(lambda self: any(self.offered(who) for who in range(DEVICES)))
    @rule(who=WHO, which=st.integers(0, 99))
    def read(self, who: int, which: int) -> None:
        """A device reads one commit that is next for it, or all there is."""
        offered = self.offered(who)
        if not offered:
            return
        device = self.devices[who]
        if which == 0:
            device.catch_up(self.history, random.Random(len(self.history)))
        else:
            device.receive(offered[which % len(offered)])
        self.judge(device)

    @rule(who=WHO)
    def store(self, who: int) -> None:
        """A device comes back from what its file holds, and nothing tells the difference."""
        before = self.devices[who]
        self.devices[who] = before.stored()
        assert self.devices[who].document.digest() == before.document.digest()
        assert self.devices[who].projected() == before.projected()

    @rule(seed=SEEDS)
    def settle(self, seed: int) -> None:
        """Two readers get everything, each in another order: one digest, one projection."""
        readers = [Device(writer(20 + number)) for number in range(2)]
        for number, reader in enumerate(readers):
            reader.catch_up(self.history, random.Random(seed + number))
            self.judge(reader)
        assert readers[0].document.digest() == readers[1].document.digest()
        assert readers[0].projected() == readers[1].projected()

    def offered(self, who: int) -> list[Sent]:
        """What a device can read next."""
        return [sent for sent in self.history if self.devices[who].can_receive(sent)]

    def shown(self, device: Device) -> Any:  # noqa: ANN401 - whatever the kind shows
        """What a device shows."""
        return device.projected().values[FIELD]

    def judge(self, device: Device) -> None:
        """A device shows what the model makes of exactly what it has read."""
        read = [sent for sent in self.history if covers(device.known, sent.dot)]
        assert self.shown(device) == self.expected(read, self.shown(device))

    def plan(self, shown: Any, source: random.Random) -> Callable[[DocumentPlan], object]:  # noqa: ANN401
        """What to write upon what is shown."""
        raise NotImplementedError

    def note(self, sent: Sent) -> None:
        """Remember what the last planned commit was, by its dot."""
        raise NotImplementedError

    def expected(self, read: list[Sent], shown: Any) -> object:  # noqa: ANN401
        """What must be shown after some commits, by definition."""
        raise NotImplementedError


class Registers(FieldMachine):
    """The last by time of those writes that nobody who wrote had seen."""

    initial = 0

    def __init__(self) -> None:
        super().__init__()
        self.values: dict[Dot, int] = {}

    def plan(self, _: Any, source: random.Random) -> Callable[[DocumentPlan], object]:  # noqa: ANN401
        """Any number."""
        self.value = source.randint(0, 9)
        return lambda plan: plan.update({FIELD: self.value})

    def note(self, sent: Sent) -> None:
        """Its value."""
        self.values[sent.dot] = self.value

    def judge(self, device: Device) -> None:
        """Nothing is left but what nobody had seen, and all of that."""
        super().judge(device)
        read = [sent for sent in self.history if covers(device.known, sent.dot)]
        siblings = {sibling.dot for sibling in device.document.record.registers[FIELD]}
        assert siblings == {sent.dot for sent in _unseen(read)}

    def expected(self, read: list[Sent], _: Any) -> object:  # noqa: ANN401
        """The greatest of those that nobody had seen."""
        left = _unseen(read)
        last = max(left, key=lambda sent: (sent.time_ms, sent.dot.writer))
        return self.values.get(last.dot, self.initial)


def _unseen(read: list[Sent]) -> list[Sent]:
    return [one for one in read if not any(covers(other.past, one.dot) for other in read)]


class Counters(FieldMachine):
    """The sum of all increments."""

    initial = Counter(5)

    def __init__(self) -> None:
        super().__init__()
        self.amounts: dict[Dot, int] = {}

    def plan(self, _: Any, source: random.Random) -> Callable[[DocumentPlan], object]:  # noqa: ANN401
        """Any number, however great."""
        self.amount = source.choice([1, -1, 2**70, -(2**65), 7])
        return lambda plan: plan.update({FIELD: increment(self.amount)})

    def note(self, sent: Sent) -> None:
        """Its amount."""
        self.amounts[sent.dot] = self.amount

    def expected(self, read: list[Sent], _: Any) -> object:  # noqa: ANN401
        """What all read commits add up to."""
        return 5 + sum(self.amounts.get(sent.dot, 0) for sent in read)


class Sets(FieldMachine):
    """The elements of which an addition was not seen by anyone who added or removed the element."""

    initial = Set({0})

    def __init__(self) -> None:
        super().__init__()
        self.changes: dict[Dot, tuple[bool, int]] = {}

    def plan(self, _: Any, source: random.Random) -> Callable[[DocumentPlan], object]:  # noqa: ANN401
        """Add or remove one of few elements."""
        self.change = source.random() < 0.6, source.randint(0, 2)
        is_added, element = self.change
        return lambda plan: plan.update({FIELD: (add if is_added else remove)(element)})

    def note(self, sent: Sent) -> None:
        """What was added or removed."""
        self.changes[sent.dot] = self.change

    def expected(self, read: list[Sent], _: Any) -> object:  # noqa: ANN401
        """Add wins."""
        changes = [(sent, *self.changes.get(sent.dot, (True, 0))) for sent in read]
        return frozenset(
            element
            for sent, is_added, element in changes
            if is_added
            and not any(other == element and covers(by.past, sent.dot) for by, _, other in changes)
        )


class Sequences(FieldMachine):
    """What was inserted and not deleted, each once, each author's own run in its order."""

    def __init__(self) -> None:
        super().__init__()
        self.made = 0
        self.inserted: dict[Dot, list[Any]] = {}
        self.deleted: dict[Dot, list[Any]] = {}

    def token(self) -> Any:  # noqa: ANN401
        """Something that was not there yet."""
        raise NotImplementedError

    def plan(self, shown: Any, source: random.Random) -> Callable[[DocumentPlan], object]:  # noqa: ANN401
        """Replace some by some others, anywhere."""
        at = source.randint(0, len(shown))
        gone = min(len(shown) - at, source.choice([0, 0, 1, 3]))
        tokens = [self.token() for _ in range(source.choice([0, 1, 2, 5]) or (0 if gone else 1))]
        self.change = tokens, list(shown[at : at + gone])
        text = "".join(tokens) if isinstance(shown, str) else tokens
        return lambda plan: plan.update({FIELD: splice(at, gone, text)})

    def note(self, sent: Sent) -> None:
        """What came and what went."""
        self.inserted[sent.dot], self.deleted[sent.dot] = self.change

    def expected(self, read: list[Sent], shown: Any) -> object:  # noqa: ANN401
        """What is shown, if it is all that must be there, in an order in which every run is one."""
        gone = {token for sent in read for token in self.deleted.get(sent.dot, ())}
        runs = [[one for one in self.inserted.get(sent.dot, ()) if one not in gone] for sent in read]
        assert sorted(shown) == sorted(token for run in runs for token in run)
        for run in runs:
            assert [token for token in shown if token in run] == run
        return shown


class Texts(Sequences):
    """Characters, some of which are kept as two."""

    initial = Text("")

    def token(self) -> str:
        """A character."""
        self.made += 1
        return chr((0x4E00 if self.made % 3 else 0x1F300) + self.made)


class Lists(Sequences):
    """Items of a list."""

    initial = List([])

    def token(self) -> int:
        """A number."""
        self.made += 1
        return self.made


@pytest.mark.parametrize("kind", [Registers, Counters, Sets, Texts, Lists])
def test_fields_show_what_their_model_says(kind: type[FieldMachine]) -> None:
    """Whatever is written and read in whatever order, everybody shows what the definition says."""
    run_state_machine_as_test(kind, settings=settings(max_examples=25, stateful_step_count=30))
