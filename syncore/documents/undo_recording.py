"""Before a commit is made: what it takes to undo it.

Owns the comparison of a document before a commit with the draft of it, as far as the draft's operations
reach. It runs with every local write, so it looks at nothing else. Knows nothing of storage, or of how steps
are undone.
"""

from collections.abc import Iterable, Mapping, Sequence

from syncore.codec.values import encode_value
from syncore.core.identifiers import Writer
from syncore.core.vectors import Vector, join
from syncore.documents.document import Document
from syncore.documents.drafts import Draft, ListEdit, TextEdit
from syncore.documents.entries import RichEntry
from syncore.documents.operations import (
    AddElement,
    AddToCounter,
    CancelCounter,
    DeclareField,
    Operation,
    RemoveElement,
    RemoveField,
    SetField,
)
from syncore.documents.projection import Contents, is_hidden, register_verdict
from syncore.documents.record import Record, Sibling
from syncore.documents.resolution import ResolutionContext, rank
from syncore.documents.rich_characters import keep
from syncore.documents.rich_commit import MadeEdits
from syncore.documents.rich_rekeying import ClockRange
from syncore.documents.rules import CollectionRules
from syncore.documents.undo_steps import (
    CounterBefore,
    DeclarationBefore,
    Edited,
    ElementBefore,
    RegisterBefore,
    SiblingBefore,
    Turn,
    UndoStep,
    UnitRange,
    mark_of,
)
from syncore.documents.yjs_update import LIST_ROOT, TEXT_ROOT


def begin_step(
    document: Document,
    draft: Draft,
    context: ResolutionContext,
    beside: Mapping[str, Sequence[SiblingBefore]],
) -> UndoStep | None:
    """What undoing a draft takes, texts and lists aside; None when it changes nothing that is shown.

    The document is still as it was before. ``beside`` is what further commits of the same step write to
    registers.
    """
    is_live = not is_hidden(draft.record, context.rules_of(document.key.collection))
    if document.is_empty:
        return _JUST_MADE if is_live else None
    was_live = document.is_live(context)
    recording = _Recording(draft, context.rules_of(document.key.collection), context, beside)
    for operation in draft.pending.values():
        recording.note(operation)
    contested = _contested_before(draft)
    if was_live is is_live and not draft.edits and recording.is_empty and contested is None:
        return None
    return UndoStep(
        _TURNS[was_live, is_live],
        _JUST_MADE.seen if was_live else dict(document.record.vector),
        tuple(recording.registers),
        tuple(recording.declarations),
        tuple(recording.elements),
        tuple(recording.counters.values()),
        edited=_edited(document, draft.edits) if draft.edits else (),
        contested=contested,
    )


def with_units(step: UndoStep, made: MadeEdits, writer: Writer) -> UndoStep:
    """The step of a commit that edits texts and lists, once its delta is known."""
    if step is _JUST_MADE:
        return step
    inserted, deleted = _units_of(made, writer)
    return step._replace(inserted=inserted, deleted=deleted)


def reinserted_units(names: Iterable[UnitRange], entry: RichEntry, writer: Writer) -> list[ClockRange]:
    """The new names of units that a commit inserts again and nothing else, given their old ones in order."""
    renamed: list[ClockRange] = []
    clock = entry.clock_before
    for old, start, end in names:
        renamed.append(
            ClockRange(writer=Writer(old), start=start, end=end, new_writer=writer, new_start=clock)
        )
        clock += end - start
    return renamed


def _units_of(made: MadeEdits, writer: Writer) -> tuple[tuple[UnitRange, ...], tuple[UnitRange, ...]]:
    """The units that a commit's own rich delta inserted, and those that it deleted."""
    entry, update = made
    inserted = ((writer, entry.clock_before, entry.clock_after),)
    deleted = tuple((client, start, end) for client, ranges in update.deletions for start, end in ranges)
    return (inserted if entry.clock_after > entry.clock_before else ()), deleted


_JUST_MADE = UndoStep(turn=Turn.MADE)
"""Of a document that nobody wrote before: to undo it, there is nothing to know."""
_TURNS = {
    (False, True): Turn.MADE,
    (True, True): Turn.CHANGED,
    (True, False): Turn.DELETED,
    (False, False): Turn.HIDDEN,
}
_NEW = -1
"""Stands for what was not there before."""


class _Recording:
    """What the operations of one draft replace."""

    def __init__(
        self,
        draft: Draft,
        rules: CollectionRules,
        context: ResolutionContext,
        beside: Mapping[str, Sequence[SiblingBefore]],
    ) -> None:
        self._draft = draft
        self._before = draft.base
        self._context = context
        self._rules = rules
        self._beside = beside
        self.registers: list[RegisterBefore] = []
        self.declarations: list[DeclarationBefore] = []
        self.elements: list[ElementBefore] = []
        self.counters: dict[str, CounterBefore] = {}

    @property
    def is_empty(self) -> bool:
        """Whether the operations change nothing that is shown."""
        return not (self.registers or self.declarations or self.elements or self.counters)

    def note(self, operation: Operation) -> None:
        """Take in one operation."""
        match operation:
            case SetField(field=name, value=value, label=label):
                siblings, beside = self._before.registers.get(name, ()), self._beside.get(name, ())
                if beside or not _say_the_same(siblings, self._draft.record.registers[name]):
                    marks = (mark_of(value, label), *(mark_of(one.value, one.label) for one in beside))
                    self.registers.append(self._register(name, is_written=True, marks=marks))
            case RemoveField(field=name):
                self._note_removal(name)
            case DeclareField(field=name, kind=kind):
                if not self._before.is_declared(name, kind):
                    self.declarations.append(DeclarationBefore(name, kind, was_declared=False))
            case AddElement(field=name, element=element) | RemoveElement(field=name, element=element):
                was_there = element in self._before.sets.get(name, ())
                if was_there != (element in self._draft.record.sets.get(name, ())):
                    self.elements.append(ElementBefore(name, element, was_there))
            case AddToCounter(field=name) | CancelCounter(field=name):
                before, after = self._before, self._draft.record
                rise = after.count(name) - before.count(name)
                was_there, is_there = before.has_counter(name), after.has_counter(name)
                if rise or was_there != is_there:
                    self.counters[name] = CounterBefore(name, rise, was_there, is_there)
            case _:
                pass  # deletion and return are the step's turn

    def _note_removal(self, name: str) -> None:
        before, after = self._before, self._draft.record
        is_written = (SetField.CODE, name, b"") in self._draft.pending
        if not is_written and before.registers.get(name) != after.registers.get(name):
            self.registers.append(self._register(name, is_written=False))
        for kind in before.declarations.get(name, ()):
            if not after.is_declared(name, kind):
                self.declarations.append(DeclarationBefore(name, kind, was_declared=True))

    def _register(self, name: str, *, is_written: bool, marks: tuple[bytes, ...] = ()) -> RegisterBefore:
        """What a register showed, and the siblings that are gone if they say more than that."""
        before = self._before.registers.get(name, ())
        kept = {sibling.dot for sibling in self._draft.record.registers.get(name, ())}
        replaced = [sibling for sibling in before if sibling.dot not in kept]
        if len(before) == len(replaced) == 1 and not before[0].label:  # nearly all
            return RegisterBefore(name, before[0].value, is_written, marks=marks)
        if not replaced:
            return RegisterBefore(name, None, is_written, marks=marks)
        replaced.sort(key=lambda sibling: rank(sibling, self._context))
        siblings = tuple(SiblingBefore(one.value, one.label, one.ancestors) for one in replaced)
        if len(replaced) < len(before):
            return RegisterBefore(name, None, is_written, siblings, marks)
        shown = register_verdict(self._before, name, self._context, self._rules).value
        return RegisterBefore(name, encode_value(shown), is_written, siblings, marks)


def _contested_before(draft: Draft) -> Vector | None:
    """What contested deletions covered before the draft; None where it leaves that as it is."""
    if not (draft.base.deletions or draft.record.deletions):  # nearly always
        return None
    before, after = _contested(draft.base), _contested(draft.record)
    return None if before == after else before


def _contested(record: Record) -> Vector:
    return join(record.deletions.values()) if record.has_concurrent_deletion else {}


def _say_the_same(some: Sequence[Sibling], others: Sequence[Sibling]) -> bool:
    """Whether siblings say the same, whoever wrote them."""
    if len(some) == len(others) == 1:  # nearly all
        return some[0].value == others[0].value and some[0].label == others[0].label
    return {(one.value, one.label) for one in some} == {(one.value, one.label) for one in others}


def _edited(document: Document, edits: Sequence[TextEdit | ListEdit]) -> tuple[Edited, ...]:
    """The texts and lists that are edited, and what is taken out of them."""
    by_root: dict[str, list[TextEdit | ListEdit]] = {}
    for edit in edits:
        root = (TEXT_ROOT if isinstance(edit, TextEdit) else LIST_ROOT) + edit.field
        by_root.setdefault(root, []).append(edit)
    contents = document.contents()
    return tuple(Edited(root, _lost_from(root, some, contents)) for root, some in by_root.items())


def _lost_from(
    root: str, edits: Sequence[TextEdit | ListEdit], contents: Contents
) -> str | tuple[bytes, ...]:
    name, is_text = root[len(TEXT_ROOT) :], root.startswith(TEXT_ROOT)
    if not any(edit.delete for edit in edits):
        return "" if is_text else ()
    if is_text:
        text = contents.texts.get(name, "")
        return keep("".join(text[start:end] for start, end in _lost(edits, len(text))))
    items = contents.lists.get(name, ())
    return tuple(item for start, end in _lost(edits, len(items)) for item in items[start:end])


def _lost(edits: Sequence[TextEdit | ListEdit], length: int) -> list[tuple[int, int]]:
    """Which of what was there before a run of edits is gone behind them: ranges in order."""
    if len(edits) == 1:  # by far the most frequent, and nothing to work out
        return [(edits[0].position, edits[0].position + edits[0].delete)]
    present = list(range(length))
    lost: list[int] = []
    for edit in edits:
        end = edit.position + edit.delete
        lost += present[edit.position : end]
        present[edit.position : end] = [_NEW] * len(edit.insert)
    return _ranges(sorted(place for place in lost if place != _NEW))


def _ranges(places: Sequence[int]) -> list[tuple[int, int]]:
    ranges: list[tuple[int, int]] = []
    for place in places:
        if ranges and ranges[-1][1] == place:
            ranges[-1] = ranges[-1][0], place + 1
        else:
            ranges.append((place, place + 1))
    return ranges
