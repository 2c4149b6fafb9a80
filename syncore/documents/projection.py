"""What a document looks like: values by field, computed from its state.

Owns how state becomes values: what a field shows as when writers disagree, and which fields are in conflict.
Knows nothing of how states come about, or of the form in which projections are stored
(:mod:`syncore.documents.projection_encoding`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import field
from typing import NamedTuple

from syncore.codec.values import Value, decode_value
from syncore.core.lean import lean_dataclass
from syncore.core.vectors import Vector
from syncore.documents.operations import FieldKind
from syncore.documents.record import Record, Sibling
from syncore.documents.resolution import Contest, ResolutionContext, Verdict
from syncore.documents.rules import NO_RULES, CollectionRules, DeletionRule
from syncore.documents.strategies import resolve
from syncore.documents.structures import Element, decode_element

FieldValue = Value | frozenset[Element]
"""A register's value, an int for a counter, a frozenset for a set, a str for a text, a list for a list."""

PRECEDENCE = (FieldKind.COUNTER, FieldKind.SET, FieldKind.TEXT, FieldKind.LIST, FieldKind.REGISTER)
"""What a field shows as when concurrent writers made it several kinds at once; what is hidden is kept."""


@lean_dataclass(frozen=True, slots=True, kw_only=True)
class Projection:
    """A document as it is read.

    Attributes:
        vector: The document's vector; as a token, it says what a reader has seen.
        values: The fields in the order of their names. Empty for a deleted document.
        kinds: The kind of every field that is not a register.
        conflicts: Sorted names of the fields whose concurrent writers disagree.
        is_deleted: Whether the document is deleted.
        contest: How far what was written at once is settled; not part of the stored form.
        problems: What went wrong in resolvers that this program has, sorted; not part of the stored form.
    """

    vector: Vector
    values: Mapping[str, FieldValue]
    kinds: Mapping[str, FieldKind]
    conflicts: tuple[str, ...]
    is_deleted: bool
    contest: Contest = field(default=Contest.NONE, compare=False)
    problems: tuple[str, ...] = field(default=(), compare=False)

    @property
    def is_live(self) -> bool:
        """Whether the document is there for its readers."""
        return bool(self.vector) and not self.is_deleted


@lean_dataclass(frozen=True, slots=True, kw_only=True)
class Contents:
    """What the rich part of a document holds: every text and list that is not empty."""

    texts: Mapping[str, str] = field(default_factory=dict)
    lists: Mapping[str, Sequence[bytes]] = field(default_factory=dict)


NO_CONTENTS = Contents()


class Shown(NamedTuple):
    """What one field shows.

    Attributes:
        value: Its value.
        kind: Its kind.
        contest: How far its concurrent writers disagree.
        is_lasting: Whether it shows the same again while nobody writes to it. A conflict is resolved anew
            each time, because the context may have changed; a value that whoever gets it could change in
            place is decoded anew.
        problem: What went wrong in its resolver, if this program has it; empty where nothing did.
    """

    value: FieldValue
    kind: FieldKind
    contest: Contest
    is_lasting: bool
    problem: str = ""


def project(
    record: Record,
    contents: Contents,
    context: ResolutionContext,
    rules: CollectionRules = NO_RULES,
    known: dict[str, Shown] | None = None,
    *,
    is_brought_back: bool = False,
) -> Projection:
    """The projection of a document's state.

    Args:
        record: The record.
        contents: The texts and lists.
        context: What resolving conflicts may know.
        rules: How conflicts are resolved.
        known: What fields show, as far as it is known already; what comes to be known is added.
        is_brought_back: Whether the fields of a deleted document are to be shown all the same.
    """
    known = {} if known is None else known
    values: dict[str, FieldValue] = {}
    kinds: dict[str, FieldKind] = {}
    conflicts: list[str] = []
    problems: list[str] = []
    is_deleted = is_hidden(record, rules)
    contest = deletion_contest(record, rules)
    for name in () if is_deleted and not is_brought_back else field_names(record, contents):
        shown = known.get(name) or _show(record, contents, name, context, rules)
        if shown is None:
            continue
        if shown.is_lasting:
            known[name] = shown
        values[name] = shown.value
        if shown.kind is not FieldKind.REGISTER:
            kinds[name] = shown.kind
        if shown.contest is not Contest.NONE:
            contest = max(contest, shown.contest)
            if shown.contest >= Contest.OPEN:
                conflicts.append(name)
            if shown.problem:
                problems.append(shown.problem)
    return Projection(
        vector=dict(record.vector),
        values=values,
        kinds=kinds,
        conflicts=tuple(conflicts),
        is_deleted=is_deleted,
        contest=contest,
        problems=tuple(sorted(problems)),
    )


def is_hidden(record: Record, rules: CollectionRules) -> bool:
    """Whether a document that was deleted is to be seen no more."""
    if not record.deletions:
        return False
    return rules.deletion is DeletionRule.DELETE_WINS or record.is_deleted


def deletion_contest(record: Record, rules: CollectionRules) -> Contest:
    """How far it is settled that a document was deleted while somebody changed it."""
    if not record.has_concurrent_deletion:
        return Contest.NONE
    if rules.deletion is DeletionRule.ASK:
        return Contest.OPEN
    return Contest.SETTLED if isinstance(rules.deletion, DeletionRule) else Contest.LACKING


def _show(
    record: Record, contents: Contents, name: str, context: ResolutionContext, rules: CollectionRules
) -> Shown | None:
    """What a field shows, or None when it is not there."""
    kinds = kinds_of(record, contents, name)
    if not kinds:
        return None
    kind = kinds[0]
    if kind is FieldKind.REGISTER and len(record.registers[name]) > 1:
        verdict = register_verdict(record, name, context, rules)
        has_failed = verdict.is_lacking and rules.rule(name) in context.resolvers
        return Shown(
            value=verdict.value,
            kind=kind,
            contest=contest_of(verdict, record.registers[name]),
            is_lasting=False,
            problem=verdict.problem if has_failed else "",
        )
    value = field_value(record, contents, name, kind, context, rules)
    is_lasting = type(value) not in (list, dict)
    return Shown(value, kind, Contest.OPEN if len(kinds) > 1 else Contest.NONE, is_lasting)


def register_verdict(
    record: Record, name: str, context: ResolutionContext, rules: CollectionRules
) -> Verdict:
    """What a register shows, and why."""
    return resolve(record.registers[name], rules.rule(name), context)


def contest_of(verdict: Verdict, siblings: Sequence[Sibling]) -> Contest:
    """How far a verdict settles what the siblings of a register disagree about."""
    if len({sibling.value for sibling in siblings}) == 1:
        return Contest.NONE
    if verdict.is_lacking:
        return Contest.LACKING
    return Contest.SETTLED if verdict.is_settled else Contest.OPEN


def kinds_of(record: Record, contents: Contents, name: str) -> list[FieldKind]:
    """As what a field is there: nothing, one kind, or several, the one that shows first."""
    found = []
    if name in record.counters and record.has_counter(name):
        found.append(FieldKind.COUNTER)
    declared = record.declarations.get(name, ())
    if name in record.sets or FieldKind.SET in declared:
        found.append(FieldKind.SET)
    if name in contents.texts or FieldKind.TEXT in declared:
        found.append(FieldKind.TEXT)
    if name in contents.lists or FieldKind.LIST in declared:
        found.append(FieldKind.LIST)
    if name in record.registers:
        found.append(FieldKind.REGISTER)
    return found


def field_value(
    record: Record,
    contents: Contents,
    name: str,
    kind: FieldKind,
    context: ResolutionContext,
    rules: CollectionRules = NO_RULES,
) -> FieldValue:
    """What a field shows as one of the kinds that it is there as."""
    if kind is FieldKind.REGISTER:
        siblings = record.registers[name]
        if len(siblings) == 1:  # nearly all, and no rule has a say in it
            return decode_value(siblings[0].value)
        return register_verdict(record, name, context, rules).value
    if kind is FieldKind.COUNTER:
        return record.count(name)
    if kind is FieldKind.SET:
        return frozenset(decode_element(element) for element in record.sets.get(name, ()))
    if kind is FieldKind.TEXT:
        return contents.texts.get(name, "")
    return [decode_value(item) for item in contents.lists.get(name, ())]


def field_names(record: Record, contents: Contents) -> list[str]:
    """The names of all fields that anything is known of, sorted."""
    if not (record.counters or record.sets or record.declarations or contents.texts or contents.lists):
        return sorted(record.registers)
    return sorted(
        {
            *record.registers,
            *record.counters,
            *record.sets,
            *record.declarations,
            *contents.texts,
            *contents.lists,
        }
    )
