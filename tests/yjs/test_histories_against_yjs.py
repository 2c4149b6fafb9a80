"""Random histories of replicas in pycrdt and documents in Yjs, which exchange deltas and must agree."""

import random

from hypothesis import given, settings
from hypothesis import strategies as st

from syncore.core.identifiers import Dot, Writer
from syncore.documents.rich import RichPart
from syncore.documents.rich_rekeying import ClockRange, rekey_update
from tests.documents.rich_authors import contents_of, entry_of
from tests.yjs.participants import Delta, Participant, assert_same, judge
from tests.yjs.peer import Yjs, require_yjs

require_yjs()

SEEDS = st.integers(0, 2**31 - 1)
OURS = [Writer(1 << 32 | 7), Writer(2 << 32 | 0xBAD_CAFE)]
THEIRS = [Writer(2 << 32 | 3), Writer(5), Writer((2**21 - 2) << 32 | 0xFFFF_FFFF)]
NEW = Writer(1 << 32 | 0xFFFF)
READER = Writer(3 << 32)


class World:
    """Replicas here and documents in Yjs, with all deltas that anybody made, by either side."""

    def __init__(self, seed: int, yjs: Yjs) -> None:
        """Begin with empty documents everywhere."""
        self.random_numbers = random.Random(seed)
        self.yjs = yjs
        self.ours = [Participant(writer) for writer in OURS]
        self.here: list[Delta] = []
        self.there: list[Delta] = []
        yjs.begin(seed, THEIRS)

    def run(self, steps: int) -> None:
        """Let somebody edit, or learn something, again and again."""
        for _ in range(steps):
            draw = self.random_numbers.random()
            if draw < 0.3:
                participant = self.random_numbers.choice(self.ours)
                self.here += filter(None, [participant.edit(self.random_numbers)])
            elif draw < 0.6:
                self.edit_there(self.random_numbers.randrange(len(THEIRS)))
            elif draw < 0.8:
                self.random_numbers.choice(self.ours).take(self.some(), self.random_numbers)
            else:
                index = self.random_numbers.randrange(len(THEIRS))
                self.yjs.apply(index, [delta.entry.update for delta in self.some() if delta in self.here])
                self.yjs.stir(self.random_numbers.randint(0, 10))

    def edit_there(self, index: int) -> None:
        """An edit by a document in Yjs."""
        held = self.yjs.read(index).clocks
        update = self.yjs.edit(index)
        if update is not None:
            number = 1 + sum(delta.dot.writer == THEIRS[index] for delta in self.there)
            self.there.append(Delta(Dot(THEIRS[index], number), entry_of(update, THEIRS[index], held)))

    def some(self) -> list[Delta]:
        """Some of all deltas, in any order."""
        deltas = self.here + self.there
        return self.random_numbers.sample(deltas, self.random_numbers.randint(0, len(deltas)))

    def settle(self) -> None:
        """Everybody gets everything, and holds the same."""
        everything = self.here + self.there
        for participant in [*self.ours, Participant(READER)]:
            participant.take(everything, self.random_numbers)
            index = self.random_numbers.randrange(len(THEIRS))
            order = self.random_numbers.sample(self.here, len(self.here))
            self.yjs.apply(index, [delta.entry.update for delta in order])
            self.yjs.settle()
            assert_same(participant.part, self.yjs.read(index))
        for index in range(len(THEIRS)):
            assert_same(self.ours[0].part, self.yjs.read(index))


@given(seed=SEEDS)
@settings(max_examples=20)
def test_both_sides_agree(seed: int, yjs: Yjs) -> None:
    """Whatever is edited by replicas here and by Yjs's own test instances, and in whatever order it is
    delivered, all texts and lists end equal; no delta of Yjs is refused here.
    """
    world = World(seed, yjs)
    world.run(40)
    world.settle()


@given(seed=SEEDS)
@settings(max_examples=15)
def test_stored_states_are_the_same_to_both(seed: int, yjs: Yjs) -> None:
    """A state that one side stored is loaded by the other, whole, and by both again after that."""
    world = World(seed, yjs)
    world.run(25)
    world.settle()
    ours, theirs = world.ours[0].part, world.yjs.read(0)
    assert_same(ours, yjs.load([ours.state()]))
    from_theirs = RichPart.load([theirs.state], READER)
    assert_same(from_theirs, theirs)
    assert_same(from_theirs, yjs.load([from_theirs.state()]))


@given(seed=SEEDS)
@settings(max_examples=20)
def test_renamed_deltas_are_the_same_to_both(seed: int, yjs: Yjs) -> None:
    """Two copies of one file write as one writer; the edits of one, under a new name, join those of the other
    and of Yjs, and everybody shows the same, with the edits of both copies.
    """
    world = World(seed, yjs)
    world.run(20)
    world.settle()
    kept = world.ours[0]
    base, copy = kept.copy(NEW), kept.copy(kept.writer)
    order: list[Delta] = []
    for _ in range(6):
        order += filter(None, [copy.edit(world.random_numbers)])
        if world.random_numbers.random() < 0.5:
            world.edit_there(0)
            order += copy.take(world.there, world.random_numbers)
    for _ in range(4):
        world.here += filter(None, [kept.edit(world.random_numbers)])
    renamed = _renamed(order, base, kept.writer)
    for delta in renamed:
        judge(delta, base.part)
        base.part.apply(delta.entry.update)
        base.numbers[delta.dot.writer] = delta.dot.number
    assert contents_of(base.part) == contents_of(copy.part)
    world.here += [delta for delta in renamed if delta.dot.writer == NEW]
    world.ours = [world.ours[1], kept, base]
    world.settle()


def _renamed(order: list[Delta], base: Participant, old: Writer) -> list[Delta]:
    """The deltas in their order, those of the copy, made on top of ``base``, under their new name."""
    start = base.part.clocks().get(old, 0)
    end = max((delta.entry.clock_after for delta in order if delta.dot.writer == old), default=start)
    names = [ClockRange(writer=old, start=start, end=end, new_writer=NEW, new_start=0)]
    held = {NEW: 0}
    renamed = []
    for delta in order:
        update = rekey_update(delta.entry.update, names)
        if delta.dot.writer == old:
            entry = entry_of(update, NEW, held)
            held[NEW] = entry.clock_after
            renamed.append(Delta(Dot(NEW, delta.dot.number - base.numbers.get(old, 0)), entry))
        else:
            renamed.append(delta)
    return renamed
