"""Differences between results, held against what they are meant to do."""

from itertools import combinations

from hypothesis import given
from hypothesis import strategies as st

from syncore.query.differences import Added, Changed, Difference, Moved, Removed, difference
from syncore.query.windows import Entry


def entries(documents: dict[str, int]) -> list[Entry[tuple[str, int]]]:
    """A result of documents with that content, in that order."""
    return [Entry(id_, b"", (), str(content).encode(), (id_, content)) for id_, content in documents.items()]


results = st.lists(
    st.tuples(st.sampled_from("abcdefgh"), st.integers(0, 1)), unique_by=lambda one: one[0], max_size=8
).map(dict)


@given(results, results)
def test_a_difference_leads_exactly_to_the_new_result(old: dict[str, int], new: dict[str, int]) -> None:
    """Applied to the old result it gives the new one, and says of each document once what happened to it."""
    found = difference(entries(old), entries(new))
    assert found.apply(list(old.items())) == list(new.items())
    assert {one.document[0] for one in found.added} == new.keys() - old.keys()
    assert {one.document[0] for one in found.removed} == old.keys() - new.keys()
    moved = {one.document[0] for one in found.moved}
    altered = {id_ for id_ in old.keys() & new.keys() if old[id_] != new[id_]}
    assert {one.document[0] for one in found.changed} == altered - moved
    assert bool(found) == (list(old.items()) != list(new.items()))


@given(results, results)
def test_positions_are_those_of_the_results(old: dict[str, int], new: dict[str, int]) -> None:
    """Old positions are of the old result, the others of the new one, with the documents that are there."""
    before, after = list(old.items()), list(new.items())
    found = difference(entries(old), entries(new))
    assert all(before[one.position] == one.document for one in found.removed)
    assert all(after[one.position] == one.document for one in found.added)
    for move in found.moved:
        assert (before[move.old_position], after[move.position]) == (move.before, move.document)
    for change in found.changed:
        assert after[change.position] == change.document
        assert change.before == (change.document[0], old[change.document[0]])


@given(results, results)
def test_as_few_as_possible_move(old: dict[str, int], new: dict[str, int]) -> None:
    """No larger part of the common documents has kept its order than what does not count as moved."""
    common = [id_ for id_ in old if id_ in new]
    ranks = {id_: rank for rank, id_ in enumerate(new)}
    longest = max(
        size
        for size in range(len(common) + 1)
        for part in combinations(common, size)
        if [ranks[id_] for id_ in part] == sorted(ranks[id_] for id_ in part)
    )
    assert len(difference(entries(old), entries(new)).moved) == len(common) - longest


def test_one_of_each() -> None:
    """A document that goes, one that comes, one that changes and one that moves are told as that."""
    old, new = {"a": 0, "b": 0, "c": 0, "d": 0}, {"d": 1, "b": 1, "e": 0, "c": 0}
    assert difference(entries(old), entries(new)) == Difference(
        removed=(Removed(0, ("a", 0)),),
        added=(Added(2, ("e", 0)),),
        moved=(Moved(3, 0, ("d", 1), ("d", 0)),),
        changed=(Changed(1, ("b", 1), ("b", 0)),),
    )
