"""Neighbours by definition: in the list of only what two units rest on."""

from syncore.documents.side_by_side import are_side_by_side
from syncore.documents.struct_index import StructIndex
from syncore.documents.yjs_update import Section, Struct, StructId
from tests.documents.rich_authors import ALICE, BOB, CAROL

ABC = Section(ALICE, 0, 4, (Struct(0, 3, "abc", None, None, "t:x"), Struct(3, 1, (b"",), None, None, "l:x")))
A, B, C, LIST = (StructId(ALICE, clock) for clock in range(4))


def unit(writer: int, left: StructId, right: StructId) -> Section:
    """A section of one unit."""
    return Section(writer, 0, 1, (Struct(0, 1, "-", left, right, None),))


def test_only_what_they_rest_on_counts() -> None:
    """What others put between two neighbours later leaves them neighbours; what they rest on does not."""
    index = StructIndex([ABC, unit(BOB, A, B)])
    assert are_side_by_side(index, A, B)
    assert are_side_by_side(index, A, StructId(BOB, 0))
    assert not are_side_by_side(index, A, C)
    assert not are_side_by_side(index, B, A)
    assert not are_side_by_side(index, C, LIST)


def test_units_that_were_made_apart_are_sorted_by_their_writers() -> None:
    """Two units between the same two stand side by side, the lesser writer's first."""
    index = StructIndex([ABC, unit(BOB, A, B), unit(CAROL, A, B)])
    assert are_side_by_side(index, StructId(BOB, 0), StructId(CAROL, 0))
    assert not are_side_by_side(index, StructId(CAROL, 0), StructId(BOB, 0))


def test_what_one_of_them_rests_on_can_stand_between() -> None:
    """A unit that was made beside another one does not stand beside what that one stood beside."""
    middle, last = StructId(BOB, 0), StructId(CAROL, 0)
    index = StructIndex([ABC, unit(BOB, A, B), unit(CAROL, middle, B)])
    assert are_side_by_side(index, middle, last)
    assert not are_side_by_side(index, A, last)
