"""The record of a document: registers, sets, counters and deletions, and how operations change them.

Owns the state that operations build up. Given each operation exactly once and after everything that its
author had seen, replicas that hold the same operations hold equal records, in whatever order concurrent ones
came (dotted version vectors: Almeida et al., 2014; observed-remove sets without tombstones: Bieniusa et al.,
2012).

Knows nothing of how siblings are resolved, of text and lists beyond their writers' clocks, or of storage. Its
stored form is in :mod:`syncore.documents.record_encoding`.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple, TypeVar

from syncore.core.hybrid_clock import HybridTime
from syncore.core.identifiers import Dot, Writer
from syncore.core.vectors import Vector, includes, join
from syncore.documents.descent import Ancestor
from syncore.documents.operations import (
    AddElement,
    AddToCounter,
    CancelCounter,
    DeclareField,
    DeleteDocument,
    FieldKind,
    FieldOperation,
    Operation,
    RemoveElement,
    RemoveField,
    RestoreDocument,
    SetField,
)

Key = TypeVar("Key")
Item = TypeVar("Item")


class Sibling(NamedTuple):
    """One of the values that a register has: the last of its line, replaced by nobody yet.

    Attributes:
        dot: The commit that wrote it.
        value: The encoded value.
        time: The commit's reading of the clock.
        label: The authority by which it is claimed; empty for none.
        ancestors: Texts that it was made of.
    """

    dot: Dot
    value: bytes
    time: HybridTime
    label: str = ""
    ancestors: tuple[Ancestor, ...] = ()


class Tally(NamedTuple):
    """One writer's part of a counter.

    Attributes:
        number: The writer's last commit that added to it.
        total: All that the writer ever added.
        cancelled_number: The last of the writer's commits that a cancellation has seen.
        cancelled_total: The total as of that commit.
    """

    number: int = 0
    total: int = 0
    cancelled_number: int = 0
    cancelled_total: int = 0

    @property
    def is_live(self) -> bool:
        """Whether something was added that nobody cancelled."""
        return self.number > self.cancelled_number

    @property
    def amount(self) -> int:
        """What the counter holds of this writer's."""
        return self.total - self.cancelled_total if self.is_live else 0


@dataclass(slots=True, kw_only=True)
class Record:
    """The state of a document but for text and lists.

    Attributes:
        vector: The last commit of every writer that touched the document, also if only its text.
        clocks: The struct clocks of the document's rich part, by writer.
        registers: The siblings of every register, sorted by dot.
        sets: For every set that is not empty, its elements with the dots of their additions, sorted.
        counters: The tallies of every counter.
        declarations: The dots of the declarations that a field is a set, a text or a list.
        deletions: What each deletion that was not taken back covers: what it had seen, and itself, unless its
            own writer touched the document after what it had seen.
        changed: Fields that operations touched; whoever remembers what fields show as takes them out. No
            part of the state.
    """

    vector: dict[Writer, int] = field(default_factory=dict)
    clocks: dict[Writer, int] = field(default_factory=dict)
    registers: dict[str, tuple[Sibling, ...]] = field(default_factory=dict)
    sets: dict[str, dict[bytes, tuple[Dot, ...]]] = field(default_factory=dict)
    counters: dict[str, dict[Writer, Tally]] = field(default_factory=dict)
    declarations: dict[str, dict[FieldKind, tuple[Dot, ...]]] = field(default_factory=dict)
    deletions: dict[Dot, Vector] = field(default_factory=dict)
    changed: set[str] = field(default_factory=set, compare=False, repr=False)

    def apply_operations(self, operations: Iterable[Operation], *, dot: Dot, time: HybridTime) -> None:
        """Take in the operations of one commit; everything that its author had seen must be in already."""
        for operation in operations:
            self.apply(operation, dot=dot, time=time)
        self._enter(dot)

    def apply(
        self, operation: Operation, *, dot: Dot, time: HybridTime, and_replaces: tuple[Dot, ...] = ()
    ) -> None:
        """Take in one operation of a commit; ``and_replaces`` is what it replaces beside what it names."""
        if isinstance(operation, FieldOperation):
            self.changed.add(operation.field)
        match operation:
            case SetField():  # by far the most frequent
                self._set(operation, operation.replaces + and_replaces, dot, time)
            case AddToCounter():
                self._add_to_counter(operation, dot)
            case CancelCounter():
                self._cancel_counter(operation)
            case DeleteDocument():
                self._restore(operation.replaces + and_replaces)
                self._delete(operation.seen, dot)
            case RestoreDocument():
                self._restore(operation.replaces + and_replaces)
            case _:
                self._replace(operation, operation.replaces + and_replaces, dot)

    def note_rich(self, dot: Dot, clock_after: int) -> None:
        """Take note of a delta of the rich part that brought its author's clock to ``clock_after``."""
        if clock_after:
            self.clocks[dot.writer] = clock_after
        self._enter(dot)

    def copy(self) -> "Record":
        """A record of the same content that changes by itself."""
        return Record(
            vector=dict(self.vector),
            clocks=dict(self.clocks),
            registers=dict(self.registers),
            sets=_copied(self.sets),
            counters=_copied(self.counters),
            declarations=_copied(self.declarations),
            deletions=dict(self.deletions),
        )

    @property
    def is_deleted(self) -> bool:
        """Whether the document was deleted and nobody touched it without knowing that."""
        return bool(self.deletions) and includes(join(self.deletions.values()), self.vector)

    @property
    def has_concurrent_deletion(self) -> bool:
        """Whether the document was deleted and somebody touched it without knowing that."""
        return bool(self.deletions) and not includes(join(self.deletions.values()), self.vector)

    def has_counter(self, name: str) -> bool:
        """Whether a field is there as a counter."""
        return any(tally.is_live for tally in self.counters.get(name, {}).values())

    def count(self, name: str) -> int:
        """What a counter stands at."""
        return sum(tally.amount for tally in self.counters.get(name, {}).values())

    def is_declared(self, name: str, kind: FieldKind) -> bool:
        """Whether a field is there as a set, a text or a list, be it empty."""
        return kind in self.declarations.get(name, {})

    def _enter(self, dot: Dot) -> None:
        assert dot.number >= self.vector.get(dot.writer, 0), "commits of one writer come in order"
        self.vector[dot.writer] = dot.number

    def _set(self, operation: SetField, replaced: tuple[Dot, ...], dot: Dot, time: HybridTime) -> None:
        siblings = self._kept_siblings(operation.field, replaced)
        siblings.append(Sibling(dot, operation.value, time, operation.label, operation.ancestors))
        if len(siblings) > 1:
            siblings.sort()
        self.registers[operation.field] = tuple(siblings)

    def _replace(
        self,
        operation: RemoveField | DeclareField | AddElement | RemoveElement,
        replaced: tuple[Dot, ...],
        dot: Dot,
    ) -> None:
        name = operation.field
        match operation:
            case RemoveField():
                _put(self.registers, name, tuple(self._kept_siblings(name, replaced)))
                self._withdraw(name, replaced)
            case DeclareField(kind=kind):
                kinds = self.declarations.setdefault(name, {})
                kinds[kind] = _exchange(kinds.get(kind, ()), replaced, dot)
            case AddElement(element=element):
                elements = self.sets.setdefault(name, {})
                elements[element] = _exchange(elements.get(element, ()), replaced, dot)
            case RemoveElement(element=element):
                self._remove_element(name, element, replaced)

    def _kept_siblings(self, name: str, replaced: tuple[Dot, ...]) -> list[Sibling]:
        return [sibling for sibling in self.registers.get(name, ()) if sibling.dot not in replaced]

    def _withdraw(self, name: str, replaced: tuple[Dot, ...]) -> None:
        kinds = self.declarations.get(name, {})
        for kind, dots in list(kinds.items()):
            _put(kinds, kind, tuple(dot for dot in dots if dot not in replaced))
        if not kinds:
            self.declarations.pop(name, None)

    def _remove_element(self, name: str, element: bytes, replaced: tuple[Dot, ...]) -> None:
        elements = self.sets.get(name, {})
        _put(elements, element, tuple(dot for dot in elements.get(element, ()) if dot not in replaced))
        if not elements:
            self.sets.pop(name, None)

    def _add_to_counter(self, operation: AddToCounter, dot: Dot) -> None:
        tallies = self.counters.setdefault(operation.field, {})
        tally = tallies.get(dot.writer, Tally())
        tallies[dot.writer] = tally._replace(number=dot.number, total=tally.total + operation.amount)

    def _cancel_counter(self, operation: CancelCounter) -> None:
        tallies = self.counters.setdefault(operation.field, {})
        for part in operation.cancelled:
            tally = tallies.get(part.writer, Tally())
            # The later of two cancellations has seen what the earlier one has; totals tell liars apart.
            number, total = max((tally.cancelled_number, tally.cancelled_total), (part.number, part.total))
            tallies[part.writer] = tally._replace(cancelled_number=number, cancelled_total=total)
        if not tallies:
            del self.counters[operation.field]

    def _delete(self, seen: Vector, dot: Dot) -> None:
        # A vector cannot say "3 but not 2": a deletion that has not seen its writer's own 2 must not
        # cover 3, its own number. What the writer touched last before is the same on every replica.
        has_seen_own = seen.get(dot.writer, 0) >= self.vector.get(dot.writer, 0)
        self.deletions[dot] = join([seen, {dot.writer: dot.number} if has_seen_own else {}])

    def _restore(self, replaced: tuple[Dot, ...]) -> None:
        for dot in replaced:
            self.deletions.pop(dot, None)


def _copied(fields: dict[str, dict[Key, Item]]) -> dict[str, dict[Key, Item]]:
    """Two levels of a copy; most documents have no such field at all."""
    return {name: dict(parts) for name, parts in fields.items()} if fields else {}


def _exchange(dots: tuple[Dot, ...], replaced: tuple[Dot, ...], new: Dot) -> tuple[Dot, ...]:
    return tuple(sorted({*(dot for dot in dots if dot not in replaced), new}))


def _put(mapping: dict[Key, tuple[Item, ...]], key: Key, items: tuple[Item, ...]) -> None:
    """Keep the items under the key, and no key without items."""
    if items:
        mapping[key] = items
    else:
        mapping.pop(key, None)
