"""What a conflict looks like to a program, and how a document's conflicts are found in its state.

Owns the views: which values disagree, who wrote them, what is shown and by which rule. Settling one is handed
in by the inbox (:mod:`syncore.replica.inbox`), which knows the replica.
"""

from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from dataclasses import field as dataclass_field
from datetime import datetime
from enum import Enum

from syncore.codec.values import decode_value, encode_value
from syncore.core.errors import Misused
from syncore.core.identifiers import DeviceIndex, Dot, SpaceId, device_index
from syncore.core.vectors import join
from syncore.documents.changes import UNSET, KeepKind, asserted
from syncore.documents.document import Document as DocumentState
from syncore.documents.operations import FieldKind
from syncore.documents.projection import (
    FieldValue,
    contest_of,
    deletion_contest,
    field_names,
    field_value,
    is_hidden,
    kinds_of,
    register_verdict,
)
from syncore.documents.resolution import Contest, ResolutionContext
from syncore.replica.intents import Verb
from syncore.replica.sibling_names import sibling_name
from syncore.replica.tokens import encode_token
from syncore.replica.views import in_order_of_showing, time_of

_MANY_SIBLINGS = 8
_LONG = 40
"""What a message lists of siblings, and letters that it shows of a value."""

Settle = Callable[["Conflict", Verb, object], Awaitable[None]]
"""Carries out a decision: the conflict, what to do to its document, and what to write to its field."""


class ConflictKind(Enum):
    """What the writers disagree about."""

    VALUES = "values"
    """The value of a register."""
    KINDS = "kinds"
    """What kind of field it is: one made it a counter, say, and another one a text."""
    DELETION = "deletion"
    """Whether the document is there: one deleted it while another one changed it."""
    UNIQUE = "unique"
    """A value that only one document may have, and that another one has."""
    REFERENCE = "reference"
    """A reference to a document that is not there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConflictSibling:
    """One side of a conflict.

    Attributes:
        name: What it is called on every device, whatever else arrives: six letters, or the kind of field
            where the conflict is about that.
        value: The value of the field; None where the conflict is about a deletion.
        kind: What it makes of the field; None where the conflict is about a deletion.
        is_deletion: Whether it is the deletion of the document.
        is_shown: Whether reads show it; several are shown where a rule joins them, none where one makes a
            value of its own.
        device: The index of the device that wrote it, in the order of admission; None where that is not kept.
        author: To whom that device belongs, as hexadecimal digits; None where that is not known.
        time: When it was written, by that device's clock; None where that is not kept.
        label: The authority by which it was written; empty for none.
    """

    name: str
    value: FieldValue = None
    kind: FieldKind | None = None
    is_deletion: bool = False
    is_shown: bool = False
    device: int | None = None
    author: str | None = None
    time: datetime | None = None
    label: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Conflict:
    """Writes that were made without seeing each other, as they stood when the inbox was read.

    What :meth:`choose`, :meth:`set` and :meth:`accept` write replaces what is listed here and nothing else: a
    value that arrived meanwhile stays beside it, as a conflict.

    Attributes:
        collection: Where the document is.
        id: Its id.
        field: The field; None where the conflict is about the document's deletion.
        kind: What the writers disagree about.
        siblings: What they wrote, the shown ones first.
        value: What the field shows now; None where the conflict is about a deletion.
        rule: The rule by which it is shown.
        is_open: Whether that rule leaves it to a person to decide.
        problem: Why the field's own rule did not decide; empty where it did.
        token: What was read, as of a document.
        holder: The other document, as (collection, id): who has the value, or who is named and not there;
            None where the writers of one document disagree.
    """

    collection: str
    id: str
    field: str | None
    kind: ConflictKind
    siblings: tuple[ConflictSibling, ...]
    value: FieldValue
    rule: str
    is_open: bool
    problem: str
    token: str
    holder: tuple[str, str] | None = None
    _settle: Settle = dataclass_field(compare=False, repr=False)

    def stands_in(self, found: Sequence["Conflict"]) -> bool:
        """Whether any side of it is among the conflicts of its document as they are now."""
        sides = {_side(one) for one in self.siblings}
        return any(
            (one.field, one.kind) == (self.field, self.kind)
            and not sides.isdisjoint(_side(sibling) for sibling in one.siblings)
            for one in found
        )

    def sibling(self, name: str) -> ConflictSibling:
        """The sibling with this name.

        Raises:
            Misused: there is none, or, once in many thousand conflicts, there are two.
        """
        found = [one for one in self.siblings if one.name == name]
        if len(found) != 1:
            what = "two siblings are" if found else "no sibling of this conflict is"
            raise Misused(f"{what} called {name!r}", hint=f"there are: {_listed(self.siblings)}")
        return found[0]

    async def choose(self, sibling: ConflictSibling | str) -> None:
        """Settle the conflict with one of its siblings; a value keeps its label.

        Args:
            sibling: The sibling or its name.

        Raises:
            Misused: it is not one of them.
            DocumentNotFound: the document was deleted meanwhile.
            InvalidChange: the conflict was settled meanwhile.
        """
        if not isinstance(sibling, ConflictSibling):
            sibling = self.sibling(sibling)
        if sibling not in self.siblings:
            raise Misused("a conflict is settled with one of its own siblings", hint="or set() another value")
        if self.kind is ConflictKind.DELETION:
            await self._settle(self, Verb.CONFIRM_DELETION if sibling.is_deletion else Verb.KEEP, None)
        elif self.kind is ConflictKind.KINDS:
            assert sibling.kind is not None
            await self._settle(self, Verb.UPDATE, KeepKind(sibling.kind))
        else:
            await self._settle(self, Verb.UPDATE, _said_by(sibling))

    async def set(self, value: object) -> None:
        """Settle the conflict with another value.

        Raises:
            Misused: the conflict is about a deletion.
            InvalidValue: no field can hold it.
            DocumentNotFound: the document was deleted meanwhile.
            InvalidChange: the conflict was settled meanwhile.
        """
        if self.kind is ConflictKind.DELETION:
            raise Misused("a deletion is confirmed or taken back", hint="choose() one of the siblings")
        await self._settle(self, Verb.UPDATE, (UNSET, value) if self.kind is ConflictKind.KINDS else value)

    async def accept(self) -> None:
        """Settle the conflict with what is shown.

        Raises:
            DocumentNotFound: the document was deleted meanwhile.
            InvalidChange: the conflict was settled meanwhile.
        """
        if self.holder is not None or self.kind is ConflictKind.UNIQUE:
            await self._settle(self, Verb.UPDATE, self.value)
        elif self.kind is ConflictKind.VALUES:
            shown = encode_value(self.value)
            same = (one for one in self.siblings if one.is_shown and encode_value(one.value) == shown)
            sibling = next(same, None)  # none where the rule made a value of its own
            await self._settle(self, Verb.UPDATE, self.value if sibling is None else _said_by(sibling))
        else:
            await self.choose(next(sibling for sibling in self.siblings if sibling.is_shown))


def _side(sibling: ConflictSibling) -> tuple[object, ...]:
    """What stays the same of a sibling while it is there."""
    return sibling.kind, sibling.is_deletion, sibling.device, sibling.time, sibling.label


def _listed(siblings: Sequence[ConflictSibling]) -> str:
    """Siblings by their names with what they say, for a person who has to choose one."""
    said = [
        f"{one.name} ({'deleted' if one.is_deletion else 'changed'})"
        if one.kind is None
        else f"{one.name} ({_short(repr(one.value))})"
        for one in siblings[:_MANY_SIBLINGS]
    ]
    if len(siblings) > _MANY_SIBLINGS:
        said.append(f"and {len(siblings) - _MANY_SIBLINGS} more")
    return ", ".join(said)


def _short(text: str) -> str:
    return text if len(text) <= _LONG else text[: _LONG - 1] + "…"


def _said_by(sibling: ConflictSibling) -> object:
    """A sibling as a change: its value, under its label if it has one."""
    value = sibling.value
    return asserted(value, sibling.label) if sibling.label and not isinstance(value, frozenset) else value


@dataclass(frozen=True, slots=True, kw_only=True)
class ConflictReader:
    """Finds the conflicts of documents in their states.

    Attributes:
        space: The space.
        context: What resolving its conflicts may know.
        authors: To whom its devices belong.
        settle: What conflicts are settled by.
    """

    space: SpaceId
    context: ResolutionContext
    authors: Mapping[DeviceIndex, str]
    settle: Settle

    def conflicts(self, document: DocumentState) -> list[Conflict]:
        """The conflicts of one document, settled ones too: its deletion first, then fields by name."""
        rules = self.context.rules_of(document.key.collection)
        found = [self._deletion(document)] if document.record.has_concurrent_deletion else []
        if not is_hidden(document.record, rules):
            for name in field_names(document.record, document.contents()):
                found += self._field(document, name)
        return found

    def _field(self, document: DocumentState, name: str) -> Iterator[Conflict]:
        kinds = kinds_of(document.record, document.contents(), name)
        if len(kinds) > 1:
            yield self._kinds(document, name, kinds)
        elif kinds == [FieldKind.REGISTER]:
            yield from self._values(document, name)

    def _values(self, document: DocumentState, name: str) -> Iterator[Conflict]:
        rules = self.context.rules_of(document.key.collection)
        stored = document.record.registers[name]
        verdict = register_verdict(document.record, name, self.context, rules)
        contest = contest_of(verdict, stored)
        if contest is Contest.NONE:
            return
        siblings = tuple(
            ConflictSibling(
                name=sibling_name(one.dot),
                value=decode_value(one.value),
                kind=FieldKind.REGISTER,
                is_shown=one.dot in verdict.winners,
                device=device_index(one.dot.writer),
                author=self._author(one.dot),
                time=time_of(one),
                label=one.label,
            )
            for one in in_order_of_showing(stored, verdict.winners, self.context)
        )
        yield self.conflict(
            document,
            name,
            ConflictKind.VALUES,
            siblings=siblings,
            value=verdict.value,
            rule=verdict.rule,
            is_open=contest >= Contest.OPEN,
            problem=verdict.problem,
        )

    def _kinds(self, document: DocumentState, name: str, kinds: list[FieldKind]) -> Conflict:
        rules = self.context.rules_of(document.key.collection)
        values = [
            field_value(document.record, document.contents(), name, kind, self.context, rules)
            for kind in kinds
        ]
        siblings = tuple(
            ConflictSibling(name=kind.name.lower(), value=value, kind=kind, is_shown=place == 0)
            for place, (kind, value) in enumerate(zip(kinds, values, strict=True))
        )
        rule = "counter, set, text, list, register"
        return self.conflict(
            document, name, ConflictKind.KINDS, siblings=siblings, value=values[0], rule=rule, is_open=True
        )

    def _deletion(self, document: DocumentState) -> Conflict:
        rules = self.context.rules_of(document.key.collection)
        record = document.record
        is_gone = is_hidden(record, rules)
        covered = join(record.deletions.values())
        changed = [
            Dot(writer, number)
            for writer, number in sorted(record.vector.items())
            if covered.get(writer, 0) < number
        ]
        sides = [(dot, True) for dot in sorted(record.deletions)] + [(dot, False) for dot in changed]
        siblings = tuple(
            ConflictSibling(
                name=sibling_name(dot, is_deletion=is_deletion),
                is_deletion=is_deletion,
                is_shown=is_deletion == is_gone,
                device=device_index(dot.writer),
                author=self._author(dot),
            )
            for dot, is_deletion in sorted(sides, key=lambda side: side[1] != is_gone)
        )
        contest = deletion_contest(record, rules)
        return self.conflict(
            document,
            None,
            ConflictKind.DELETION,
            siblings=siblings,
            value=None,
            rule=str(rules.deletion),
            is_open=contest >= Contest.OPEN,
            problem="this version of syncore does not know the rule" if contest is Contest.LACKING else "",
        )

    def conflict(
        self,
        document: DocumentState,
        name: str | None,
        kind: ConflictKind,
        *,
        siblings: tuple[ConflictSibling, ...],
        value: FieldValue,
        rule: str,
        is_open: bool,
        problem: str = "",
    ) -> Conflict:
        """A conflict as it stands."""
        return Conflict(
            collection=document.key.collection,
            id=document.key.id,
            field=name,
            kind=kind,
            siblings=siblings,
            value=value,
            rule=rule,
            is_open=is_open,
            problem=problem,
            token=encode_token(self.space, document.record.vector),
            _settle=self.settle,
        )

    def _author(self, dot: Dot) -> str | None:
        return self.authors.get(device_index(dot.writer))
