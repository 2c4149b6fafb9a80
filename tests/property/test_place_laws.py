"""The laws of places: sound ones are all that honest authors have, and all that convergence needs."""

import random
from dataclasses import dataclass, field

from hypothesis import given, settings
from hypothesis import strategies as st

from syncore.core.errors import InvalidSegment
from syncore.core.identifiers import Dot, Writer
from syncore.core.vectors import includes
from syncore.documents.rich import RichPart
from syncore.documents.rich_places import Places
from syncore.documents.rich_rekeying import ClockRange, rekey_update
from syncore.documents.side_by_side import are_side_by_side
from syncore.documents.struct_index import StructIndex
from syncore.documents.yjs_update import (
    Struct,
    StructId,
    Update,
    builds_on,
    decode_state,
    decode_update,
    encode_update,
    merged_deletions,
)
from tests.documents.rich_authors import Author, RichCommit, contents_of, update_with

SEEDS = st.integers(0, 2**32 - 1)
READER = Writer(99)


def is_sound(held: RichPart, update: Update) -> bool:
    """The verdict of somebody who holds that."""
    try:
        Places(held).check(update, dot=Dot(READER, 1))
    except InvalidSegment:
        return False
    return True


@dataclass
class Sent:
    """A delta, what has to be there before it, and its author's verdict on it."""

    update: Update
    past: dict[Writer, int]
    is_sound: bool


@dataclass
class Peer:
    """Somebody who takes in sound deltas in any order that they allow, and judges the others."""

    number: int
    part: RichPart = field(init=False)

    def __post_init__(self) -> None:
        self.part = RichPart(Writer(self.number))

    def catch_up(self, log: list[Sent], random_numbers: random.Random, share: float = 1.0) -> None:
        """Take in, and judge, some of what there is."""
        waiting = [sent for sent in log if random_numbers.random() < share]
        random_numbers.shuffle(waiting)
        while ready := [sent for sent in waiting if self._can_judge(sent)]:
            for sent in ready:
                waiting.remove(sent)
                if self._is_news(sent):
                    assert is_sound(self.part, sent.update) == sent.is_sound, "a verdict differs"
                    if sent.is_sound:
                        self.part.apply(encode_update(sent.update))

    def invent(self, random_numbers: random.Random, *, tries: int) -> Sent:
        """A delta with any places at all, or, upon several tries, rather sound ones."""
        sent = self._invent(random_numbers)
        while not sent.is_sound and (tries := tries - 1):
            sent = self._invent(random_numbers)
        if sent.is_sound:
            self.part.apply(encode_update(sent.update))
        return sent

    def _invent(self, random_numbers: random.Random) -> Sent:
        clocks = self.part.clocks()
        units = [StructId(client, clock) for client, reach in clocks.items() for clock in range(reach)]
        before = clock = clocks.get(Writer(self.number), 0)
        structs: list[Struct] = []
        for _ in range(random_numbers.randint(1, 2)):
            own = [StructId(self.number, made) for made in range(before, clock)]
            structs.append(_any_struct(clock, [*units, *own], random_numbers))
            clock += structs[-1].length
        killed = random_numbers.sample(units, min(len(units), random_numbers.choice([0, 0, 1, 3])))
        gone = merged_deletions((unit.client, unit.clock, unit.clock + 1) for unit in killed)
        update = Update(update_with(Writer(self.number), before, *structs).sections, gone)
        past = {**builds_on(update, Writer(self.number)), Writer(self.number): before}
        return Sent(update, past, is_sound(self.part, update))

    def _can_judge(self, sent: Sent) -> bool:
        clocks = self.part.clocks()
        return includes(clocks, sent.past)

    def _is_news(self, sent: Sent) -> bool:
        section = sent.update.sections[0]
        return self.part.clocks().get(Writer(section.client), 0) == section.before


def _any_struct(clock: int, units: list[StructId], random_numbers: random.Random) -> Struct:
    left = random_numbers.choice(units) if units and random_numbers.random() < 0.8 else None
    right = random_numbers.choice(units) if units and random_numbers.random() < 0.6 else None
    right = None if right == left else right
    content: str | tuple[bytes, ...] | None = random_numbers.choice(["a", "bcd", (b"x", b"y"), None])
    root = None
    if left is None and right is None:
        root = "l:body" if isinstance(content, tuple) else "t:body"
    return Struct(clock, 1 if content is None else len(content), content, left, right, root)


@given(SEEDS)
@settings(max_examples=60)
def test_sound_places_are_enough_to_converge(seed: int) -> None:
    """Whatever deltas hostile writers make up, those with sound places give one content in every order, and
    everybody refuses the others, whatever else he holds.
    """
    random_numbers = random.Random(seed)
    peers = [Peer(number) for number in random_numbers.sample(range(1, 50), 3)]
    log: list[Sent] = []
    for _ in range(14):
        peer = random_numbers.choice(peers)
        peer.catch_up(log, random_numbers, share=random_numbers.random())
        log.append(peer.invent(random_numbers, tries=random_numbers.choice([1, 40])))
    readers = [Peer(READER), Peer(READER)]
    for peer in [*peers, *readers]:
        peer.catch_up(log, random_numbers)
    expected = contents_of(readers[0].part)
    assert all(contents_of(peer.part) == expected for peer in peers + readers)


@given(SEEDS)
@settings(max_examples=40)
def test_the_short_way_and_the_definition_agree(seed: int) -> None:
    """For any two units of an honest document, looking at their neighbours says what their list says."""
    random_numbers = random.Random(seed)
    authors, _ = honest_history(random_numbers, steps=10)
    held = authors[0].part
    index = StructIndex(decode_state(held.state()).sections)
    units = [StructId(client, clock) for client, reach in held.clocks().items() for clock in range(reach)]
    for _ in range(20 if len(units) > 1 else 0):
        left, right = random_numbers.sample(units, 2)
        if random_numbers.random() < 0.5:  # something that has a chance
            found = held.struct_from(left)
            assert found is not None
            right = random_numbers.choice([found.origin, found.right_origin]) or right
        update = update_with(READER, 0, Struct(0, 1, "-", left, right, None))
        assert is_sound(held, update) == are_side_by_side(index, left, right)


def honest_history(random_numbers: random.Random, *, steps: int) -> tuple[list[Author], list[RichCommit]]:
    """Authors who edit and merge; each judges, on arrival, what the others made."""
    numbers = random_numbers.sample(range(1, 50), 4)
    authors = [Author.fresh(Writer(number)) for number in numbers]
    log: list[RichCommit] = []
    for _ in range(steps):
        author = random_numbers.choice(authors)
        if random_numbers.random() < 0.4:
            author.receive_all(random_numbers.sample(log, len(log) // 2), random_numbers)
        log += filter(None, [author.edit(random_numbers)])
    for author in authors:
        author.receive_all(log, random_numbers)
    return authors, log


@given(SEEDS)
@settings(max_examples=40)
def test_honest_places_are_sound_for_everybody(seed: int) -> None:
    """Nobody refuses what edits of texts and lists make, deletions and repeated merges included, and a whole
    history is sound in one go, too.
    """
    random_numbers = random.Random(seed)
    _, log = honest_history(random_numbers, steps=30)
    places = Places(None)
    reader = Author.fresh(READER)
    order = []
    waiting = list(log)
    while waiting:
        commit = random_numbers.choice([one for one in waiting if reader.can_receive(one)])
        reader.receive(commit)
        waiting.remove(commit)
        order.append(commit)
    for commit in order:
        places.check(decode_update(commit.entry.update), dot=commit.dot)


@given(SEEDS)
@settings(max_examples=60)
def test_mended_places_are_sound_after_any_renaming(seed: int) -> None:
    """One author's whole history under a new number, whose place among the others is another, is sound once
    mended, and nothing of it is lost.
    """
    random_numbers = random.Random(seed)
    authors, log = honest_history(random_numbers, steps=20)
    old = random_numbers.choice(authors).writer
    new = Writer(random_numbers.choice([0, 60]))
    clock = authors[0].held.get(old, 0)
    renaming = [ClockRange(writer=old, start=0, end=clock, new_writer=new, new_start=0)]
    places, part = Places(None), RichPart(READER)
    reader = Author.fresh(READER)
    while waiting := [one for one in log if reader.can_receive(one)]:
        commit = random_numbers.choice(waiting)
        reader.receive(commit)
        update = places.mend(decode_update(rekey_update(commit.entry.update, renaming)))
        assert is_sound(part, update)
        part.apply(encode_update(update))
    assert _counted(part) == _counted(authors[0].part)


def _counted(part: RichPart) -> object:
    texts, lists = contents_of(part)
    return (
        {name: sorted(text) for name, text in texts.items()},
        {name: sorted(items) for name, items in lists.items()},
    )
