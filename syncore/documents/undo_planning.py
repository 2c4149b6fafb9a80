"""Undoing a step: what a fresh commit has to do so that a document shows what it showed before.

Nothing in the past changes. The new commit is an ordinary one, and it takes back only what is still as the
step left it: what others wrote meanwhile is left alone, and named. So nobody else's sibling, element,
character or deletion is ever replaced by an undo (``docs/decisions/0023-undo.md``).

Knows nothing of storage, or of which step is undone.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from syncore.codec.values import decode_value
from syncore.core.errors import TooLarge
from syncore.core.hybrid_clock import HybridTime
from syncore.core.identifiers import Dot
from syncore.core.limits import MAX_REOPENED_SIBLINGS
from syncore.core.vectors import Vector
from syncore.documents.document import Document
from syncore.documents.drafts import Draft
from syncore.documents.field_planning import Basis, ancestors_of
from syncore.documents.operations import (
    AddElement,
    CancelCounter,
    DeleteDocument,
    FieldKind,
    RemoveElement,
    RemoveField,
    RestoreDocument,
    SetField,
)
from syncore.documents.record import Record, Sibling
from syncore.documents.rich_order import placed_runs
from syncore.documents.rich_undo import Splice, splices_to_undo
from syncore.documents.structures import Cancelled
from syncore.documents.undo_steps import (
    CounterBefore,
    DeclarationBefore,
    Edited,
    RegisterBefore,
    SiblingBefore,
    Turn,
    UndoStep,
    UnitRange,
    mark_of,
)
from syncore.documents.yjs_update import LIST_ROOT, TEXT_ROOT

IsOwn = Callable[[Dot], bool]
"""Whether a commit is this replica's own, and none that came after the step and still stands."""

_OTHER_KIND = "the field is of another kind now"
_ROOT_KINDS = {TEXT_ROOT: FieldKind.TEXT, LIST_ROOT: FieldKind.LIST}


class LeftAlone(NamedTuple):
    """Something that an undo did not take back.

    Attributes:
        field: The field; None for the document as a whole.
        reason: Why.
    """

    field: str | None
    reason: str


@dataclass(slots=True)
class Undone:
    """What an undo does with a draft.

    Attributes:
        left_alone: What it does not take back.
        names: What the units that it inserts again were called before, in the order of their new clocks.
        beside: By register, the siblings that come back beside the one in the draft. A commit has one
            value for a register, so each of them takes a commit of its own, in this order.
    """

    left_alone: list[LeftAlone] = field(default_factory=list)
    names: list[UnitRange] = field(default_factory=list)
    beside: dict[str, tuple[SiblingBefore, ...]] = field(default_factory=dict)


def undo_step(
    draft: Draft,
    document: Document,
    step: UndoStep,
    *,
    made: Dot,
    time: HybridTime,
    is_own: IsOwn,
    is_redo: bool,
    basis: Basis,
) -> Undone:
    """Put into a fresh draft what undoes a step of the commit ``made``, as far as its work still stands.

    Args:
        draft: Takes it.
        document: As it is now.
        step: What the commit did to it.
        made: The commit.
        time: Its reading of the clock.
        is_own: Whether a commit is this replica's own, and none that came after the step and still stands.
        is_redo: Whether what comes back is what a person wrote, which does not yield to what others wrote.
        basis: What changes of the document are decided upon.

    Raises:
        TooLarge: a counter would move by more than one commit may move it.
        IntegrityError: the document's rich part cannot be read.
    """
    undoing = _Undoing(draft, document, step, made, time, is_own, basis, is_redo=is_redo)
    undoing.run()
    return undoing.undone


class _Undoing:
    """One step on its way back into one draft."""

    def __init__(
        self,
        draft: Draft,
        document: Document,
        step: UndoStep,
        made: Dot,
        time: HybridTime,
        is_own: IsOwn,
        basis: Basis,
        *,
        is_redo: bool,
    ) -> None:
        self._draft = draft
        self._document = document
        self._step = step
        self._made = made
        self._time = time
        self._is_own = is_own
        self._is_redo = is_redo
        self._basis = basis
        self.undone = Undone()

    def run(self) -> None:
        """Decide about the document as a whole, then about its fields."""
        reason = self._obstacle()
        if reason:
            self._leave(None, reason)
            return
        if self._step.turn is Turn.DELETED and not self._step.contested:
            self._draft.put(RestoreDocument(replaces=tuple(sorted(self._document.record.deletions))))
        self._take_away()
        self._bring_back()
        if self._step.contested is not None and (self._step.contested or self._step.turn is Turn.CHANGED):
            self._contest(self._step.contested)
        elif self._step.turn in (Turn.MADE, Turn.HIDDEN):
            self._draft.delete(None)

    def _obstacle(self) -> str:
        """Why nothing of the step can be undone, or the empty string."""
        record = self._document.record
        match self._step.turn:
            case Turn.TOO_LARGE:
                return "the change was too large to be kept for undoing"
            case Turn.MADE:
                if not self._document.is_live(self._basis.context):
                    return "the document was deleted since"
                seen = self._step.seen
                later = (Dot(*entry) for entry in record.vector.items() if entry[1] > seen.get(entry[0], 0))
                return "" if all(map(self._is_own, later)) else "somebody else has changed the document since"
            case Turn.DELETED | Turn.HIDDEN:
                if self._document.is_live(self._basis.context):
                    return "the document is there again"
                return "" if all(map(self._is_own, record.deletions)) else "somebody else has deleted it too"
            case _:
                return "" if self._document.is_live(self._basis.context) else "the document was deleted since"

    def _contest(self, covered: Vector) -> None:
        """Let the document be deleted beside changes that the deletion has not seen, as it was before.

        The step's own commit, which is none of what was covered, keeps the deletion from covering all.
        """
        deletions, vector = self._document.record.deletions, self._document.record.vector
        own = tuple(sorted(dot for dot in deletions if self._is_own(dot)))
        if len(own) < len(deletions):
            self._leave(None, "somebody else has deleted it since")
        elif covered:
            # A rebase renames commits of one's own; what is named has to be in the document's past.
            known = {
                writer: min(number, vector[writer]) for writer, number in covered.items() if writer in vector
            }
            self._draft.put(DeleteDocument(seen=known, replaces=own))
        elif own:
            self._draft.put(RestoreDocument(replaces=own))

    # --- what the step brought goes ---

    def _take_away(self) -> None:
        step = self._step
        for register in step.registers:
            if register.is_written:
                self._restore_written(register)
        for element in step.elements:
            if not element.was_there:
                self._remove_element(element.field, element.element)
        for counter in step.counters:
            if counter.is_there:
                self._take_from_counter(counter)
        self._edit_roots(is_lost=False)
        for declaration in step.declarations:
            if not declaration.was_declared:
                self._withdraw_declaration(declaration)

    def _restore_written(self, register: RegisterBefore) -> None:
        name, value = register.field, register.value
        siblings = self._draft.record.registers.get(name, ())
        if not siblings:
            self._leave(name, "the field was removed since")
            return
        own = self._own_siblings(register, siblings)
        if not own:
            self._leave(name, "the field was written since")
        elif value is not None and len(own) < len(siblings) and not self._is_redo:
            self._withdraw(name, own)  # what was before may be what others have replaced
            if len(register.siblings) > 1:
                self._leave(name, "somebody else has written it too, so its earlier values do not come back")
        elif register.siblings:
            self._return_siblings(name, register.siblings, own)
        elif value is None:
            self._withdraw(name, own)
        else:
            basis = replace(self._basis, seen={dot.writer: dot.number for dot in own})
            ancestors = ancestors_of(self._draft, name, decode_value(value), basis)
            self._draft.put(SetField(field=name, value=value, replaces=own, ancestors=ancestors))

    def _own_siblings(self, register: RegisterBefore, siblings: Sequence[Sibling]) -> tuple[Dot, ...]:
        """What the step left, or what came back of that since."""
        own = []
        marks = list(register.marks)
        for one in siblings:
            # What is older stood beside it from the first; what is another's came back with an undo.
            if one.time < self._time or not self._is_own(one.dot):
                continue
            mark = mark_of(one.value, one.label)
            if mark in marks:
                marks.remove(mark)
            elif register.marks:
                continue
            own.append(one.dot)
        return tuple(own)

    def _return_siblings(
        self, name: str, siblings: Sequence[SiblingBefore], replaces: tuple[Dot, ...] = ()
    ) -> None:
        """Write what stood side by side, the newest at most: one now, the others in commits that follow."""
        first, *others = siblings[-MAX_REOPENED_SIBLINGS:]
        self._draft.put(SetField(field=name, replaces=replaces, **first._asdict()))
        if others:
            self.undone.beside[name] = tuple(others)
        if len(siblings) > MAX_REOPENED_SIBLINGS:
            self._leave(name, f"only the newest {MAX_REOPENED_SIBLINGS} of its values come back")

    def _remove_element(self, name: str, element: bytes) -> None:
        dots = self._draft.record.sets.get(name, {}).get(element, ())
        own = tuple(dot for dot in dots if self._is_own(dot))
        if own:
            self._draft.put(RemoveElement(field=name, element=element, replaces=own))
        if len(own) < len(dots):
            self._leave(name, "an element was added by somebody else too")

    def _take_from_counter(self, counter: CounterBefore) -> None:
        record, name, rise = self._draft.record, counter.field, counter.rise
        tallies = record.counters.get(name, {})
        live = [Dot(writer, one.number) for writer, one in tallies.items() if one.is_live]
        ours = {self._made.writer, self._document.writer}  # what came back did so under the present number
        if not any(dot.writer in ours for dot in live):
            self._leave(name, "the counter was removed since")
        elif not counter.was_there and record.count(name) == rise and all(map(self._is_own, live)):
            self._draft.put(CancelCounter(field=name, cancelled=_totals(record, name, live)))
        elif rise:
            self._draft.add_to_counter(name, -rise)

    def _withdraw_declaration(self, declaration: DeclarationBefore) -> None:
        """Take back that a field is there, unless somebody's content would stay in it."""
        name, kind = declaration.field, declaration.kind
        contents: dict[FieldKind, Mapping[str, object]] = {
            FieldKind.SET: self._draft.record.sets,
            FieldKind.TEXT: self._draft.texts,
            FieldKind.LIST: self._draft.lists,
        }
        if name not in contents[kind]:
            dots = self._draft.record.declarations.get(name, {}).get(kind, ())
            self._withdraw(name, [dot for dot in dots if self._is_own(dot)])

    def _withdraw(self, name: str, dots: Iterable[Dot]) -> None:
        """Remove siblings and declarations of a field, beside those of it that are removed already."""
        earlier = self._draft.pending.get((RemoveField.CODE, name, b""))
        replaces = {*dots, *(earlier.replaces if isinstance(earlier, RemoveField) else ())}
        if replaces:
            self._draft.put(RemoveField(field=name, replaces=tuple(sorted(replaces))))

    # --- texts and lists ---

    def _edit_roots(self, *, is_lost: bool) -> None:
        """Edit the texts and lists that have lost something, or those that have not."""
        for edited in self._step.edited:
            if bool(edited.lost) is not is_lost:
                continue
            name = edited.root[len(TEXT_ROOT) :]
            if is_lost and not self._is_free_for(name, _ROOT_KINDS[edited.root[: len(TEXT_ROOT)]]):
                self._leave(name, _OTHER_KIND)
                continue
            splices = self._splices(edited)
            if splices is None:
                self._leave(name, "its places can no longer be told for sure")
            else:
                self._splice(name, splices)

    def _splices(self, edited: Edited) -> list[Splice] | None:
        rich = self._document.rich
        if rich is None:
            return None
        try:
            runs = placed_runs(rich.state(), edited.root)
        except TooLarge:
            return None
        return splices_to_undo(runs, edited, self._step)

    def _splice(self, name: str, splices: Iterable[Splice]) -> None:
        for splice in splices:
            position, delete, insert, place, units = splice
            if isinstance(insert, str):
                self._draft.splice_text(name, position, delete, insert, place=place)
            else:
                self._draft.splice_list(name, position, delete, insert, place=place)
            if units is not None:
                self.undone.names.append(units)

    # --- what the step removed comes back ---

    def _bring_back(self) -> None:
        for counter in self._step.counters:
            if not counter.is_there and counter.was_there:
                self._return_counter(counter)
        self._edit_roots(is_lost=True)
        for register in self._step.registers:
            if not register.is_written:
                self._return_register(register)
        for declaration in self._step.declarations:
            if declaration.was_declared and self._is_free_for(declaration.field, declaration.kind):
                self._draft.declare(declaration.field, declaration.kind)
        for element in self._step.elements:
            if element.was_there:
                self._add_element(element.field, element.element)

    def _return_register(self, register: RegisterBefore) -> None:
        name, value = register.field, register.value
        if value is not None and self._draft.kind_of(name) is not None:
            self._leave(name, "the field was written since")
        elif not self._is_free_for(name, FieldKind.REGISTER):
            self._leave(name, _OTHER_KIND)
        elif register.siblings:
            self._return_siblings(name, register.siblings)
        elif value is not None:
            self._draft.put(SetField(field=name, value=value))

    def _return_counter(self, counter: CounterBefore) -> None:
        if self._is_free_for(counter.field, FieldKind.COUNTER):
            self._draft.add_to_counter(counter.field, -counter.rise)
        else:
            self._leave(counter.field, _OTHER_KIND)

    def _add_element(self, name: str, element: bytes) -> None:
        if not self._is_free_for(name, FieldKind.SET):
            self._leave(name, _OTHER_KIND)
        elif element not in self._draft.record.sets.get(name, ()):
            self._draft.put(AddElement(field=name, element=element))

    # --- what they share ---

    def _is_free_for(self, name: str, kind: FieldKind) -> bool:
        """Whether a field is of that kind now, or not there."""
        return self._draft.kind_of(name) in (None, kind)

    def _leave(self, name: str | None, reason: str) -> None:
        self.undone.left_alone.append(LeftAlone(name, reason))


def _totals(record: Record, name: str, live: Sequence[Dot]) -> tuple[Cancelled, ...]:
    tallies = record.counters[name]
    return tuple(Cancelled(dot.writer, dot.number, tallies[dot.writer].total) for dot in sorted(live))
