"""The laws of rich parts: convergence in any causal order, and re-keying that loses nothing."""

import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from hypothesis import given, settings
from hypothesis import strategies as st

from syncore.core.identifiers import Dot, Writer
from syncore.documents.rich import RichPart
from syncore.documents.rich_edit import RichEdit
from syncore.documents.rich_rekeying import ClockRange, rekey_update
from syncore.documents.rich_validity import check_rich_entry
from tests.documents.rich_authors import ALICE, BOB, CAROL, Author, RichCommit, entry_of

SEEDS = st.integers(0, 2**32 - 1)
READER = Writer(9 << 32)


@given(SEEDS)
@settings(max_examples=60)
def test_replicas_converge_in_any_causal_order(seed: int) -> None:
    """Three authors who edit apart and merge now and then, and readers who get everything in other orders,
    agree; so does whoever loads what they would store.
    """
    random_numbers = random.Random(seed)
    authors = [Author.fresh(writer) for writer in (ALICE, BOB, CAROL)]
    log: list[RichCommit] = []
    for _ in range(25):
        author = random_numbers.choice(authors)
        if random_numbers.random() < 0.3:
            author.receive_all(random_numbers.sample(log, len(log) // 2), random_numbers)
        commit = author.edit(random_numbers)
        if commit is not None:
            log.append(commit)
    readers = [Author.fresh(READER), Author.fresh(READER)]
    for replica in authors + readers:
        replica.receive_all(log, random_numbers)
        assert replica.part.clocks() == replica.held
    expected = readers[0].contents()
    for replica in authors + readers:
        assert replica.contents() == expected
        assert replica.fork(READER).contents() == expected
    in_one_go = RichPart.load([commit.entry.update for commit in log], READER)
    assert {name: in_one_go.text(name) for name in expected[0]} == expected[0]
    assert {name: in_one_go.items(name) for name in expected[1]} == expected[1]


@given(SEEDS)
@settings(max_examples=30)
def test_deltas_may_be_applied_twice(seed: int) -> None:
    """A delta that is there already changes nothing, so a replay after a crash is harmless."""
    random_numbers = random.Random(seed)
    author, reader = Author.fresh(ALICE), Author.fresh(READER)
    log = [commit for commit in (author.edit(random_numbers) for _ in range(10)) if commit is not None]
    reader.receive_all(log, random_numbers)
    state = reader.part.state()
    reader.part.apply_all(commit.entry.update for commit in random_numbers.sample(log, len(log)))
    assert reader.part.state() == state


@dataclass
class Tokens:
    """Edits whose every character and item exists once, so that what is lost or doubled shows."""

    random_numbers: random.Random
    inserted: Counter[str | bytes] = field(default_factory=Counter)
    deleted: set[str | bytes] = field(default_factory=set)

    def edit(self, author: Author) -> RichCommit | None:
        """A random edit of a text and a list, with fresh tokens."""
        with author.part.edit() as edit:
            for _ in range(self.random_numbers.randint(1, 3)):
                self._splice(edit)
        return None if edit.delta is None else author.commit(edit.delta)

    def alive(self) -> Counter[str | bytes]:
        """What nobody deleted."""
        return Counter({token: count for token, count in self.inserted.items() if token not in self.deleted})

    def _splice(self, edit: RichEdit) -> None:
        count = self.random_numbers.choice([0, 1, 2, 5])
        fresh = range(len(self.inserted), len(self.inserted) + count)
        present: Sequence[str | bytes]
        if self.random_numbers.random() < 0.5:
            text = "".join(chr(0x1_0000 + token if token % 3 else 0x3400 + token) for token in fresh)
            present, tokens = edit.text("body"), list[str | bytes](text)
            position, deleted = self._place(len(present))
            edit.splice_text("body", position, deleted, text)
        else:
            items = [b"%d" % token for token in fresh]
            present, tokens = edit.items("body"), list[str | bytes](items)
            position, deleted = self._place(len(present))
            edit.splice_list("body", position, deleted, items)
        self.inserted.update(tokens)
        self.deleted.update(present[position : position + deleted])

    def _place(self, length: int) -> tuple[int, int]:
        position = self.random_numbers.randint(0, length)
        return position, min(length - position, self.random_numbers.choice([0, 0, 1, 3]))


def rekeyed(commits: Sequence[RichCommit], new: Writer, fork: Author) -> list[RichCommit]:
    """Commits of one copy, made after ``fork``, as commits of another writer."""
    old = fork.writer
    start = fork.held.get(old, 0)
    number = fork.vector.get(old, 0)
    renaming = [
        ClockRange(
            writer=old,
            start=commit.entry.clock_before,
            end=commit.entry.clock_after,
            new_writer=new,
            new_start=commit.entry.clock_before - start,
        )
        for commit in commits
    ]
    renamed = []
    reach = 0
    for index, commit in enumerate(commits, 1):
        entry = entry_of(rekey_update(commit.entry.update, renaming), new, {new: reach})
        reach = entry.clock_after
        past = {**commit.past, old: number, new: index - 1}
        renamed.append(RichCommit(Dot(new, index), past, entry))
    return renamed


@given(SEEDS)
@settings(max_examples=80)
def test_rekeying_keeps_both_sides(seed: int) -> None:
    """Two copies of one file write as the same writer; when the commits of one are re-keyed, everybody gets
    what both wrote, once, in one order, and the copy itself still sees what it saw.
    """
    random_numbers = random.Random(seed)
    new_writer = Writer(1 << 32 | random_numbers.getrandbits(32))
    tokens = Tokens(random_numbers)
    alice, bob = Author.fresh(ALICE), Author.fresh(BOB)
    log: list[RichCommit] = []
    for _ in range(random_numbers.randint(0, 6)):
        author = random_numbers.choice([alice, bob])
        author.receive_all(log, random_numbers)
        log += filter(None, [tokens.edit(author)])
    alice.receive_all(log, random_numbers)
    fork = alice.fork(ALICE)
    copy = alice.fork(ALICE)
    from_bob = [commit for commit in (tokens.edit(bob) for _ in range(3)) if commit is not None]
    kept: list[RichCommit] = []
    lost: list[RichCommit] = []
    order: list[RichCommit] = []
    for _ in range(12):
        if random_numbers.random() < 0.5:
            kept += filter(None, [tokens.edit(alice)])
            continue
        for commit in from_bob:
            if random_numbers.random() < 0.2 and copy.can_receive(commit):
                copy.receive(commit)
                order.append(commit)
        made = [commit for commit in [tokens.edit(copy)] if commit is not None]
        lost += made
        order += made
    bob.receive_all(kept, random_numbers)
    from_bob += filter(None, [tokens.edit(bob)])
    renamed = rekeyed(lost, new_writer, fork)
    log += [*from_bob, *kept, *renamed]

    rebuilt = fork.fork(new_writer)
    new_names = {commit.dot: new for commit, new in zip(lost, renamed, strict=True)}
    for commit in order:
        now = new_names.get(commit.dot, commit)
        check_rich_entry(now.entry, dot=now.dot, held=rebuilt.held)
        rebuilt.receive(now)
    assert rebuilt.contents() == copy.contents()

    replicas = [Author.fresh(READER), Author.fresh(READER), alice, bob, rebuilt]
    for replica in replicas:
        replica.receive_all(log, random_numbers)
    texts, lists = replicas[0].contents()
    for replica in replicas:
        assert replica.contents() == (texts, lists)
    assert Counter([*texts.get("body", ""), *lists.get("body", [])]) == tokens.alive()
