"""Replicas of one document in pycrdt that exchange deltas with documents in Yjs."""

import random
from collections.abc import Iterable
from dataclasses import dataclass, field

from syncore.core.errors import InvalidSegment
from syncore.core.identifiers import Dot, Writer
from syncore.core.vectors import includes
from syncore.documents.entries import RichEntry
from syncore.documents.rich import RichPart
from syncore.documents.rich_places import Places
from syncore.documents.rich_validity import check_rich_entry
from tests.documents.rich_authors import Contents, contents_of, entry_of, random_splice
from tests.yjs.peer import Contents as YjsContents


@dataclass(frozen=True, slots=True)
class Delta:
    """A delta, and who made it as which of his."""

    dot: Dot
    entry: RichEntry


@dataclass
class Participant:
    """One replica, which judges whatever it takes in as a receiver does."""

    writer: Writer
    part: RichPart = field(init=False)
    numbers: dict[Writer, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.part = RichPart(self.writer)

    def copy(self, writer: Writer) -> "Participant":
        """Another replica in the same state, loaded from what this one stores."""
        copy = Participant(writer)
        copy.part = RichPart.load([self.part.state()], writer)
        copy.numbers = dict(self.numbers)
        return copy

    def edit(self, random_numbers: random.Random) -> Delta | None:
        """A random edit."""
        held = self.part.clocks()
        with self.part.edit() as edit:
            for _ in range(random_numbers.randint(1, 3)):
                random_splice(edit, random_numbers)
        if edit.delta is None:
            return None
        number = self.numbers[self.writer] = self.numbers.get(self.writer, 0) + 1
        return Delta(Dot(self.writer, number), entry_of(edit.delta, self.writer, held))

    def take(self, deltas: Iterable[Delta], random_numbers: random.Random) -> list[Delta]:
        """Take in what is new and can be taken in, in any order that this allows; that order."""
        waiting = list(deltas)
        taken: list[Delta] = []
        while ready := [delta for delta in waiting if self._is_next(delta)]:
            delta = random_numbers.choice(ready)
            judge(delta, self.part)
            self.part.apply(delta.entry.update)
            self.numbers[delta.dot.writer] = delta.dot.number
            taken.append(delta)
        return taken

    def _is_next(self, delta: Delta) -> bool:
        is_next = self.numbers.get(delta.dot.writer, 0) + 1 == delta.dot.number
        return is_next and includes(self.part.clocks(), delta.entry.builds_on)


def judge(delta: Delta, held: RichPart) -> None:
    """The receiver's check of a delta.

    Raises:
        InvalidSegment: it is refused.
    """
    update = check_rich_entry(delta.entry, dot=delta.dot, held=held.clocks())
    Places(held).check(update, dot=delta.dot)


def is_valid(delta: Delta, held: RichPart) -> bool:
    """The receiver's verdict on a delta."""
    try:
        judge(delta, held)
    except InvalidSegment:
        return False
    return True


def shown(contents: YjsContents) -> Contents:
    """What a document in Yjs shows, in the form of :func:`contents_of`."""
    return contents.texts, contents.lists


def assert_same(part: RichPart, contents: YjsContents) -> None:
    """Both hold the same, and all of it."""
    assert contents_of(part) == shown(contents)
    assert not contents.is_waiting
    assert {writer: clock for writer, clock in part.clocks().items() if clock} == contents.clocks
