"""Finding content in roots of the wrong kind."""

from syncore.documents.rich_foreign import deleting_foreign
from syncore.documents.yjs_update import Section, Struct, StructId, Update, merged_deletions
from tests.documents.rich_authors import ALICE, BOB


def test_roots_are_followed_through_origins_of_both_sides() -> None:
    """A struct is in the root that its origins lead to, the left one first, over any number of steps."""
    alice = (
        Struct(0, 2, "ab", None, None, "t:x"),
        Struct(2, 1, (b"1",), None, None, "l:x"),
        Struct(3, 1, "c", StructId(ALICE, 1), None, None),
        Struct(4, 1, (b"2",), None, StructId(ALICE, 3), None),
    )
    bob = (
        Struct(0, 3, "foreign", StructId(ALICE, 2), StructId(ALICE, 0), None),
        Struct(3, 1, (b"3",), StructId(BOB, 1), None, None),
        Struct(4, 2, None, StructId(BOB, 2), None, None),
        Struct(6, 1, (b"4",), StructId(ALICE, 4), StructId(ALICE, 2), None),
    )
    state = Update((Section(BOB, 0, 7, bob), Section(ALICE, 0, 5, alice)), ())
    expected = merged_deletions([(ALICE, 4, 5), (BOB, 0, 3), (BOB, 6, 7)])
    assert deleting_foreign(state) == Update((), expected)


def test_origins_that_lead_nowhere_are_left_alone() -> None:
    """A circle and a unit that does not exist say nothing about a root, so nothing is deleted."""
    structs = (
        Struct(0, 1, "a", StructId(ALICE, 1), None, None),
        Struct(1, 1, (b"b",), StructId(ALICE, 0), None, None),
        Struct(2, 1, "c", StructId(BOB, 0), None, None),
        Struct(3, 1, (b"d",), StructId(ALICE, 9), None, None),
    )
    assert deleting_foreign(Update((Section(ALICE, 0, 4, structs),), ())) == Update((), ())


def test_long_chains_are_followed_once() -> None:
    """A hundred thousand structs, each after the one before, are no recursion and no square."""
    count = 100_000
    structs = [Struct(0, 1, "a", None, None, "t:x")]
    structs += [Struct(clock, 1, "a", StructId(ALICE, clock - 1), None, None) for clock in range(1, count)]
    structs.append(Struct(count, 1, (b"x",), StructId(ALICE, count - 1), None, None))
    state = Update((Section(ALICE, 0, count + 1, tuple(structs)),), ())
    assert deleting_foreign(state).deletions == merged_deletions([(ALICE, count, count + 1)])
