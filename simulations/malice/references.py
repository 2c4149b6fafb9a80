"""Operations and rich deltas that name what their author cannot have seen, or what does not exist yet.

Each maker gives the next segment of a forger's writer. The relay takes them; every replica has to close the
writer. What they would do, if somebody let them, shows in the documents of everybody.
"""

from collections.abc import Callable, Mapping
from random import Random
from typing import Final

from simulations.malice.forger import Forger, Maker, record_entry, rich_entry
from simulations.workload import COUNTERS, LEFT, LISTING, NOTE_FIELDS, NOTES, PLAINTEXT, TAGS, TALLY, TEXT
from syncore.codec.values import encode_value
from syncore.core.identifiers import DocumentKey, Dot, Writer
from syncore.documents.entries import RichEntry
from syncore.documents.operations import (
    AddElement,
    CancelCounter,
    DeclareField,
    DeleteDocument,
    FieldKind,
    Operation,
    RemoveElement,
    RemoveField,
    RestoreDocument,
    SetField,
)
from syncore.documents.structures import Cancelled
from syncore.documents.yjs_update import Deletions, Section, Struct, StructId, Update, encode_update
from syncore.protocol.segments import Segment

_FAR: Final = 1000
"""How far behind everything that exists something lies that does not exist yet."""
_TEXT_KEY: Final = DocumentKey(*TEXT)
_LIST_KEY: Final = DocumentKey(*LISTING)
_TEXT_ROOT: Final = "t:text"
_LIST_ROOT: Final = "l:items"

Naming = Callable[[Dot], tuple[DocumentKey, Operation]]
"""An operation on one of people's documents that names a dot."""


def _note(draw: Random) -> DocumentKey:
    return DocumentKey("notes", f"n{draw.randrange(NOTES)}")


def _naming(draw: Random) -> Naming:
    """An operation of any kind that names the dot which it is given."""
    field, tag = draw.choice(NOTE_FIELDS), encode_value(PLAINTEXT)
    note = _note(draw)
    kinds: list[Naming] = [
        lambda dot: (note, SetField(field=field, value=encode_value("forged"), replaces=(dot,))),
        lambda dot: (note, RemoveField(field=field, replaces=(dot,))),
        lambda dot: (note, RestoreDocument(replaces=(dot,))),
        lambda dot: (note, DeleteDocument(seen={dot.writer: dot.number})),
        lambda dot: (
            DocumentKey(*TAGS),
            DeclareField(field="tags", kind=FieldKind.SET, replaces=(dot,)),
        ),
        lambda dot: (DocumentKey(*TAGS), AddElement(field="tags", element=tag, replaces=(dot,))),
        lambda dot: (DocumentKey(*TAGS), RemoveElement(field="tags", element=tag, replaces=(dot,))),
        lambda dot: (DocumentKey(*LEFT), RemoveField(field="of-a-pair", replaces=(dot,))),
        lambda dot: (
            DocumentKey(*TALLY),
            CancelCounter(
                field=draw.choice(COUNTERS),
                cancelled=(Cancelled(writer=dot.writer, number=dot.number, total=1),),
            ),
        ),
    ]
    return draw.choice(kinds)


def _operation(forger: Forger, named: Naming, dot: Dot, depends_on: tuple[Writer, ...] = ()) -> Segment:
    key, operation = named(dot)
    return forger.write([record_entry(operation, key=key)], depends_on=depends_on)


def _head(forger: Forger, draw: Random) -> Dot:
    writer = draw.choice(forger.others)
    return Dot(writer, forger.loot.heads[writer].number)


def _uncovered(forger: Forger, draw: Random) -> Segment:
    """What is there, but not among what the segment builds on."""
    writer, number = _head(forger, draw)
    return _operation(forger, _naming(draw), Dot(writer, draw.randint(1, number)))


def _ahead_of_dependency(forger: Forger, draw: Random) -> Segment:
    writer, number = _head(forger, draw)
    return _operation(forger, _naming(draw), Dot(writer, number + 1), (writer,))


def _own_future(forger: Forger, draw: Random) -> Segment:
    number = forger.next_number + draw.choice((0, 1, _FAR))
    return _operation(forger, _naming(draw), Dot(forger.writer, number))


def _nobodys(forger: Forger, draw: Random) -> Segment:
    return _operation(forger, _naming(draw), Dot(Writer(draw.getrandbits(52)), 1))


def _delete(forger: Forger, draw: Random, seen: dict[Writer, int], *depends_on: Writer) -> Segment:
    return forger.write([record_entry(DeleteDocument(seen=seen), key=_note(draw))], depends_on=depends_on)


def _deletes_everybodys_future(forger: Forger, draw: Random) -> Segment:
    seen = {writer: forger.loot.heads[writer].number + _FAR for writer in forger.others}
    return _delete(forger, draw, seen, *forger.others)


def _deletes_own_future(forger: Forger, draw: Random) -> Segment:
    return _delete(forger, draw, {forger.writer: forger.next_number + draw.choice((0, _FAR))})


def _removes_future_elements(forger: Forger, draw: Random) -> Segment:
    writer, number = _head(forger, draw)
    operation = RemoveElement(
        field="tags", element=encode_value(PLAINTEXT), replaces=(Dot(writer, number + _FAR),)
    )
    return forger.write([record_entry(operation, key=DocumentKey(*TAGS))], depends_on=(writer,))


# --- rich deltas ---


def _rich(
    forger: Forger,
    update: Update,
    *,
    clocks: tuple[int, int] = (0, 1),
    builds_on: Mapping[Writer, int] | None = None,
    key: DocumentKey = _TEXT_KEY,
    depends_on: tuple[Writer, ...] = (),
) -> Segment:
    entry = RichEntry(
        key=key,
        clock_before=clocks[0],
        clock_after=clocks[1],
        builds_on=builds_on or {},
        update=encode_update(update),
    )
    return forger.write([rich_entry(entry)], depends_on=depends_on)


def _typed(
    client: int,
    *,
    before: int = 0,
    text: str = "x",
    origin: StructId | None = None,
    right_origin: StructId | None = None,
    root: str | None = _TEXT_ROOT,
) -> Update:
    struct = Struct(
        clock=before, length=len(text), content=text, origin=origin, right_origin=right_origin, root=root
    )
    return Update((Section(client, before, before + len(text), (struct,)),), ())


def _deletes(client: int, start: int, end: int) -> Update:
    return Update((), (Deletions(client, ((start, end),)),))


def _by_another(forger: Forger, draw: Random) -> Segment:
    return _rich(forger, _typed(draw.choice(forger.others)))


def _over_a_gap(forger: Forger, draw: Random) -> Segment:
    before = draw.choice((1, 5, _FAR, 2**31 - 2))
    return _rich(forger, _typed(forger.writer, before=before), clocks=(before, before + 1))


def _other_clocks(forger: Forger, _draw: Random) -> Segment:
    return _rich(forger, _typed(forger.writer, text="xyz"), clocks=(0, 1))


def _builds_on_the_future(forger: Forger, draw: Random) -> Segment:
    writer, _ = _head(forger, draw)
    return _rich(forger, _typed(forger.writer), builds_on={writer: 2**30}, depends_on=(writer,))


def _builds_on_what_it_does_not_depend_on(forger: Forger, draw: Random) -> Segment:
    return _rich(forger, _typed(forger.writer), builds_on={draw.choice(forger.others): 1})


def _hangs_on_the_unseen(forger: Forger, draw: Random) -> Segment:
    writer, _ = _head(forger, draw)
    named = StructId(writer, draw.choice((0, _FAR)))
    sides = draw.choice(((named, None), (None, named)))
    return _rich(forger, _typed(forger.writer, origin=sides[0], right_origin=sides[1], root=None))


def _hangs_on_itself(forger: Forger, draw: Random) -> Segment:
    named = StructId(forger.writer, draw.choice((0, 7)))
    return _rich(forger, _typed(forger.writer, origin=named, root=None))


def _hangs_between_one_unit(forger: Forger, draw: Random) -> Segment:
    del draw
    first = Struct(clock=0, length=1, content="x", origin=None, right_origin=None, root=_TEXT_ROOT)
    unit = StructId(forger.writer, 0)
    second = Struct(clock=1, length=1, content="y", origin=unit, right_origin=unit, root=None)
    return _rich(forger, Update((Section(forger.writer, 0, 2, (first, second)),), ()), clocks=(0, 2))


def _in_no_field(forger: Forger, draw: Random) -> Segment:
    return _rich(forger, _typed(forger.writer, root=draw.choice(("text", "t:", "m:text", "t:\x00"))))


def _text_in_a_list(forger: Forger, _draw: Random) -> Segment:
    return _rich(forger, _typed(forger.writer, root=_LIST_ROOT), key=_LIST_KEY)


def _nothing(forger: Forger, _draw: Random) -> Segment:
    return _rich(forger, Update((), ()), clocks=(0, 0))


def _deletes_the_unseen(forger: Forger, draw: Random) -> Segment:
    key = draw.choice((_TEXT_KEY, _LIST_KEY))
    return _rich(
        forger, _deletes(draw.choice(forger.others), 0, draw.choice((1, 50))), clocks=(0, 0), key=key
    )


def _deletes_future_text(forger: Forger, draw: Random) -> Segment:
    """Clocks that yrs would kill on arrival, if the delta were applied."""
    writer, _ = _head(forger, draw)
    end = draw.choice((_FAR, 2**31 - 1))
    builds_on = draw.choice(({}, {writer: end}))
    return _rich(forger, _deletes(writer, 0, end), clocks=(0, 0), builds_on=builds_on, depends_on=(writer,))


def _deletes_own_future_text(forger: Forger, _draw: Random) -> Segment:
    return _rich(forger, _deletes(forger.writer, 0, 50), clocks=(0, 0))


UNSEEN: Final[Mapping[str, Maker]] = {
    "a dot that it does not build on": _uncovered,
    "a dot behind what it builds on": _ahead_of_dependency,
    "a dot of its own future": _own_future,
    "a dot of nobody": _nobodys,
    "structs of another author": _by_another,
    "structs over a gap": _over_a_gap,
    "other clocks than its structs have": _other_clocks,
    "clocks that do not exist": _builds_on_the_future,
    "clocks that it does not depend on": _builds_on_what_it_does_not_depend_on,
    "an origin that it has not seen": _hangs_on_the_unseen,
    "itself as its origin": _hangs_on_itself,
    "one unit as both sides": _hangs_between_one_unit,
    "a root that is no field": _in_no_field,
    "a list as a text": _text_in_a_list,
    "nothing at all": _nothing,
}
"""Operations and deltas that name what their segment does not cover."""

FUTURE: Final[Mapping[str, Maker]] = {
    "everybody's future commits": _deletes_everybodys_future,
    "its own future commits": _deletes_own_future,
    "elements that do not exist yet": _removes_future_elements,
    "units that it has not seen": _deletes_the_unseen,
    "units that do not exist yet": _deletes_future_text,
    "its own future units": _deletes_own_future_text,
}
"""Deletions and removals of what does not exist yet."""
