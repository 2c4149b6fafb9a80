"""Explaining a field: which commits what it shows is made of, each traced to the segment that carries it.

Owns the way from a document's state to its commits, for every kind of field. Whatever the state says is
compared with what the commits did, so that a state which no segment explains comes to light here.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from syncore.codec.values import decode_value
from syncore.core.arguments import check_text
from syncore.core.errors import DocumentNotFound, InvalidChange
from syncore.core.identifiers import DocumentKey, Dot, Writer, device_index
from syncore.documents.document import Document
from syncore.documents.entries import RecordEntry, RichEntry
from syncore.documents.operations import (
    AddElement,
    AddToCounter,
    DeleteDocument,
    FieldKind,
    Operation,
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
from syncore.replica.constraint_conflicts import holder_of, unique_rule
from syncore.replica.document_work import DocumentWork
from syncore.replica.entries import DecodedEntry
from syncore.replica.explanations import Explanation, Origin, Part, problems_of
from syncore.replica.local_replica import LocalReplica
from syncore.replica.provenance import Check, Provenance

_MAX_SUMMED: Final = 1_024
"""Commits of one author that are looked at to explain its share of a counter, and to check it."""
MAX_LISTED: Final = 64
"""Of these, the newest that are listed: nobody reads more, and each is a line."""

_MAX_NAMED: Final = 20
"""Fields that the message about one that is not there names."""

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
    name: str | None,
    *,
    cipher: BodyCipher,
    verify: Verify,
) -> Explanation:
    """Where what a field of a document shows comes from; of a document that is deleted, by whom.

    Args:
        replica: Where it is.
        space: The local number of its space.
        key: The document.
        name: The field; None for the document itself.
        cipher: Opens segments, as far as keys are here.
        verify: Checks signatures.

    Raises:
        DocumentNotFound: there never was such a document, as far as this replica knows.
        InvalidChange: it has no such field.
        IntegrityError: what is stored of it is damaged.
    """
    if name is not None:
        check_text(name, "a field")
    state = replica.spaces[space]

    def look(work: DocumentWork) -> Explanation:
        provenance = Provenance(work, state, key, cipher=cipher, verify=verify)
        visible = work.hold(key).visible
        if visible.is_empty:
            message = f"{key.collection} has no document {key.id!r}, and as far as is known here never had"
            raise DocumentNotFound(message, key=key)
        projection = visible.project(work.context)
        if name is None or projection.is_deleted:
            return _explain_deletions(work, visible, provenance)
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
            names = ", ".join(map(repr, sorted(projection.values)[:_MAX_NAMED]))
            if len(projection.values) > _MAX_NAMED:
                names += f" and {len(projection.values) - _MAX_NAMED} more"
            raise InvalidChange(
                f"document {key.id!r} has no field {name!r}",
                hint=f"its fields are {names}" if names else "it has no fields at all",
                field=name,
            )
        self._work = work
        self._document = work.hold(key).visible
        self._context = work.context
        self._rules = work.context.rules_of(key.collection)
        self._key = key
        self._name = name
        self._projection = projection
        self._provenance = provenance

    def _held_back(self) -> tuple[str, str] | None:
        """Why constraints do not let the field show what it holds; None where they let it."""
        restraint, stored = self._document.restraint, self._work.constraining.find(self._key)
        if restraint is None or stored is None or self._name not in restraint.fields:
            return None
        for claim in stored.facts.claims:
            if claim.constraint in stored.standing.lost and claim.fields[-1] == self._name:
                holder = holder_of(self._work.constraining, claim)
                who = "another document" if holder is None else f"{holder.collection}/{holder.id}"
                return unique_rule(claim), f"{who} has held this value for longer, and has it"
        gone = next(one for one in stored.standing.nulled if one.field == self._name)
        name = f"{gone.target.collection}/{gone.target.id}"
        return f"{gone.on_delete} {gone.target.collection}", f"it names {name}, which is not there"

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
        if held_back := self._held_back():
            rule, reason = held_back
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
        return [self._share(writer, tally) for writer, tally in sorted(tallies.items()) if tally.is_live]

    def _share(self, writer: Writer, tally: Tally) -> Part:
        """The commits that added to a share, and whether all of them add up to it."""
        added, unknown = self._additions(writer, tally.number)

        def check_all(entries: Sequence[DecodedEntry]) -> str:
            if unknown or sum(added.values()) == tally.total:
                return check_one(entries)
            return check_one(entries) or "its author's commits add up to something else"

        def check_one(entries: Sequence[DecodedEntry]) -> str:
            is_said = _added_to(entries, self._name) is not None
            return "" if is_said else "the commit adds nothing to the counter"

        # What a removal of the counter took away is no part of the share.
        earlier = [number for number in sorted(added) if tally.cancelled_number < number < tally.number]
        listed = earlier[-(MAX_LISTED - 1) :]
        origins = [self._provenance.origin(Dot(writer, number), None, check_one) for number in listed]
        origins.append(self._provenance.origin(Dot(writer, tally.number), None, check_all))
        unlisted = len(earlier) - len(listed) + sum(number > tally.cancelled_number for number in unknown)
        return replace(self._part(tally.amount, origins), unlisted=unlisted)

    def _additions(self, writer: Writer, last: int) -> tuple[dict[int, int], Collection[int]]:
        """What an author's commits added, by their numbers; and those of which nothing here tells it."""
        if self._provenance.is_private:  # its commits are kept nowhere but in what they made
            return {}, ()
        added: dict[int, int] = {}
        first = max(1, last - _MAX_SUMMED + 1)
        unknown = list(range(1, first))
        for number in range(last, first - 1, -1):
            entries = self._provenance.entries(Dot(writer, number))
            amount = None if entries is None else _added_to(entries, self._name)
            if entries is None:
                unknown.append(number)
            elif amount is not None:
                added[number] = amount
        return added, unknown

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


def _explain_deletions(work: DocumentWork, document: Document, provenance: Provenance) -> Explanation:
    """Who deleted a document, and whether that is why it is not there."""
    record, rule = document.record, work.context.rules_of(document.key.collection).deletion
    is_gone = not document.is_live(work.context)
    parts = []
    for dot in sorted(record.deletions):
        origin = provenance.origin(dot, None, _check_deletion)
        parts.append(
            Part(value=None, device=origin.device, is_shown=is_gone, origins=(origin,), is_deletion=True)
        )
    if not parts:
        reason = "it is there, and nobody deleted it"
    elif record.is_deleted:
        reason = "deleted, by somebody who had seen all that was written to it"
    else:
        reason = f"deleted and changed at once, and {'gone' if is_gone else 'still there'} by that rule"
    return Explanation(
        collection=document.key.collection,
        id=document.key.id,
        field=None,
        kind=None,
        value=None,
        rule=str(rule),
        reason=reason,
        parts=tuple(parts),
        problems=problems_of(parts),
    )


def _check_deletion(entries: Sequence[DecodedEntry]) -> str:
    found = any(isinstance(operation, DeleteDocument) for operation in _operations(entries))
    return "" if found else "the commit did not delete the document"


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
