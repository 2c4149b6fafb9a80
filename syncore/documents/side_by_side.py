"""Whether two units of a text or list stand side by side in the list of only what they rest on.

Owns: the slow half of judging a place (:mod:`syncore.documents.rich_places`): it makes that list. Must not
know: whose place is judged, and what else there is.
"""

from collections.abc import Iterable
from typing import Final

from syncore.core.identifiers import Writer
from syncore.documents.rich import RichPart
from syncore.documents.struct_index import StructIndex
from syncore.documents.yjs_update import TEXT_ROOT, Section, Struct, StructId, Update, encode_update

_LEFT: Final = "<"
_RIGHT: Final = ">"
_OTHER: Final = "-"


def are_side_by_side(index: StructIndex, left: StructId, right: StructId) -> bool:
    """Whether, of all that two units rest on, nothing is between them, and the left one is first.

    yrs is asked: a copy of their history is made in which they, and what they rest on, are the only letters.
    """
    letters = _letters(index, left, right)
    reach = _history(index, (left, right))
    sections = [_spelled(index, client, reach[client], letters) for client in sorted(reach, reverse=True)]
    copy = RichPart.load([encode_update(Update(tuple(sections), ()))], Writer(0))
    return any(_LEFT + _RIGHT in copy.text(root) for _, root in copy.fields())


def _letters(index: StructIndex, left: StructId, right: StructId) -> dict[StructId, str]:
    """By the first unit of every struct of which they rest on some: a letter for each unit up to the last."""
    lengths: dict[StructId, int] = {}
    waiting = [left, right]
    while waiting:
        unit = waiting.pop()
        struct = index.find(unit)
        if struct is None:
            continue
        first = StructId(unit.client, struct.clock)
        if first not in lengths:
            waiting += _named(struct)
        lengths[first] = max(lengths.get(first, 0), unit.clock - struct.clock + 1)
    letters = {first: _OTHER * length for first, length in lengths.items()}
    for unit, mark in ((left, _LEFT), (right, _RIGHT)):
        struct = index.find(unit)
        if struct is not None:
            first, offset = StructId(unit.client, struct.clock), unit.clock - struct.clock
            letters[first] = letters[first][:offset] + mark + letters[first][offset + 1 :]
    return letters


def _history(index: StructIndex, units: Iterable[StructId]) -> dict[int, int]:
    """What must be applied so that some units can be: clocks, for each client."""
    reach: dict[int, int] = {}
    waiting = list(units)
    while waiting:
        unit = waiting.pop()
        start, end = reach.get(unit.client, 0), unit.clock + 1
        if end > start:
            reach[unit.client] = end
            for struct in index.between(unit.client, start, end):
                waiting += _named(struct)
    return reach


def _spelled(index: StructIndex, client: int, end: int, letters: dict[StructId, str]) -> Section:
    """A client's history with letters for content, and the rest deleted."""
    structs: list[Struct] = []
    for struct in index.between(client, 0, end):
        root = None if struct.root is None else TEXT_ROOT + struct.root
        length = min(struct.length, end - struct.clock)
        spelled = letters.get(StructId(client, struct.clock), "")
        at = struct.clock + len(spelled)
        if spelled:
            structs.append(struct._replace(length=len(spelled), content=spelled, root=root))
        if len(spelled) < length:
            origin, root = (StructId(client, at - 1), None) if spelled else (struct.origin, root)
            rest = struct._replace(clock=at, length=struct.clock + length - at, content=None)
            structs.append(rest._replace(origin=origin, root=root))
    return Section(client, 0, end, tuple(structs))


def _named(struct: Struct) -> list[StructId]:
    return [unit for unit in (struct.origin, struct.right_origin) if unit is not None]
