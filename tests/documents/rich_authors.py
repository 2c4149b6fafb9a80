"""Authors who edit the rich part of one document, for the tests of everything rich."""

import random
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from syncore.core.identifiers import DocumentKey, Dot, Writer
from syncore.core.vectors import includes
from syncore.documents.entries import RichEntry
from syncore.documents.rich import RichPart
from syncore.documents.rich_edit import RichEdit
from syncore.documents.rich_places import Places
from syncore.documents.rich_validity import check_rich_entry
from syncore.documents.yjs_update import (
    Section,
    Struct,
    StructId,
    Update,
    builds_on,
    decode_update,
    encode_update,
    merged_deletions,
    section_of,
)

KEY = DocumentKey("notes", "1")
ALICE = Writer(1 << 32 | 0x1234_5678)
BOB = Writer(2 << 32 | 0x0BAD_CAFE)
CAROL = Writer((2**21 - 2) << 32 | 0xFFFF_FFFF)
ALPHABET = "abé\u2028\ufffd\ue005\ue802😀🏴"
TEXTS = ("title", "body")
LISTS = ("tags", "body")

Contents = tuple[dict[str, str], dict[str, list[bytes]]]


@dataclass(frozen=True, slots=True)
class RichCommit:
    """One commit that holds a rich entry, and what its author had seen."""

    dot: Dot
    past: Mapping[Writer, int]
    entry: RichEntry


@dataclass
class Author:
    """One replica of the document: what it has applied, and how far it knows everybody."""

    writer: Writer
    part: RichPart
    held: dict[Writer, int] = field(default_factory=dict)
    vector: dict[Writer, int] = field(default_factory=dict)

    @classmethod
    def fresh(cls, writer: Writer) -> "Author":
        """An author with an empty document."""
        return cls(writer, RichPart(writer))

    def fork(self, writer: Writer) -> "Author":
        """A second replica in the same state, loaded from what the first would store."""
        part = RichPart.load([self.part.state()], writer)
        return Author(writer, part, dict(self.held), dict(self.vector))

    def edit(self, random_numbers: random.Random, *, splices: int = 3) -> RichCommit | None:
        """Make a random edit."""
        with self.part.edit() as edit:
            for _ in range(random_numbers.randint(1, splices)):
                random_splice(edit, random_numbers)
        return None if edit.delta is None else self.commit(edit.delta)

    def commit(self, delta: bytes) -> RichCommit:
        """The commit of a delta that the author's own document holds; it passes the receiver's check."""
        entry = entry_of(delta, self.writer, self.held)
        dot = Dot(self.writer, self.vector.get(self.writer, 0) + 1)
        Places(self.part).check(check_rich_entry(entry, dot=dot, held=self.held), dot=dot)
        commit = RichCommit(dot, dict(self.vector), entry)
        self._note(commit)
        return commit

    def can_receive(self, commit: RichCommit) -> bool:
        """Whether a commit is news here, and all that it has seen is not."""
        is_next = self.vector.get(commit.dot.writer, 0) + 1 == commit.dot.number
        return is_next and includes(self.vector, commit.past)

    def receive(self, commit: RichCommit) -> None:
        """Take in another author's commit."""
        assert self.can_receive(commit)
        assert commit.entry.clock_before == self.held.get(commit.dot.writer, 0)
        assert includes(self.held, commit.entry.builds_on)
        Places(self.part).check(decode_update(commit.entry.update), dot=commit.dot)
        self.part.apply(commit.entry.update)
        self._note(commit)

    def receive_all(self, commits: Iterable[RichCommit], random_numbers: random.Random) -> None:
        """Take in commits in a random causal order; what is here already is passed over."""
        waiting = list(commits)
        while ready := [commit for commit in waiting if self.can_receive(commit)]:
            self.receive(random_numbers.choice(ready))

    def contents(self) -> Contents:
        """All texts and lists that are not empty."""
        return contents_of(self.part)

    def _note(self, commit: RichCommit) -> None:
        self.held[commit.dot.writer] = commit.entry.clock_after
        self.vector[commit.dot.writer] = commit.dot.number


def contents_of(part: RichPart) -> Contents:
    """All texts and lists that are not empty."""
    texts = {name: part.text(name) for kind, name in part.fields() if kind == "t"}
    lists = {name: part.items(name) for kind, name in part.fields() if kind == "l"}
    return (
        {name: text for name, text in texts.items() if text},
        {name: items for name, items in lists.items() if items},
    )


def entry_of(delta: bytes, writer: Writer, held: Mapping[Writer, int]) -> RichEntry:
    """The entry that planning would make of a delta."""
    update = decode_update(delta)
    here = held.get(writer, 0)
    before, after = section_of(update, writer) or (here, here)
    return RichEntry(
        key=KEY, clock_before=before, clock_after=after, builds_on=builds_on(update, writer), update=delta
    )


def random_splice(edit: RichEdit, random_numbers: random.Random) -> None:
    """A random splice of one of the fields."""
    deleted = random_numbers.choice([0, 0, 0, 1, 2, 30])
    if random_numbers.random() < 0.6:
        name = random_numbers.choice(TEXTS)
        length = len(edit.text(name))
        position = random_numbers.randint(0, length)
        inserted = "".join(random_numbers.choice(ALPHABET) for _ in range(random_numbers.randint(0, 4)))
        edit.splice_text(name, position, min(deleted, length - position), inserted)
        return
    name = random_numbers.choice(LISTS)
    length = len(edit.items(name))
    position = random_numbers.randint(0, length)
    count = random_numbers.choice([0, 1, 1, 2, 3, 40])
    items = [random_numbers.randbytes(random_numbers.randint(0, 3)) for _ in range(count)]
    edit.splice_list(name, position, min(deleted, length - position), items)


def update_with(writer: Writer, before: int, *structs: Struct) -> Update:
    """An update that holds nothing but these structs of one writer."""
    after = before + sum(struct.length for struct in structs)
    return Update((Section(writer, before, after, structs),), ())


def hostile_update(
    writer: Writer, before: int, held: Mapping[Writer, int], random_numbers: random.Random
) -> bytes:
    """A delta that names only what exists, and otherwise whatever comes to hand: roots mixed, pairs torn."""
    structs: list[Struct] = []
    clock = before
    units = [StructId(other, number) for other, reach in held.items() for number in range(reach)]
    for _ in range(random_numbers.randint(1, 3)):
        origin, right_origin = _neighbours(units, random_numbers)
        letters = [random_numbers.choice("aé\ue000\ue001\ue402\ue403\ue802") for _ in range(3)]
        content = random_numbers.choice(["".join(letters), (b"x",) * 3, None])
        root = None
        if origin is None and right_origin is None:
            root = "l:body" if isinstance(content, tuple) else "t:body"
        structs.append(Struct(clock, 3, content, origin, right_origin, root))
        clock += 3
    update = update_with(writer, before, *structs)
    if units and random_numbers.random() < 0.3:
        killed = random_numbers.choice(units)
        deletions = merged_deletions([(killed.client, killed.clock, killed.clock + 1)])
        update = Update(update.sections, deletions)
    return encode_update(update)


def _neighbours(
    units: list[StructId], random_numbers: random.Random
) -> tuple[StructId | None, StructId | None]:
    origin = random_numbers.choice(units) if units and random_numbers.random() < 0.8 else None
    right_origin = random_numbers.choice(units) if units and random_numbers.random() < 0.6 else None
    return origin, None if right_origin == origin else right_origin
