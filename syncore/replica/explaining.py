"""Explaining a field: which commits what it shows is made of, each traced to the segment that carries it.

Owns the way from a document's state to its commits, for every kind of field. Whatever the state says is
compared with what the commits did, so that a state which no segment explains comes to light here.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from syncore.codec.values import decode_value
from syncore.core.errors import DocumentNotFound, InvalidChange
from syncore.core.identifiers import DocumentKey, Dot, Writer, device_index
from syncore.documents.operations import (
    AddElement,
    AddToCounter,
    FieldKind,
    Operation,
    RecordEntry,
    RichEntry,
    SetField,
)
from syncore.documents.projection import FieldValue, Projection, kinds_of, register_verdict
from syncore.documents.reasons import reason_for
from syncore.documents.record import Tally
from syncore.documents.resolution import Verdict
from syncore.documents.rich_characters import show
from syncore.documents.rich_order import Placed, placed_runs
from syncore.documents.structures import decode_element
from syncore.documents.yjs_update import LIST_ROOT, TEXT_ROOT, decode_update
from syncore.protocol.ports import BodyCipher, Verify
from syncore.replica.document_work import DocumentWork
from syncore.replica.entries import DecodedEntry
from syncore.replica.explanations import Explanation, Origin, Part, problems_of
from syncore.replica.local_replica import LocalReplica
from syncore.replica.provenance import Check, Provenance

_MAX_SUMMED: Final = 1_024
"""Commits of one author that are added up to check its share of a counter."""

_REASONS: Final = {
    FieldKind.COUNTER: ("sum", "every device's share is added up"),
    FieldKind.SET: ("add wins", "an element is there while an addition stands that no removal has seen"),
    FieldKind.TEXT: ("merge", "every character stands where its author put it, until somebody deletes it"),
    FieldKind.LIST: ("merge", "every item stands where its author put it, until somebody deletes it"),
}


async def explain(
    replica: LocalReplica,
    space: int,
    key: DocumentKey,
    name: str,
    *,
    cipher: BodyCipher,
    verify: Verify,
) -> Explanation:
    """Where what a field of a document shows comes from.

    Raises:
        DocumentNotFound: there is no live document.
        InvalidChange: it has no such field.
        IntegrityError: what is stored of it is damaged.
    """
    state = replica.spaces[space]

    def look(work: DocumentWork) -> Explanation:
        provenance = Provenance(work, state, key, cipher=cipher, verify=verify)
        projection = work.hold(key).visible.project(work.context)
        if projection.is_deleted or not projection.vector:
            raise DocumentNotFound(f"{key.collection} has no document {key.id!r}", key=key)
        return _Explaining(work, key, name, projection, provenance).explain()

    return await replica.preview(space, look)


@dataclass(slots=True)
class _Run:
    """Neighbouring units of one device.

    Attributes:
        writer: Who made the first of them.
        text: Their text, as it is kept.
        items: Their items.
        origins: The commits that made them, each once.
    """

    writer: Writer
    text: list[str] = field(default_factory=list)
    items: list[bytes] = field(default_factory=list)
    origins: dict[Origin, Origin] = field(default_factory=dict)

    def take(self, content: str | tuple[bytes, ...], origins: Iterable[Origin]) -> None:
        """Go on with more units."""
        if isinstance(content, str):
            self.text.append(content)
        else:
            self.items += content
        self.origins.update((origin, origin) for origin in origins)


class _Explaining:
    """One field of one document."""

    def __init__(
        self,
        work: DocumentWork,
        key: DocumentKey,
        name: str,
        projection: Projection,
        provenance: Provenance,
    ) -> None:
        if name not in projection.values:
            raise InvalidChange(f"document {key.id!r} has no field {name!r}", field=name)
        self._document = work.hold(key).visible
        self._context = work.context
        self._rules = work.context.rules_of(key.collection)
        self._key = key
        self._name = name
        self._projection = projection
        self._provenance = provenance

    def explain(self) -> Explanation:
        """The field as what it shows as; of what else it is there as, that it is."""
        record, name = self._document.record, self._name
        first, *others = kinds_of(record, self._document.contents(), name)
        if first is FieldKind.REGISTER:
            verdict = register_verdict(record, name, self._context, self._rules)
            rule, reason = verdict.rule, reason_for(verdict, record.registers[name], self._context)
            parts = self._register(verdict)
        else:
            rule, reason = _REASONS[first]
            parts = {
                FieldKind.COUNTER: self._counter,
                FieldKind.SET: self._set,
                FieldKind.TEXT: self._text,
                FieldKind.LIST: self._list,
            }[first]()
        if others:
            hidden = " and a ".join(kind.name.lower() for kind in others)
            reason += f"; concurrent writers made it a {hidden} too, and a {first.name.lower()} shows first"
        return Explanation(
            collection=self._key.collection,
            id=self._key.id,
            field=name,
            kind=first,
            value=self._projection.values[name],
            rule=rule,
            reason=reason,
            parts=tuple(parts),
            problems=problems_of(parts),
        )

    def _register(self, verdict: Verdict) -> list[Part]:
        siblings = self._document.record.registers[self._name]
        ordered = sorted(siblings, key=lambda sibling: sibling.dot not in verdict.winners)
        return [
            self._part(
                decode_value(sibling.value),
                [self._provenance.origin(sibling.dot, sibling.time, self._wrote(sibling.value))],
                is_shown=sibling.dot in verdict.winners,
            )
            for sibling in ordered
        ]

    def _set(self) -> list[Part]:
        return [
            self._part(
                decode_element(element),
                [self._provenance.origin(dot, None, self._added(element)) for dot in dots],
            )
            for element, dots in sorted(self._document.record.sets.get(self._name, {}).items())
        ]

    def _counter(self) -> list[Part]:
        tallies = self._document.record.counters[self._name]
        return [
            self._part(tally.amount, [self._share(writer, tally)])
            for writer, tally in sorted(tallies.items())
            if tally.is_live
        ]

    def _share(self, writer: Writer, tally: Tally) -> Origin:
        """The last commit that added to a share, and whether all of them add up to it."""

        def check(entries: Sequence[DecodedEntry]) -> str:
            if _added_to(entries, self._name) is None:
                return "the commit adds nothing to the counter"
            total = self._sum(writer, tally.number)
            return "" if total in (None, tally.total) else "its author's commits add up to something else"

        return self._provenance.origin(Dot(writer, tally.number), None, check)

    def _sum(self, writer: Writer, last: int) -> int | None:
        """What an author's commits added; None where not all are held, or too many."""
        if last > _MAX_SUMMED:
            return None
        total = 0
        for number in range(1, last + 1):
            entries = self._provenance.entries(Dot(writer, number))
            if entries is None:
                return None
            total += _added_to(entries, self._name) or 0
        return total

    def _text(self) -> list[Part]:
        return [
            self._part(show("".join(run.text)), list(run.origins.values()))
            for run in self._runs(TEXT_ROOT + self._name)
        ]

    def _list(self) -> list[Part]:
        return [
            self._part([decode_value(item) for item in run.items], list(run.origins.values()))
            for run in self._runs(LIST_ROOT + self._name)
        ]

    def _runs(self, root: str) -> list[_Run]:
        """What is visible, as runs of one author each."""
        rich = self._document.rich
        runs: list[_Run] = []
        for placed in placed_runs(rich.state(), root) if rich is not None else ():
            if placed.content is None:
                continue
            if not runs or device_index(runs[-1].writer) != device_index(placed.writer):
                runs.append(_Run(placed.writer))
            runs[-1].take(placed.content, self._rich_origins(placed))
        return runs

    def _rich_origins(self, placed: Placed) -> Iterator[Origin]:
        """The commits that made a run of units, one after the other."""
        clock, end = placed.clock, placed.clock + placed.length
        while clock < end:
            found = self._provenance.rich_commit(placed.writer, clock)
            if isinstance(found, Origin):
                yield found
                return
            dot, stop = found
            until = min(stop, end)
            yield self._provenance.origin(dot, None, self._inserted(placed.part(clock, until)))
            clock = until

    # --- what a commit has to have done ---

    def _wrote(self, value: bytes) -> Check:
        def check(entries: Sequence[DecodedEntry]) -> str:
            wanted = (self._name, value)
            found = [(one.field, one.value) for one in _operations(entries) if isinstance(one, SetField)]
            return "" if wanted in found else "the commit did not write this value"

        return check

    def _added(self, element: bytes) -> Check:
        def check(entries: Sequence[DecodedEntry]) -> str:
            wanted = (self._name, element)
            found = [(one.field, one.element) for one in _operations(entries) if isinstance(one, AddElement)]
            return "" if wanted in found else "the commit did not add this element"

        return check

    def _inserted(self, placed: Placed) -> Check:
        def check(entries: Sequence[DecodedEntry]) -> str:
            made = _units_made(entries, placed)
            return "" if made == placed.content else "the commit did not insert what is shown"

        return check

    def _part(self, value: FieldValue, origins: list[Origin], *, is_shown: bool = True) -> Part:
        return Part(value=value, device=origins[0].device, is_shown=is_shown, origins=tuple(origins))


def _operations(entries: Sequence[DecodedEntry]) -> Iterator[Operation]:
    for entry in entries:
        if isinstance(entry, RecordEntry):
            yield from entry.operations


def _added_to(entries: Sequence[DecodedEntry], name: str) -> int | None:
    """What a commit adds to a counter; None if it adds nothing at all."""
    for operation in _operations(entries):
        if isinstance(operation, AddToCounter) and operation.field == name:
            return operation.amount
    return None


def _units_made(entries: Sequence[DecodedEntry], placed: Placed) -> str | tuple[bytes, ...] | None:
    """What a commit inserted under the names of a run's units; None if anything else."""
    sections = [
        section
        for entry in entries
        if isinstance(entry, RichEntry)
        for section in decode_update(entry.update).sections
        if section.client == placed.writer
    ]
    text: list[str] = []
    items: list[bytes] = []
    for struct in (struct for section in sections for struct in section.structs):
        start = max(placed.clock, struct.clock) - struct.clock
        end = min(placed.clock + placed.length, struct.clock + struct.length) - struct.clock
        if start >= end or struct.content is None:
            continue
        if isinstance(struct.content, str):
            text.append(struct.content[start:end])
        else:
            items += struct.content[start:end]
    return tuple(items) if not text else None if items else "".join(text)
