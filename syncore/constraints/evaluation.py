"""The standing of every document of a space, from the facts of all: the definition of what constraints mean.

The phases follow one another and none goes back, so there is exactly one answer whatever was merged in which
order:

1. what nobody deleted is there, and what those who are there need (``restore``) is brought back, and so on;
2. what depends (``cascade``) on something that is not there goes, and so on;
3. references to what is not there are shown as nothing;
4. of those who are there and claim one value, the earliest has it.

Slow and simple. :mod:`syncore.constraints.incremental` finds the same from what has changed.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping

from syncore.constraints.facts import (
    Claim,
    Claimant,
    DocumentFacts,
    Presence,
    Reference,
    Standing,
    Universe,
)
from syncore.core.identifiers import DocumentKey
from syncore.core.references import OnDelete


def evaluate(universe: Universe) -> dict[DocumentKey, Standing]:
    """How every document stands."""
    kept = _kept(universe)
    cascaded = _cascaded(universe, kept)
    live = kept - cascaded
    nulled = {key: nulled_references(universe[key], live) for key in live}
    lost = _lost(universe, nulled)
    return {
        key: Standing(
            presence=presence(facts, is_kept=key in kept, is_cascaded=key in cascaded),
            nulled=nulled.get(key, frozenset()),
            lost=frozenset(lost[key]),
        )
        for key, facts in universe.items()
    }


def presence(facts: DocumentFacts, *, is_kept: bool, is_cascaded: bool) -> Presence:
    """Whether a document is there, from what the first two phases found."""
    if is_cascaded:
        return Presence.CASCADED
    if not is_kept:
        return Presence.DELETED
    return Presence.RESTORED if facts.is_deleted else Presence.LIVE


def targets(facts: DocumentFacts | None, on_delete: OnDelete) -> list[DocumentKey]:
    """Whom a document names in references of one kind."""
    return [] if facts is None else [one.target for one in facts.references if one.on_delete is on_delete]


def nulled_references(facts: DocumentFacts, live: Collection[DocumentKey]) -> frozenset[Reference]:
    """The references of a live document that are shown as nothing."""
    return frozenset(one for one in facts.references if one.target not in live)


def is_valid(claim: Claim, nulled: Collection[Reference]) -> bool:
    """Whether a live document's claim claims something."""
    return not any(one.field in claim.fields for one in nulled)


def _kept(universe: Universe) -> set[DocumentKey]:
    """What was not deleted, or is brought back."""
    kept = {key for key, facts in universe.items() if not facts.is_deleted}
    waiting = [*kept]
    while waiting:
        for target in targets(universe[waiting.pop()], OnDelete.RESTORE):
            if target in universe and target not in kept:
                kept.add(target)
                waiting.append(target)
    return kept


def _cascaded(universe: Universe, kept: Collection[DocumentKey]) -> set[DocumentKey]:
    """What would be kept, but for something that it depends on."""
    dependents = defaultdict(list)
    for key in kept:
        for target in targets(universe[key], OnDelete.CASCADE):
            dependents[target].append(key)
    cascaded: set[DocumentKey] = set()
    waiting = [key for key in universe if key not in kept]
    while waiting:
        for dependent in dependents[waiting.pop()]:
            if dependent not in cascaded:
                cascaded.add(dependent)
                waiting.append(dependent)
    return cascaded


def _lost(
    universe: Universe, nulled: Mapping[DocumentKey, frozenset[Reference]]
) -> defaultdict[DocumentKey, set[str]]:
    """Under which constraints each document lost; ``nulled`` has the live ones."""
    groups: defaultdict[tuple[str, bytes], list[Claimant]] = defaultdict(list)
    for key, gone in nulled.items():
        for claim in universe[key].claims:
            if is_valid(claim, gone):
                groups[claim.constraint, claim.value].append(Claimant(claim.time, claim.writer, key))
    lost: defaultdict[DocumentKey, set[str]] = defaultdict(set)
    for (constraint, _), claimants in groups.items():
        for loser in sorted(claimants)[1:]:
            lost[loser.key].add(constraint)
    return lost
