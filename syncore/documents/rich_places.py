"""Whether what a delta inserts was put between two units that somebody can have seen next to each other.

Owns: the judgement of places, for the last rule of ``docs/formats/rich-update.md``. Must not know: commits,
arrival order, pycrdt. A unit names its neighbours at the time it was made, its origin and right origin. What
a unit *rests on* are these two, and all that they rest on. A place between two units, or between one and an
end of the list, is *sound* when, in the list of only them and what they rest on, nothing is between them,
the left one first. Every honest author's places are: whoever saw two units next to each other saw all that
they rest on, and Yjs keeps the order of what it has. Where all places are sound, all come to one order in
whatever order the units arrive; where some are not they do not, even if no origin is to the right of its
right origin (``docs/decisions/0014-sound-places.md`` has the experiments).

So the verdict depends on what two units rest on, which is the same for everybody. Mostly their list need not
be made: in the list of what a unit rests on, its neighbours are its origin and its right origin. Hence the
place is sound if right is left's right origin, or left is right's origin. If neither is so, it can be sound
only between units of which neither rests on the other, that were made apart and stood side by side after a
merge. Then their list is made, and looked at (:mod:`syncore.documents.side_by_side`).
"""

from collections.abc import Callable
from typing import Final

from syncore.core.errors import InvalidSegment
from syncore.core.identifiers import DocumentKey, Dot
from syncore.documents.rich import RichPart
from syncore.documents.side_by_side import are_side_by_side
from syncore.documents.struct_index import StructIndex
from syncore.documents.yjs_update import (
    MAX_CLOCK,
    Section,
    Struct,
    StructId,
    Update,
    decode_state,
)

_PROBLEM: Final = "inserts between units that nobody can have seen side by side"


class Places:
    """Judges the places of structs, delta by delta, on top of a rich part that does not have them yet.

    The caller's duty: what the deltas name is in the rich part, or in deltas that were given before. The rich
    part may hold more, and under the clocks of a delta's author even something else from the delta's first
    clock on (a copy of this file wrote it). It does not change meanwhile.

    Raises (all methods): ``IntegrityError`` when the rich part fails.
    """

    __slots__ = ("_added", "_all", "_held", "_sections", "_starts", "_verdicts")

    def __init__(self, held: RichPart | None) -> None:
        """Start with a rich part; None for an empty one."""
        self._held = held
        self._added = StructIndex()
        self._sections: list[Section] = []
        self._starts: dict[int, int] = {}
        self._all: StructIndex | None = None
        self._verdicts: dict[tuple[StructId, StructId], bool] = {}

    def check(self, update: Update, *, dot: Dot) -> None:
        """Check the places of an update whose other rules hold, and remember what it inserts.

        Raises:
            InvalidSegment: one of them is not sound.
        """
        for section in update.sections:
            for struct in section.structs:
                if not self._is_sound(section, struct):
                    raise InvalidSegment(f"commit {dot.number}: a rich delta {_PROBLEM}")
                self._add(section, struct)

    def mend(self, update: Update) -> Update:
        """The update with sound places, and remember what it inserts.

        Renaming keeps a place sound where one neighbour was made beside the other. Units that were made
        apart are sorted by their clients, so they can change sides; then what was put between them keeps its
        left neighbour. What names units that are not here is left as it is.
        """
        sections = []
        for section in update.sections:
            structs = []
            for struct in section.structs:
                structs.append(self._mended(section, struct))
                self._add(section, structs[-1])
            sections.append(section._replace(structs=tuple(structs)))
        return Update(tuple(sections), update.deletions)

    def _mended(self, section: Section, struct: Struct) -> Struct:
        left, right = struct.origin, struct.right_origin
        if left is None or right is None or self._find(right) is None:
            return struct
        beside = self._find(left)
        if beside is None or self._is_sound(section, struct):
            return struct
        return struct._replace(right_origin=beside.right_origin)

    def _is_sound(self, section: Section, struct: Struct) -> bool:
        left, right = struct.origin, struct.right_origin
        if self._starts.setdefault(section.client, section.before) == struct.clock:
            self._all = None  # what is held of the client from here on does not count any more
        if left is None and right is None:
            return True
        if left is not None and not _is_earlier(left, right) and self._right_of(left) == right:
            return True
        if right is not None and not _is_earlier(right, left) and self._left_of(right) == left:
            return True
        return left is not None and right is not None and self._are_side_by_side(left, right)

    def _right_of(self, unit: StructId) -> StructId | None:
        found = self._find(unit)
        assert found is not None, "what a delta names is here"
        return found.right_origin

    def _left_of(self, unit: StructId) -> StructId | None:
        found = self._find(unit)
        assert found is not None, "what a delta names is here"
        return found.origin if found.clock == unit.clock else StructId(unit.client, unit.clock - 1)

    def _find(self, unit: StructId) -> Struct | None:
        """The struct that a unit is in, or the rest of it from the unit on."""
        if unit.clock >= self._starts.get(unit.client, MAX_CLOCK):
            return self._added.find(unit)
        return None if self._held is None else self._held.struct_from(unit)

    def _add(self, section: Section, struct: Struct) -> None:
        one = Section(section.client, struct.clock, struct.clock + struct.length, (struct,))
        self._starts.setdefault(section.client, section.before)
        self._sections.append(one)
        self._added.add(one)
        if self._all is not None:
            self._all.add(one)

    def _are_side_by_side(self, left: StructId, right: StructId) -> bool:
        verdict = self._verdicts.get((left, right))
        if verdict is None:
            if self._all is None:
                self._all = self._index_all()
            verdict = self._verdicts[left, right] = are_side_by_side(self._all, left, right)
        return verdict

    def _index_all(self) -> StructIndex:
        held = () if self._held is None else decode_state(self._held.state()).sections
        index = StructIndex(_up_to(section, self._starts.get(section.client, MAX_CLOCK)) for section in held)
        for section in self._sections:
            index.add(section)
        return index


class DocumentPlaces:
    """Judges of places, one for each document, made when they are needed."""

    __slots__ = ("_by_document", "_rich_part")

    def __init__(self, rich_part: Callable[[DocumentKey], RichPart | None]) -> None:
        """Take each document's rich part from there."""
        self._rich_part = rich_part
        self._by_document: dict[DocumentKey, Places] = {}

    def of(self, key: DocumentKey) -> Places:
        """The judge of a document's places."""
        places = self._by_document.get(key)
        if places is None:
            places = self._by_document[key] = Places(self._rich_part(key))
        return places


def _is_earlier(one: StructId, other: StructId | None) -> bool:
    """Whether both are of one client and ``one`` was made first, so that it cannot name the other."""
    return other is not None and one.client == other.client and one.clock < other.clock


def _up_to(section: Section, end: int) -> Section:
    """A section without what is at or beyond a clock."""
    structs = [struct for struct in section.structs if struct.clock < end]
    if structs and structs[-1].clock + structs[-1].length > end:
        structs[-1] = structs[-1]._replace(length=end - structs[-1].clock, content=None)
    return section._replace(after=min(section.after, end), structs=tuple(structs))
