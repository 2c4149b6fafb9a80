"""Re-keying rich deltas."""

import json
import random
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncore.core.errors import Malformed, Misused
from syncore.core.identifiers import Writer
from syncore.documents.rich_rekeying import ClockRange, rekey_update
from syncore.documents.yjs_update import (
    Section,
    Struct,
    StructId,
    Update,
    decode_update,
    encode_update,
    merged_deletions,
)
from tests.documents.rich_authors import ALICE, BOB, CAROL, update_with

VECTORS: dict[str, Any] = json.loads(
    (Path(__file__).parent.parent / "vectors" / "rich-update.json").read_text("utf-8")
)


def renamed(
    start: int, end: int, new_start: int, *, writer: Writer = ALICE, to: Writer = CAROL
) -> ClockRange:
    """A range of Alice's that becomes Carol's."""
    return ClockRange(writer=writer, start=start, end=end, new_writer=to, new_start=new_start)


@pytest.mark.parametrize("case", VECTORS["rekeyed"], ids=lambda case: case["name"])
def test_golden_renamings(case: dict[str, Any]) -> None:
    """The golden deltas come out as the golden results."""
    ranges = [ClockRange(**clocks) for clocks in case["ranges"]]
    assert rekey_update(bytes.fromhex(case["before"]), ranges).hex() == case["after"]


def test_everything_that_names_a_renamed_unit_is_renamed() -> None:
    """Sections, origins and right origins in the ranges get their new names, all else is kept."""
    structs = (
        Struct(5, 2, "ab", StructId(ALICE, 4), StructId(BOB, 5), None),
        Struct(7, 1, (b"x",), StructId(ALICE, 6), StructId(ALICE, 3), None),
        Struct(8, 3, None, None, None, "t:x"),
    )
    after = rekey_update(
        encode_update(update_with(ALICE, 5, *structs)), [renamed(5, 7, 0), renamed(7, 30, 2)]
    )
    expected = (
        Struct(0, 2, "ab", StructId(ALICE, 4), StructId(BOB, 5), None),
        Struct(2, 1, (b"x",), StructId(CAROL, 1), StructId(ALICE, 3), None),
        Struct(3, 3, None, None, None, "t:x"),
    )
    assert decode_update(after) == update_with(CAROL, 0, *expected)


@given(
    st.lists(st.tuples(st.sampled_from([ALICE, BOB]), st.integers(0, 40), st.integers(1, 10))),
    st.lists(st.integers(0, 40), min_size=2, max_size=8, unique=True).map(sorted),
    st.randoms(use_true_random=False),
)
def test_deleted_clocks_are_renamed_one_by_one(
    deleted: list[tuple[Writer, int, int]], borders: list[int], random_numbers: random.Random
) -> None:
    """Cutting ranges at borders and joining them again names the clocks that renaming each would name."""
    ranges = []
    names: dict[tuple[int, int], tuple[int, int]] = {}
    for start, end in pairwise(borders):
        if random_numbers.random() < 0.7:
            new_start = random_numbers.choice([start, 1_000 + start, 5_000 - start])
            ranges.append(renamed(start, end, new_start))
            names |= {(ALICE, clock): (CAROL, clock - start + new_start) for clock in range(start, end)}
    random_numbers.shuffle(ranges)
    deletions = merged_deletions((client, start, start + length) for client, start, length in deleted)
    after = decode_update(rekey_update(encode_update(Update((), deletions)), ranges))
    before_units = {
        (client, clock) for client, pairs in deletions for pair in pairs for clock in range(*pair)
    }
    after_units = {
        (client, clock) for client, pairs in after.deletions for pair in pairs for clock in range(*pair)
    }
    assert after_units == {names.get(unit, unit) for unit in before_units}


def test_a_section_is_not_torn() -> None:
    """Ranges that cover a section in part, overlap, or make two writers one, are a mistake of the caller."""
    update = encode_update(update_with(ALICE, 5, Struct(5, 4, "abcd", None, None, "t:x")))
    for ranges in (
        [renamed(6, 9, 0)],
        [renamed(0, 8, 0)],
        [renamed(5, 7, 0), renamed(7, 9, 9)],
        [renamed(5, 9, 0), renamed(8, 12, 3)],
    ):
        with pytest.raises(Misused):
            rekey_update(update, ranges)
    both = Update(
        (
            Section(BOB, 0, 1, (Struct(0, 1, "a", None, None, "t:x"),)),
            Section(ALICE, 0, 1, (Struct(0, 1, "a", None, None, "t:x"),)),
        ),
        (),
    )
    with pytest.raises(Misused):
        rekey_update(encode_update(both), [renamed(0, 1, 0, to=BOB)])


def test_renaming_keeps_what_it_does_not_name() -> None:
    """No ranges, empty ranges and ranges of others leave every byte as it is."""
    update = encode_update(update_with(ALICE, 5, Struct(5, 2, "ab", StructId(BOB, 1), None, None)))
    for ranges in ([], [renamed(6, 6, 0)], [renamed(0, 99, 0, writer=CAROL, to=BOB)]):
        assert rekey_update(update, ranges) == update
    with pytest.raises(Malformed):
        rekey_update(b"\x01", [])
