"""Structs are found by the units that they hold."""

from syncore.documents.struct_index import StructIndex
from syncore.documents.yjs_update import Section, Struct, StructId
from tests.documents.rich_authors import ALICE, BOB

FIRST = Struct(0, 3, "abc", None, None, "t:body")
SECOND = Struct(3, 2, None, StructId(ALICE, 2), None, None)
THIRD = Struct(5, 1, "d", StructId(ALICE, 4), None, None)
INDEX = StructIndex([Section(ALICE, 0, 5, (FIRST, SECOND))])
INDEX.add(Section(ALICE, 5, 6, (THIRD,)))


def test_every_unit_leads_to_its_struct() -> None:
    """A unit at a border belongs to the struct that begins there; units that are not here lead nowhere."""
    found = [INDEX.find(StructId(ALICE, clock)) for clock in range(7)]
    assert found == [FIRST, FIRST, FIRST, SECOND, SECOND, THIRD, None]
    assert INDEX.find(StructId(BOB, 0)) is None
    assert StructIndex([Section(BOB, 2, 3, (THIRD._replace(clock=2),))]).find(StructId(BOB, 1)) is None


def test_a_range_of_clocks_leads_to_all_structs_with_some_of_it() -> None:
    """Structs that only begin or end within the range are among them."""
    assert list(INDEX.between(ALICE, 2, 4)) == [FIRST, SECOND]
    assert list(INDEX.between(ALICE, 3, 5)) == [SECOND]
    assert list(INDEX.between(ALICE, 0, 6)) == [FIRST, SECOND, THIRD]
    assert list(INDEX.between(ALICE, 2, 2)) == [FIRST]
    assert list(INDEX.between(BOB, 0, 9)) == []
