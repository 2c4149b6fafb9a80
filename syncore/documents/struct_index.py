"""Structs by the units that they hold.

Owns: finding the struct that a unit is in, among sections without gaps. Must not know: where the sections
come from (a whole document, or some deltas), or what is looked for.
"""

from bisect import bisect_right
from collections.abc import Iterable, Iterator

from syncore.documents.yjs_update import Section, Struct, StructId


class StructIndex:
    """The structs of some sections; sections of one client may follow each other, without a gap."""

    __slots__ = ("_by_client",)

    def __init__(self, sections: Iterable[Section] = ()) -> None:
        self._by_client: dict[int, tuple[list[Struct], list[int]]] = {}
        for section in sections:
            self.add(section)

    def add(self, section: Section) -> None:
        """Add a section: a client's first, or what follows the one before."""
        structs, clocks = self._by_client.setdefault(section.client, ([], []))
        assert not structs or structs[-1].clock + structs[-1].length == section.before
        structs += section.structs
        clocks += [struct.clock for struct in section.structs]

    def find(self, unit: StructId) -> Struct | None:
        """The struct that holds a unit, if it is here."""
        structs, clocks = self._by_client.get(unit.client, ((), ()))
        position = bisect_right(clocks, unit.clock) - 1
        if position < 0 or unit.clock >= structs[position].clock + structs[position].length:
            return None
        return structs[position]

    def between(self, client: int, start: int, end: int) -> Iterator[Struct]:
        """The structs of a client that hold clocks from ``start`` to below ``end``, in their order."""
        structs, clocks = self._by_client.get(client, ((), ()))
        for position in range(max(bisect_right(clocks, start) - 1, 0), len(structs)):
            if structs[position].clock >= end:
                return
            yield structs[position]
