"""Re-keying: the same commits under another writer's name, after one name came to mean two things.

Owns the renaming of dots, vectors, cancelled totals and clocks in entries. What is renamed is always
everything that a writer did from one commit on (its fork); what came before keeps its name. Which commits
those are, and how they get their new numbers, is the business of whoever rebases.
"""

from bisect import bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from syncore.core.commits import Entry, EntryKind
from syncore.core.identifiers import DocumentKey, Dot, Writer
from syncore.core.vectors import Vector, join
from syncore.documents.descent import Ancestor
from syncore.documents.entries import (
    RecordEntry,
    RichEntry,
    decode_record_entry,
    decode_rich_entry,
    encode_record_entry,
    encode_rich_entry,
    in_order,
)
from syncore.documents.operations import (
    AddToCounter,
    CancelCounter,
    DeleteDocument,
    Operation,
    SetField,
)
from syncore.documents.rich_places import DocumentPlaces
from syncore.documents.rich_rekeying import ClockRange, rekey_update
from syncore.documents.structures import Cancelled
from syncore.documents.yjs_update import builds_on, decode_update, encode_update

CounterName = tuple[DocumentKey, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Renaming:
    """New names for commits.

    Attributes:
        dots: The new name of every commit that has one. From a writer's first renamed commit on, what is not
            here is gone: nothing may go on naming it.
        clocks: The same for the clocks of each document's rich part. An empty range tells the new writer's
            clock where nothing but deletions is renamed.
        amounts: By counter, what each renamed commit added to it, which cancellations need to know.
    """

    dots: Mapping[Dot, Dot]
    clocks: Mapping[DocumentKey, tuple[ClockRange, ...]] = field(default_factory=dict)
    amounts: Mapping[CounterName, tuple[tuple[Dot, int], ...]] = field(default_factory=dict)
    _numbers: Mapping[Writer, list[int]] = field(init=False, repr=False, compare=False)
    _reached: Mapping[Writer, list[Vector]] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Prepare to look up vectors: by old writer, the renamed numbers and what they amount to."""
        numbers: dict[Writer, list[int]] = {}
        reached: dict[Writer, list[Vector]] = {}
        for old, new in sorted(self.dots.items()):
            numbers.setdefault(old.writer, []).append(old.number)
            vectors = reached.setdefault(old.writer, [])
            vectors.append(join([*vectors[-1:], {new.writer: new.number}]))
        object.__setattr__(self, "_numbers", numbers)
        object.__setattr__(self, "_reached", reached)

    def vector(self, vector: Vector) -> dict[Writer, int]:
        """What a vector, or a token, comes to: what keeps its name, and the new names of the rest."""
        parts: list[Vector] = []
        for writer, number in vector.items():
            kept = self.kept(Dot(writer, number))
            if kept:
                parts.append({writer: kept})
            if writer in self._numbers:
                renamed = bisect_right(self._numbers[writer], number)
                parts += self._reached[writer][renamed - 1 : renamed] if renamed else []
        return join(parts)

    def kept(self, dot: Dot) -> int:
        """The last commit of the writer, up to the dot, that keeps its name; 0 for none."""
        numbers = self._numbers.get(dot.writer)
        return dot.number if numbers is None else min(dot.number, numbers[0] - 1)

    def name(self, dot: Dot) -> Dot | None:
        """The present name of one commit, or None if it is gone."""
        return dot if self.kept(dot) == dot.number else self.dots.get(dot)

    def renamed(self, dots: Iterable[Dot]) -> tuple[Dot, ...]:
        """The dots under their present names, without those that are gone."""
        kept = {dot for dot in dots if self.kept(dot) == dot.number}
        return tuple(sorted(kept | {self.dots[dot] for dot in dots if dot in self.dots}))


def rekey_entry(entry: Entry, renaming: Renaming, *, dot: Dot, places: DocumentPlaces | None = None) -> Entry:
    """An entry as part of the commit's new name.

    Args:
        entry: Of any kind; one of a kind that this version does not know comes back as it is.
        renaming: Knows the commit, and everything that it names and that is renamed too.
        dot: The commit's name before.
        places: To keep the places of rich deltas sound, on top of what the renamed commits will be applied
            to; None where every writer's new name sorts among the others as its old one.

    Raises:
        Malformed: the entry does not decode.
    """
    if entry.kind == EntryKind.RECORD:
        record_entry = _rekey_record(decode_record_entry(entry.body), renaming)
        return Entry(entry.kind, encode_record_entry(record_entry))
    if entry.kind == EntryKind.RICH:
        rich_entry = _rekey_rich(decode_rich_entry(entry.body), renaming, dot, places)
        return Entry(entry.kind, encode_rich_entry(rich_entry))
    return entry


def _rekey_record(entry: RecordEntry, renaming: Renaming) -> RecordEntry:
    operations = (_rekey_operation(operation, entry.key, renaming) for operation in entry.operations)
    return RecordEntry(key=entry.key, operations=in_order(operations))


def _rekey_operation(operation: Operation, key: DocumentKey, renaming: Renaming) -> Operation:
    if isinstance(operation, AddToCounter):
        return operation
    if isinstance(operation, CancelCounter):
        cancelled = _rekey_cancelled(operation, renaming.amounts.get((key, operation.field), ()), renaming)
        return CancelCounter(field=operation.field, cancelled=cancelled)
    dots = renaming.renamed(operation.replaces)
    if isinstance(operation, SetField):
        return replace(operation, replaces=dots, ancestors=_rekey_ancestors(operation.ancestors, renaming))
    if isinstance(operation, DeleteDocument):
        return DeleteDocument(seen=renaming.vector(operation.seen), replaces=dots)
    return replace(operation, replaces=dots)


def _rekey_ancestors(ancestors: tuple[Ancestor, ...], renaming: Renaming) -> tuple[Ancestor, ...]:
    """Ancestors under the present names of their commits, without those whose commits are gone."""
    named = ((renaming.name(ancestor.dot), ancestor.text) for ancestor in ancestors)
    return tuple(dict.fromkeys(Ancestor(dot, text) for dot, text in named if dot is not None))


def _rekey_cancelled(
    operation: CancelCounter, amounts: tuple[tuple[Dot, int], ...], renaming: Renaming
) -> tuple[Cancelled, ...]:
    """Cancelled totals, split into what the writer added before the fork, and what was renamed."""
    totals: dict[Writer, Cancelled] = {}
    for part in operation.cancelled:
        kept = renaming.kept(Dot(part.writer, part.number))
        if kept == part.number:
            totals[part.writer] = part
            continue
        total = part.total
        for old, amount in amounts:
            if old.writer == part.writer and old.number <= part.number:
                total -= amount
                new = renaming.dots[old]
                known = totals.get(new.writer, Cancelled(new.writer, 0, 0))
                totals[new.writer] = Cancelled(
                    new.writer, max(new.number, known.number), known.total + amount
                )
        if kept:
            totals[part.writer] = Cancelled(part.writer, kept, total)
    return tuple(totals[writer] for writer in sorted(totals))


def _rekey_rich(entry: RichEntry, renaming: Renaming, dot: Dot, places: DocumentPlaces | None) -> RichEntry:
    ranges = renaming.clocks[entry.key]
    writer = renaming.dots[dot].writer
    before = _renamed_clock(entry.clock_before, ranges, dot.writer, writer)
    update = decode_update(rekey_update(entry.update, ranges))
    if places is not None:
        update = places.of(entry.key).mend(update)
    return RichEntry(
        key=entry.key,
        clock_before=before,
        clock_after=before + entry.clock_after - entry.clock_before,
        builds_on=builds_on(update, writer),
        update=encode_update(update),
    )


def _renamed_clock(clock: int, ranges: Iterable[ClockRange], writer: Writer, new_writer: Writer) -> int:
    """Where the new writer stands when the old one stood at ``clock``.

    Ranges touch where one commit was carried by somebody else's segment and the next one was not, so the new
    writer says which side of the border is meant; two ranges of one new writer agree on their border.
    """
    return next(
        part.new_start + clock - part.start
        for part in ranges
        if part.writer == writer and part.new_writer == new_writer and part.start <= clock <= part.end
    )
