"""What one commit is going to do to a document, before it is made: pending operations and a working copy.

Owns how several changes of one commit combine: a later write of a field supersedes the earlier one, adding
and removing one element cancel, amounts add up. The working copy shows the document with all of it applied,
under a provisional dot. The document itself, and its rich part in particular, is not touched: a draft can be
thrown away.

Knows nothing of what programs write (:mod:`syncore.documents.field_planning`) or of entries.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Self, TypeVar

from syncore.core.errors import TooLarge
from syncore.core.hybrid_clock import HybridTime
from syncore.core.identifiers import Dot
from syncore.core.lean import lean_dataclass
from syncore.core.limits import MAX_HYBRID_TIME, MAX_SET_REPLACED
from syncore.core.vectors import Vector, covers
from syncore.documents.descent import Ancestor
from syncore.documents.document import Document
from syncore.documents.operations import (
    AddElement,
    AddToCounter,
    CancelCounter,
    DeclareField,
    DeleteDocument,
    FieldKind,
    Operation,
    RemoveElement,
    RemoveField,
    RestoreDocument,
    SetField,
    Target,
)
from syncore.documents.projection import Contents, kinds_of
from syncore.documents.record import Record, Sibling
from syncore.documents.structures import MAX_AMOUNT_BITS, Cancelled
from syncore.documents.yjs_update import Place

_PROVISIONAL_TIME = HybridTime(MAX_HYBRID_TIME)
Whole = TypeVar("Whole", bound=Sequence[object])


@lean_dataclass(frozen=True, slots=True, kw_only=True)
class TextEdit:
    """An edit of a text, to be made when the draft becomes a commit; ``place`` is that of what comes back."""

    field: str
    position: int
    delete: int
    insert: str
    place: Place | None = None


@lean_dataclass(frozen=True, slots=True, kw_only=True)
class ListEdit:
    """An edit of a list of encoded items, to be made when the draft becomes a commit; the same ``place``."""

    field: str
    position: int
    delete: int
    insert: tuple[bytes, ...]
    place: Place | None = None


@dataclass(slots=True, kw_only=True)
class Draft:
    """Pending changes to one document.

    In every method ``seen`` is the vector that the change may replace; None stands for all that is visible.
    What the draft itself wrote is always replaced.

    Attributes:
        base: The document's own record, which stays as it is.
        dot: The provisional name of the commit.
        record: The working copy of the record.
        texts: The texts that are not empty, with the edits applied.
        lists: The lists that are not empty, with the edits applied.
        edits: The edits of texts and lists, in order.
        pending: The operations, by target.
        contents: The texts and lists, with the edits applied.
    """

    base: Record
    dot: Dot
    record: Record
    texts: dict[str, str]
    lists: dict[str, Sequence[bytes]]
    edits: list[TextEdit | ListEdit] = field(default_factory=list)
    pending: dict[Target, Operation] = field(default_factory=dict)
    contents: Contents = field(init=False)

    def __post_init__(self) -> None:
        """Look at texts and lists as contents."""
        self.contents = Contents(texts=self.texts, lists=self.lists)

    @classmethod
    def begin(cls, document: Document) -> Self:
        """A draft upon a document's visible state, without any change yet."""
        base, contents = document.record, document.contents()
        return cls(
            base=base,
            dot=Dot(document.writer, base.vector.get(document.writer, 0) + 1),
            record=base.copy(),
            texts=dict(contents.texts),
            lists=dict(contents.lists),
        )

    def copy(self) -> Self:
        """A draft of the same changes that goes on by itself."""
        record = self.record.copy()
        record.changed |= self.record.changed
        return replace(
            self,
            record=record,
            texts=dict(self.texts),
            lists=dict(self.lists),
            edits=list(self.edits),
            pending=dict(self.pending),
        )

    @property
    def operations(self) -> tuple[Operation, ...]:
        """The pending operations, as an entry lists them."""
        return tuple(operation for _, operation in sorted(self.pending.items()))

    @property
    def changed(self) -> set[str]:
        """The fields that may show something else than before."""
        return self.record.changed.union(edit.field for edit in self.edits)

    def kind_of(self, name: str) -> FieldKind | None:
        """As what a field shows, or None when it is not there."""
        kinds = kinds_of(self.record, self.contents, name)
        return kinds[0] if kinds else None

    def touch(self) -> None:
        """Make the working copy a document that somebody wrote to, even where no field is written."""
        self.record.apply_operations((), dot=self.dot, time=_PROVISIONAL_TIME)

    def put(self, operation: Operation) -> None:
        """Take in an operation as it is: whoever makes it knows what it replaces."""
        self._put(operation)

    # --- registers and declarations ---

    def set_register(
        self,
        name: str,
        value: bytes,
        seen: Vector | None,
        *,
        label: str = "",
        ancestors: tuple[Ancestor, ...] = (),
    ) -> None:
        """Write a register."""
        dots = self._replaceable([sibling.dot for sibling in self.record.registers.get(name, ())], seen)
        earlier = self._take(SetField, name)
        replaces = _union(dots, earlier)
        self._put(SetField(field=name, value=value, replaces=replaces, label=label, ancestors=ancestors))

    def replaced(self, name: str, seen: Vector | None) -> list[Sibling]:
        """The siblings of other commits that writing the register replaces, or has replaced in this draft."""
        earlier = self.pending.get((SetField.CODE, name, b""))
        dots = set(earlier.replaces) if isinstance(earlier, SetField) else set()
        dots.update(self._replaceable([sibling.dot for sibling in self.record.registers.get(name, ())], seen))
        return [sibling for sibling in self.base.registers.get(name, ()) if sibling.dot in dots]

    def declare(self, name: str, kind: FieldKind) -> None:
        """Make a field a set, a text or a list, unless it is."""
        if not self.record.is_declared(name, kind):
            self._put(DeclareField(field=name, kind=kind))

    def remove_register(self, name: str, seen: Vector | None) -> None:
        """Remove siblings and declarations."""
        named = [sibling.dot for sibling in self.record.registers.get(name, ())]
        for dots in self.record.declarations.get(name, {}).values():
            named += dots
        replaces = set(self._replaceable(named, seen))
        replaces.update(self._take(SetField, name), self._take(RemoveField, name))
        for kind in FieldKind:
            self.pending.pop((DeclareField.CODE, name, bytes([kind])), None)
        self._put(RemoveField(field=name, replaces=_union(replaces)), is_needed=bool(replaces))

    # --- sets ---

    def add_element(self, name: str, element: bytes, seen: Vector | None) -> None:
        """Put an element into a set."""
        dots = self._replaceable(self.record.sets.get(name, {}).get(element, ()), seen)
        earlier = self._take(AddElement, name, element), self._take(RemoveElement, name, element)
        self._put(AddElement(field=name, element=element, replaces=_union(dots, *earlier)))

    def remove_element(self, name: str, element: bytes, seen: Vector | None) -> None:
        """Take an element out of a set."""
        dots = self._replaceable(self.record.sets.get(name, {}).get(element, ()), seen)
        earlier = self._take(AddElement, name, element), self._take(RemoveElement, name, element)
        replaces = _union(dots, *earlier)
        operation = RemoveElement(field=name, element=element, replaces=replaces)
        self._put(operation, is_needed=bool(replaces))

    # --- counters ---

    def add_to_counter(self, name: str, amount: int) -> None:
        """Add to a counter."""
        target = (AddToCounter.CODE, name, b"")
        earlier = self.pending.get(target)
        total = amount + (earlier.amount if isinstance(earlier, AddToCounter) else 0)
        if total.bit_length() > MAX_AMOUNT_BITS:
            raise TooLarge(f"one transaction may add at most {MAX_AMOUNT_BITS} bits to a counter", field=name)
        self.pending[target] = AddToCounter(field=name, amount=total)
        self._apply(AddToCounter(field=name, amount=amount))

    def cancel_counter(self, name: str, seen: Vector | None) -> None:
        """Remove a counter, as far as it was seen."""
        self.pending.pop((AddToCounter.CODE, name, b""), None)
        tallies = self.base.counters.get(name, {})
        # Back to what it was, without what the draft added.
        self.record.counters[name] = dict(tallies)
        earlier = self.pending.get((CancelCounter.CODE, name, b""))
        cancelled = (
            {part.writer: part for part in earlier.cancelled} if isinstance(earlier, CancelCounter) else {}
        )
        for writer, tally in tallies.items():
            if tally.is_live and self._replaceable([Dot(writer, tally.number)], seen):
                cancelled[writer] = Cancelled(writer, tally.number, tally.total)
        operation = CancelCounter(field=name, cancelled=tuple(sorted(cancelled.values())))
        self._put(operation, is_needed=bool(cancelled))
        if not tallies:
            self.record.counters.pop(name, None)

    # --- texts and lists ---

    def splice_text(
        self, name: str, position: int, delete: int, insert: str, *, place: Place | None = None
    ) -> None:
        """Edit a text. The position is within it; a place says which one of those at the position."""
        old = self.texts.get(name, "")
        assert position + delete <= len(old)
        if delete or insert:
            self.edits.append(
                TextEdit(field=name, position=position, delete=delete, insert=insert, place=place)
            )
        new = old[:position] + insert + old[position + delete :]
        _keep(self.texts, name, new)

    def splice_list(
        self,
        name: str,
        position: int,
        delete: int,
        insert: Sequence[bytes],
        *,
        place: Place | None = None,
    ) -> None:
        """Edit a list of encoded items. The position is within it; the place as in a text."""
        items = list(self.lists.get(name, ()))
        assert position + delete <= len(items)
        if delete or insert:
            self.edits.append(
                ListEdit(field=name, position=position, delete=delete, insert=tuple(insert), place=place)
            )
        items[position : position + delete] = insert
        _keep(self.lists, name, items)

    # --- whole fields and the whole document ---

    def unset(self, name: str, seen: Vector | None) -> None:
        """Remove a field, of whatever kinds it is."""
        self.remove_register(name, seen)
        for element in list(self.record.sets.get(name, {})):
            self.remove_element(name, element, seen)
        if name in self.record.counters:
            self.cancel_counter(name, seen)
        if self._has_seen_all_edits(seen):
            self.splice_text(name, 0, len(self.texts.get(name, "")), "")
            self.splice_list(name, 0, len(self.lists.get(name, ())), ())

    def keep_only(self, name: str, kind: FieldKind, seen: Vector | None) -> None:
        """Remove what a field is beside one of the kinds that it is at once; before other changes of it."""
        named = [
            sibling.dot for sibling in self.record.registers.get(name, ()) if kind is not FieldKind.REGISTER
        ]
        for other, dots in self.record.declarations.get(name, {}).items():
            named += dots if other is not kind else ()
        replaces = _union(self._replaceable(named, seen))
        self._put(RemoveField(field=name, replaces=replaces), is_needed=bool(replaces))
        for element in list(self.record.sets.get(name, {})) if kind is not FieldKind.SET else ():
            self.remove_element(name, element, seen)
        if name in self.record.counters and kind is not FieldKind.COUNTER:
            self.cancel_counter(name, seen)
        if self._has_seen_all_edits(seen):
            if kind is not FieldKind.TEXT:
                self.splice_text(name, 0, len(self.texts.get(name, "")), "")
            if kind is not FieldKind.LIST:
                self.splice_list(name, 0, len(self.lists.get(name, ())), ())

    def unset_all(self) -> None:
        """Remove every field that is visible."""
        names = {*self.record.registers, *self.record.sets, *self.record.counters, *self.record.declarations}
        for name in sorted({*names, *self.texts, *self.lists}):
            self.unset(name, None)

    def delete(self, seen: Vector | None) -> None:
        """Delete the document as far as it was seen."""
        vector = self.base.vector
        known = vector if seen is None else seen
        covered = {writer: min(known[writer], vector[writer]) for writer in vector if known.get(writer)}
        dots = _union(self._replaceable(self.record.deletions, seen), self._take(RestoreDocument, ""))
        operation = DeleteDocument(seen=covered, replaces=dots)
        self.pending[operation.target] = operation
        # In the working copy the document was touched by the draft itself, which is no reason to spare it.
        has_seen_own = covered.get(self.dot.writer, 0) >= vector.get(self.dot.writer, 0)
        shown = {**covered, self.dot.writer: self.dot.number} if has_seen_own else covered
        self._apply(DeleteDocument(seen=shown, replaces=dots))

    def restore(self, seen: Vector | None) -> None:
        """Take back the deletions that were seen, one of the draft's own too."""
        if not self.record.deletions:
            return
        replaces = set(self._replaceable(self.record.deletions, seen))
        replaces.update(self._take(DeleteDocument, ""), self._take(RestoreDocument, ""))
        self._put(RestoreDocument(replaces=_union(replaces)), is_needed=bool(replaces))

    # --- what they share ---

    def _replaceable(self, dots: Iterable[Dot], seen: Vector | None) -> list[Dot]:
        """The dots of other commits that a change which has seen ``seen`` replaces."""
        return [dot for dot in dots if dot != self.dot and (seen is None or covers(seen, dot))]

    def _has_seen_all_edits(self, seen: Vector | None) -> bool:
        """Whether no text or list holds anything unseen: edits have no dots, so it is all or nothing."""
        vector = self.base.vector
        return seen is None or all(seen.get(writer, 0) >= vector[writer] for writer in self.base.clocks)

    def _take(self, kind: type[Operation], name: str, element: bytes = b"") -> tuple[Dot, ...]:
        """Drop a pending operation that is superseded; the dots that it replaced remain to be replaced."""
        earlier = self.pending.pop((kind.CODE, name, element), None)
        return (
            () if earlier is None or isinstance(earlier, AddToCounter | CancelCounter) else earlier.replaces
        )

    def _put(self, operation: Operation, *, is_needed: bool = True) -> None:
        """Keep an operation, if it does anything for others, and show its effect in the working copy."""
        if is_needed:
            self.pending[operation.target] = operation
        self._apply(operation)

    def _apply(self, operation: Operation) -> None:
        """Show what an operation does: what the draft itself wrote before is replaced too."""
        self.record.apply(operation, dot=self.dot, time=_PROVISIONAL_TIME, and_replaces=(self.dot,))


def _union(*dots: Iterable[Dot]) -> tuple[Dot, ...]:
    """All the dots in order, as many as an operation may name; the rest waits for the next write."""
    found = [dot for some in dots for dot in some]
    return tuple(found) if len(found) < 2 else tuple(sorted(set(found))[:MAX_SET_REPLACED])  # noqa: PLR2004 - no order in one


def _keep(mapping: dict[str, Whole], name: str, whole: Whole) -> None:
    """Contents list only what is not empty."""
    if whole:
        mapping[name] = whole
    else:
        mapping.pop(name, None)
