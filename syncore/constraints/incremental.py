"""The standings that change when some documents do.

Finds what :func:`~syncore.constraints.evaluation.evaluate` finds, from those documents and whom they reach.

Each phase first collects whom it can concern, takes those for undecided, and decides them from the border
inwards: a document outside stands as it stood, because nothing that it depends on is inside.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from syncore.constraints.evaluation import is_valid, presence, targets
from syncore.constraints.facts import (
    Claim,
    Claimant,
    DocumentFacts,
    Ground,
    Presence,
    Reference,
    Standing,
)
from syncore.core.identifiers import DocumentKey
from syncore.core.references import OnDelete


def reevaluate(
    ground: Ground, changed: Mapping[DocumentKey, DocumentFacts | None]
) -> dict[DocumentKey, Standing]:
    """The new standings of the documents that stand otherwise than before, or stand at all only now.

    Args:
        ground: The facts as they are, the standings as they were.
        changed: The documents whose facts are others than before, with what they were; None for a new one.
    """
    return _Reevaluation(ground, changed).run()


@dataclass(slots=True)
class _Reevaluation:
    ground: Ground
    changed: Mapping[DocumentKey, DocumentFacts | None]
    _kept: dict[DocumentKey, bool] = field(default_factory=dict)
    _cascaded: dict[DocumentKey, bool] = field(default_factory=dict)
    _nulled: dict[DocumentKey, frozenset[Reference]] = field(default_factory=dict)
    _lost: dict[DocumentKey, set[str]] = field(default_factory=dict)

    def run(self) -> dict[DocumentKey, Standing]:
        self._decide_kept()
        self._decide_cascaded()
        self._decide_nulled()
        self._decide_claims()
        found = {}
        for key in {*self.changed, *self._cascaded, *self._nulled, *self._lost}:
            standing = self._standing(key)
            if standing is not None and standing != self.ground.standing(key):
                found[key] = standing
        return found

    # What was not deleted, or is brought back.

    def _decide_kept(self) -> None:
        undecided = self._reach_restorable()
        self._kept.update(dict.fromkeys(undecided, False))
        waiting = [key for key in undecided if self._is_needed_from_outside(key, undecided)]
        while waiting:
            key = waiting.pop()
            if not self._kept[key]:
                self._kept[key] = True
                waiting += (one for one in targets(self._facts(key), OnDelete.RESTORE) if one in undecided)

    def _reach_restorable(self) -> set[DocumentKey]:
        """Deleted documents that may come back or go because of what has changed."""
        found: set[DocumentKey] = set()
        waiting = [*self.changed]
        for key, before in self.changed.items():
            waiting += targets(before, OnDelete.RESTORE)
            waiting += targets(self._facts(key), OnDelete.RESTORE)
        while waiting:
            key = waiting.pop()
            facts = self._facts(key)
            if facts is not None and facts.is_deleted and key not in found:
                found.add(key)
                waiting += targets(facts, OnDelete.RESTORE)
        return found

    def _is_needed_from_outside(self, key: DocumentKey, undecided: set[DocumentKey]) -> bool:
        referrers = self.ground.referrers(key, OnDelete.RESTORE)
        return any(one not in undecided and self._is_kept(one) for one in referrers)

    def _is_kept(self, key: DocumentKey) -> bool:
        decided = self._kept.get(key)
        if decided is not None:
            return decided
        facts = self._facts(key)
        if facts is None:
            return False
        return not facts.is_deleted or _was_kept(self.ground.standing(key))

    # What depends on something that is not there.

    def _decide_cascaded(self) -> None:
        undecided = self._reach_dependent()
        self._cascaded.update(dict.fromkeys(undecided, False))
        waiting = [key for key in undecided if self._is_kept(key) and self._has_lost_support(key, undecided)]
        while waiting:
            key = waiting.pop()
            if not self._cascaded[key]:
                self._cascaded[key] = True
                waiting += (one for one in self._dependents(key) if one in undecided and self._is_kept(one))

    def _reach_dependent(self) -> set[DocumentKey]:
        """Documents that may go, or come again, because of what has changed or is kept otherwise."""
        waiting = [*self.changed]
        waiting += (
            key for key, is_kept in self._kept.items() if is_kept != _was_kept(self.ground.standing(key))
        )
        found: set[DocumentKey] = set()
        while waiting:
            key = waiting.pop()
            if key not in found:
                found.add(key)
                waiting += self._dependents(key)
        return found

    def _dependents(self, key: DocumentKey) -> Iterable[DocumentKey]:
        return self.ground.referrers(key, OnDelete.CASCADE)

    def _has_lost_support(self, key: DocumentKey, undecided: set[DocumentKey]) -> bool:
        for target in targets(self._facts(key), OnDelete.CASCADE):
            if self._facts(target) is None:
                continue  # what never was cannot have gone
            if not self._is_kept(target) or (target not in undecided and self._was_cascaded(target)):
                return True
        return False

    def _was_cascaded(self, key: DocumentKey) -> bool:
        standing = self.ground.standing(key)
        return standing is not None and standing.presence is Presence.CASCADED

    # References to what is not there.

    def _decide_nulled(self) -> None:
        concerned = {*self.changed, *self._cascaded}
        for key in tuple(self._cascaded):
            if self._is_live(key) != _was_live(self.ground.standing(key)):
                concerned.update(self.ground.referrers(key))
        for key in concerned:
            facts = self._facts(key)
            if facts is not None and self._is_live(key):
                gone = (one for one in facts.references if not self._is_live(one.target))
                self._nulled[key] = frozenset(gone)
            else:
                self._nulled[key] = frozenset()

    def _is_live(self, key: DocumentKey) -> bool:
        decided = self._cascaded.get(key)
        if decided is None:
            return self._facts(key) is not None and _was_live(self.ground.standing(key))
        return not decided and self._is_kept(key)

    # Who has what only one may have.

    def _decide_claims(self) -> None:
        """Whoever is concerned is judged anew; of the others at most two in each group stand otherwise."""
        groups: dict[tuple[str, bytes], list[Claimant]] = {}
        for key in self._nulled:
            self._lost[key] = set()
            for facts in (self.changed.get(key), self._facts(key)):
                for claim in () if facts is None else facts.claims:
                    groups.setdefault((claim.constraint, claim.value), [])
            for claim in self._valid_claims(key):
                groups[claim.constraint, claim.value].append(Claimant(claim.time, claim.writer, key))
        for (constraint, value), claimants in groups.items():
            self._decide_group(constraint, value, claimants)

    def _decide_group(self, constraint: str, value: bytes, concerned: list[Claimant]) -> None:
        # Of those whose validity is as it was, the first had the value, or stands first in line for it.
        earlier = self.ground.claimants(constraint, value)
        first = next((one for one in earlier if one.key not in self._nulled), None)
        claimants = concerned if first is None else [*concerned, first]
        if first is not None and first.key not in self._lost:
            standing = self.ground.standing(first.key)
            self._lost[first.key] = set() if standing is None else set(standing.lost)
        holder = min(claimants, default=None)
        for claimant in claimants:
            if claimant is holder:
                self._lost[claimant.key].discard(constraint)
            else:
                self._lost[claimant.key].add(constraint)

    def _valid_claims(self, key: DocumentKey) -> Iterator[Claim]:
        facts = self._facts(key)
        if facts is not None and self._is_live(key):
            for claim in facts.claims:
                if is_valid(claim, self._nulled[key]):
                    yield claim

    # Everything together.

    def _facts(self, key: DocumentKey) -> DocumentFacts | None:
        return self.ground.facts(key)

    def _standing(self, key: DocumentKey) -> Standing | None:
        facts = self._facts(key)
        if facts is None:
            return None
        before = self.ground.standing(key)
        found = before or Standing()
        if key in self._cascaded:
            is_cascaded = self._cascaded[key]
            kept = presence(facts, is_kept=self._is_kept(key), is_cascaded=is_cascaded)
            found = replace(found, presence=kept)
        if key in self._nulled:
            found = replace(found, nulled=self._nulled[key])
        if key in self._lost:
            found = replace(found, lost=frozenset(self._lost[key]))
        return found


def _was_kept(standing: Standing | None) -> bool:
    return standing is not None and standing.presence is not Presence.DELETED


def _was_live(standing: Standing | None) -> bool:
    return standing is not None and standing.is_live
