"""The order of all units, deleted ones too: as yrs has it, on every replica, whoever made them."""

import random

import pytest

from syncore.core.errors import TooLarge
from syncore.core.identifiers import Writer
from syncore.core.limits import MAX_PLACED_UNITS
from syncore.documents.rich import RichPart
from syncore.documents.rich_order import Placed, Units, placed_runs
from syncore.documents.yjs_update import Struct, encode_update
from tests.documents.rich_authors import ALICE, BOB, LISTS, TEXTS, Author, update_with


def units_of(runs: list[Placed]) -> list[tuple[int, int, object]]:
    """One by one: who made the unit, its clock, and what it shows."""
    return [
        (run.writer, run.clock + place, None if run.content is None else run.content[place])
        for run in runs
        for place in range(run.length)
    ]


@pytest.mark.parametrize("seed", range(20))
def test_two_authors_see_one_order(seed: int) -> None:
    """Whatever two authors did, both read the same sequence, each unit once, and what is visible shows."""
    source = random.Random(seed)
    alice, bob = Author.fresh(ALICE), Author.fresh(BOB)
    commits = []
    for _ in range(30):
        author = source.choice([alice, bob])
        commit = author.edit(source)
        if commit is not None:
            commits.append(commit)
        if source.random() < 0.3:
            source.choice([alice, bob]).receive_all(commits, source)
    alice.receive_all(commits, source)
    bob.receive_all(commits, source)
    for name in TEXTS:
        runs = placed_runs(alice.part.state(), f"t:{name}")
        assert units_of(runs) == units_of(placed_runs(bob.part.state(), f"t:{name}"))
        names = [(writer, clock) for writer, clock, _ in units_of(runs)]
        assert len(names) == len(set(names))
        kept = "".join(run.content for run in runs if isinstance(run.content, str))
        assert len(kept) >= len(alice.part.text(name))
    for name in LISTS:
        runs = placed_runs(alice.part.state(), f"l:{name}")
        shown = [item for run in runs if isinstance(run.content, tuple) for item in run.content]
        assert shown == alice.part.items(name)


def test_deleted_units_keep_their_places() -> None:
    """What was deleted is there without content, at the place where it stood."""
    part = RichPart(ALICE)
    with part.edit() as edit:
        edit.splice_text("body", 0, 0, "abcdef")
    with part.edit() as edit:
        edit.splice_text("body", 1, 3)
    assert placed_runs(part.state(), "t:body") == [
        Placed(ALICE, 0, 1, "a"),
        Placed(ALICE, 1, 3, None),
        Placed(ALICE, 4, 2, "ef"),
    ]
    assert placed_runs(part.state(), "t:other") == []


def test_more_structs_than_marks() -> None:
    """Structs are told apart also where there are more of them than characters to mark them with."""
    count = 0xD800 + 10
    structs = tuple(Struct(clock, 1, "x", None, None, "t:body") for clock in range(0, 2 * count, 2))
    other = tuple(Struct(clock, 1, (b"y",), None, None, "l:body") for clock in range(1, 2 * count, 2))
    mixed = tuple(sorted((*structs, *other)))
    runs = placed_runs(encode_update(update_with(BOB, 0, *mixed)), "t:body")
    assert sorted(run.clock for run in runs) == [struct.clock for struct in structs]


def test_a_claim_of_many_deleted_units_is_refused() -> None:
    """A few bytes that claim more units than anybody can have written cost nothing."""
    claim = Struct(0, MAX_PLACED_UNITS + 1, None, None, None, "t:body")
    with pytest.raises(TooLarge):
        placed_runs(encode_update(update_with(BOB, 0, claim)), "t:body")


def test_runs_are_cut_where_units_begin_and_end() -> None:
    """Units split a run into parts that are wholly among them or wholly not."""
    units = Units([(7, 8, 10), (7, 2, 4), (8, 0, 99)])
    run = Placed(Writer(7), 1, 8, "bcdefghi")
    assert [(part.clock, part.content, is_in) for part, is_in in units.cut(run)] == [
        (1, "b", False),
        (2, "cd", True),
        (4, "efgh", False),
        (8, "i", True),
    ]
    assert list(units.cut(Placed(Writer(9), 0, 2, None))) == [(Placed(Writer(9), 0, 2, None), False)]
    assert list(units.cut(Placed(Writer(8), 5, 2, None))) == [(Placed(Writer(8), 5, 2, None), True)]
