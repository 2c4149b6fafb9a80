"""The rules that a rich delta has to keep."""

import random
from collections.abc import Mapping
from dataclasses import replace

import pytest

from syncore.core.errors import InvalidSegment
from syncore.core.identifiers import Dot, Writer
from syncore.core.limits import MAX_NAME_BYTES, MAX_STRUCT_CLOCK
from syncore.documents.entries import RichEntry
from syncore.documents.rich_validity import check_rich_entry
from syncore.documents.yjs_update import Section, Struct, StructId, Update, encode_update, merged_deletions
from tests.documents.rich_authors import ALICE, BOB, CAROL, KEY, Author

HELD: Mapping[Writer, int] = {ALICE: 10, BOB: 20}
DOT = Dot(ALICE, 7)
BOBS = StructId(BOB, 3)


def typed(
    clock: int = 10,
    *,
    content: str | tuple[bytes, ...] | None = "a",
    origin: StructId | None = BOBS,
    right_origin: StructId | None = None,
    root: str | None = None,
) -> Struct:
    """One unit of Alice's."""
    return Struct(clock, 1 if content is None else len(content), content, origin, right_origin, root)


def entry(*structs: Struct, deletions: tuple[tuple[int, int, int], ...] = (), **changes: object) -> RichEntry:
    """Alice's entry that holds these structs and deletions, built on Bob's first five clocks."""
    after = 10 + sum(struct.length for struct in structs)
    sections = (Section(ALICE, 10, after, structs),) if structs else ()
    update = encode_update(Update(sections, merged_deletions(deletions)))
    made = RichEntry(key=KEY, clock_before=10, clock_after=after, builds_on={BOB: 5}, update=update)
    return replace(made, **changes)  # type: ignore[arg-type]


VALID = {
    "insertion": entry(typed()),
    "run": entry(typed(content="abc"), typed(13, origin=StructId(ALICE, 12))),
    "right origin": entry(typed(origin=None, right_origin=StructId(ALICE, 0))),
    "text root": entry(typed(origin=None, root="t:body")),
    "list root": entry(typed(content=(b"x",), origin=None, root="l:body")),
    "deleted root": entry(typed(content=None, origin=None, root="l:body")),
    "last unit known": entry(typed(origin=StructId(BOB, 4), right_origin=StructId(ALICE, 9))),
    "deletion alone": entry(deletions=((BOB, 0, 5), (ALICE, 3, 10))),
    "own new unit deleted": entry(typed(content=None), deletions=((ALICE, 10, 11),)),
    "builds on more": entry(typed(), builds_on={BOB: 20}),
}

INVALID = {
    "malformed": entry(typed(), update=b"\x01"),
    "empty": entry(),
    "gap before": entry(typed(), clock_before=11),
    "before what is held": entry(typed(), clock_before=9),
    "other end": entry(typed(), clock_after=12),
    "clock moves without structs": entry(deletions=((BOB, 0, 1),), clock_after=11),
    "author among the others": entry(typed(), builds_on={ALICE: 10, BOB: 5}),
    "builds on the unseen": entry(typed(), builds_on={BOB: 21}),
    "builds on an unseen writer": entry(typed(), builds_on={BOB: 5, CAROL: 1}),
    "origin beyond": entry(typed(origin=StructId(BOB, 5))),
    "right origin beyond": entry(typed(right_origin=StructId(BOB, 5))),
    "origin of a stranger": entry(typed(origin=StructId(CAROL, 0))),
    "right origin of a stranger": entry(typed(right_origin=StructId(CAROL, 0))),
    "origin is itself": entry(typed(origin=StructId(ALICE, 10))),
    "right origin is itself": entry(typed(right_origin=StructId(ALICE, 10))),
    "origin is a later struct": entry(typed(origin=StructId(ALICE, 11)), typed(11)),
    "between a unit and itself": entry(typed(right_origin=StructId(BOB, 3))),
    "deletion beyond": entry(deletions=((BOB, 4, 6),)),
    "deletion of a stranger": entry(deletions=((CAROL, 0, 1),)),
    "deletion of own future": entry(typed(), deletions=((ALICE, 10, 12),)),
    "a character as two units": entry(typed(content="😀")._replace(length=2), clock_after=12),
    "no field": entry(typed(origin=None, root="title")),
    "unknown kind of root": entry(typed(origin=None, root="m:title")),
    "root without a name": entry(typed(origin=None, root="t:")),
    "root with a control character": entry(typed(origin=None, root="t:a\x00")),
    "root too long": entry(typed(origin=None, root="t:" + "x" * MAX_NAME_BYTES + "x")),
    "text in a list": entry(typed(origin=None, root="l:tags")),
    "items in a text": entry(typed(content=(b"x",), origin=None, root="t:body")),
}


@pytest.mark.parametrize("name", VALID)
def test_what_keeps_the_rules_is_valid(name: str) -> None:
    """Each of these is valid, and stays so for whoever holds more of the others."""
    check_rich_entry(VALID[name], dot=DOT, held=HELD)
    check_rich_entry(VALID[name], dot=DOT, held={**HELD, BOB: 30, CAROL: 8})


@pytest.mark.parametrize("name", INVALID)
def test_what_breaks_a_rule_is_invalid(name: str) -> None:
    """Each of these breaks one rule."""
    with pytest.raises(InvalidSegment):
        check_rich_entry(INVALID[name], dot=DOT, held=HELD)


def test_structs_of_another_writer_are_invalid() -> None:
    """Neither in place of the author's section nor beside it."""
    stolen = Section(BOB, 20, 21, (typed(20),))
    own = Section(ALICE, 10, 11, (typed(),))
    for sections in ((stolen,), (stolen, own)):
        with pytest.raises(InvalidSegment, match="another writer"):
            check_rich_entry(
                entry(update=encode_update(Update(sections, ())), clock_after=11), dot=DOT, held=HELD
            )


def test_the_last_clock_is_the_one_below_the_limit() -> None:
    """A writer may fill its clocks to below the limit, and no further."""
    for length, is_valid in ((1, True), (2, False)):
        before = MAX_STRUCT_CLOCK - 2
        struct = Struct(before, length, None, None, None, "t:body")
        update = encode_update(Update((Section(ALICE, before, before + length, (struct,)),), ()))
        made = RichEntry(
            key=KEY, clock_before=before, clock_after=before + length, builds_on={}, update=update
        )
        if is_valid:
            check_rich_entry(made, dot=DOT, held={ALICE: before})
        else:
            with pytest.raises(InvalidSegment):
                check_rich_entry(made, dot=DOT, held={ALICE: before})


@pytest.mark.parametrize("seed", range(6))
def test_a_real_entry_with_any_byte_changed_has_a_verdict(seed: int) -> None:
    """An entry whose update was changed in one byte is valid or an invalid segment, and nothing else."""
    random_numbers = random.Random(seed)
    author = Author.fresh(ALICE)
    for _ in range(12):
        held = dict(author.held)
        commit = author.edit(random_numbers)
        if commit is None:
            continue
        made = commit.entry
        for position in range(len(made.update)):
            changed = bytearray(made.update)
            changed[position] ^= 1 << random_numbers.randrange(8)
            try:
                check_rich_entry(replace(made, update=bytes(changed)), dot=DOT, held=held)
            except InvalidSegment:
                continue
