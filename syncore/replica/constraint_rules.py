"""The constraints of a space, as its settings come to, and what a standing holds back of a document."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from types import MappingProxyType

from syncore.constraints.facts import Presence, Reference, Standing
from syncore.core.identifiers import is_reserved
from syncore.documents.restraint import Restraint
from syncore.documents.rules import CollectionRules, ReferenceRule, Unreadable

_SEPARATOR = "\n"
"""Stands in no name, so that the names of constraints cannot be mistaken for one another."""


@dataclass(frozen=True, slots=True)
class CollectionConstraints:
    """What is asked of the documents of one collection; nothing where they are only referred to.

    Attributes:
        unique: The fields that are unique together, by the name of the constraint.
        references: The rules of the fields that name documents.
    """

    unique: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: MappingProxyType({}))
    references: Mapping[str, ReferenceRule] = field(default_factory=lambda: MappingProxyType({}))


SpaceConstraints = Mapping[str, CollectionConstraints]
"""The collections whose documents constraints know of: those that have any, or are referred to."""

NO_CONSTRAINTS = CollectionConstraints()


def space_constraints(rules: Mapping[str, CollectionRules]) -> SpaceConstraints:
    """The constraints of a space; empty where it has none."""
    found: dict[str, CollectionConstraints] = {}
    for collection, own in rules.items():
        if is_reserved(collection) or not (own.unique or own.references):
            continue
        unique = () if isinstance(own.unique, Unreadable) else own.unique
        references = {} if isinstance(own.references, Unreadable) else own.references
        if unique or references:
            named = {constraint_name(collection, fields): fields for fields in unique}
            found[collection] = CollectionConstraints(named, references)
    for constraints in list(found.values()):
        for rule in constraints.references.values():
            found.setdefault(rule.collection, NO_CONSTRAINTS)
    return found


def concerned_collections(collection: str, before: CollectionRules, now: CollectionRules) -> set[str]:
    """Of whose documents something else is known when the constraints of a collection change."""
    found = {collection}
    for rules in (before, now):
        if not isinstance(rules.references, Unreadable):
            found |= {rule.collection for rule in rules.references.values()}
    return found


@lru_cache(maxsize=256)
def constraint_name(collection: str, fields: tuple[str, ...]) -> str:
    """What tells a unique constraint from all others of its space."""
    return _SEPARATOR.join((collection, *fields))


def constrained_fields(name: str) -> tuple[str, ...]:
    """The fields of the constraint of that name."""
    return tuple(name.split(_SEPARATOR)[1:])


def restraint_of(standing: Standing | None) -> Restraint | None:
    """What a standing holds back of its document; None where that is nothing."""
    if standing is None or standing.presence is Presence.DELETED:
        return None
    if standing.presence is Presence.CASCADED:
        return Restraint(is_there=False)
    is_restored = standing.presence is Presence.RESTORED
    if not (is_restored or standing.nulled or standing.lost):
        return None
    return Restraint(
        is_there=True if is_restored else None,
        lost=frozenset(constrained_fields(name)[-1] for name in standing.lost),
        nulled=_by_field(standing.nulled),
    )


def _by_field(nulled: frozenset[Reference]) -> dict[str, frozenset[str]]:
    found: dict[str, frozenset[str]] = {}
    for one in nulled:
        found[one.field] = found.get(one.field, frozenset()) | {one.target.id}
    return found
