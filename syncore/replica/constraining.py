"""Constraints at work on the documents of one space, inside one transaction.

Owns the stored facts, standings, references and claims: they follow the documents that a transaction changes,
in that transaction, and by them it is told which other documents are to be shown otherwise. The rules
themselves are in :mod:`syncore.constraints`.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from syncore.constraints.encoding import decode_facts, decode_standing, encode_facts, encode_standing
from syncore.constraints.evaluation import is_valid
from syncore.constraints.facts import Claimant, DocumentFacts, Presence, Reference, Standing
from syncore.constraints.incremental import reevaluate
from syncore.core.errors import IntegrityError, Malformed
from syncore.core.hybrid_clock import HybridTime
from syncore.core.identifiers import DocumentKey, Writer
from syncore.core.ports import SqlConnection
from syncore.core.references import OnDelete
from syncore.replica.constraint_build import ConstraintBuild
from syncore.replica.constraint_rules import restraint_of
from syncore.storage.document_rows import DocumentRows
from syncore.storage.standing_rows import ClaimRow, StandingRow, StandingRows

Facts = Mapping[DocumentKey, DocumentFacts | None]
"""What documents come to; None for one that nobody ever wrote."""
Change = tuple[Standing | None, Standing | None]
"""How a document stood and how it stands; None for one that constraints did not know, or do not any more."""


@dataclass(frozen=True, slots=True)
class Stored:
    """What is stored of a document."""

    document: int
    facts: DocumentFacts
    standing: Standing


class Constraining:
    """The facts and standings of one space.

    Attributes:
        build: How far its documents were looked at, if not all of them were.
        fresh: Documents that the transaction has added and not shown yet: before it they were not there.
    """

    def __init__(
        self, sql: SqlConnection, space: int, documents: DocumentRows, build: ConstraintBuild | None = None
    ) -> None:
        """Work within ``sql`` on the space with that local number."""
        self.build = build
        self.fresh: Collection[DocumentKey] = ()
        self._rows = StandingRows(sql, space)
        self._documents = documents

    def find(self, key: DocumentKey) -> Stored | None:
        """What is known of a document; None if that is nothing.

        Raises:
            IntegrityError: what is stored of it is damaged.
        """
        row = self._rows.find(key)
        return self._glance(key) if row is None else read_standing(row)

    def is_stored(self, key: DocumentKey) -> bool:
        """Whether anything is stored of a document."""
        return self._rows.find(key) is not None

    def is_waiting(self, key: DocumentKey) -> bool:
        """Whether a document is still to be looked at."""
        if self.build is None or key in self.fresh:
            return False
        found = self._documents.glance(key)
        return found is not None and self.build.is_waiting(key, found[0])

    def _glance(self, key: DocumentKey) -> Stored | None:
        """One that was not looked at yet is there or not, names nobody and claims nothing."""
        if self.build is None or key in self.fresh:
            return None
        found = self._documents.glance(key)
        if found is None or not self.build.is_waiting(key, found[0]):
            return None
        document, is_deleted = found
        presence = Presence.DELETED if is_deleted else Presence.LIVE
        return Stored(document, DocumentFacts(is_deleted=is_deleted), Standing(presence=presence))

    def standing(self, key: DocumentKey) -> Standing | None:
        """How a document stands; None for one that constraints do not know."""
        stored = self.find(key)
        return None if stored is None else stored.standing

    def foresee(self, now: Facts) -> dict[DocumentKey, Standing]:
        """The new standings, if documents came to these facts; nothing is changed."""
        return self._evaluate(now)[2]

    def ground(self, now: Facts) -> "SqlGround":
        """Everything that is known, with these facts over what is stored."""
        return SqlGround(self, self._rows, now)

    def take(self, now: Facts) -> dict[DocumentKey, Change]:
        """Keep what documents come to; how all documents stood and stand that stand otherwise now.

        Every document has a row already. One that was never written stands no more.
        """
        ground, changed, found = self._evaluate(now)
        taken: dict[DocumentKey, Change] = {}
        for key in {**dict.fromkeys(changed), **found}:
            stored = ground.find(key)
            facts = now[key] if key in changed else None if stored is None else stored.facts
            standing = found.get(key, None if stored is None else stored.standing)
            taken[key] = None if stored is None else stored.standing, None if facts is None else standing
            if facts is None:
                self._remove(key)
            else:
                assert standing is not None, "whoever is new stands somehow"
                self._put(key, facts, standing, stored)
        return taken

    def note_unchanged(self, keys: Iterable[DocumentKey]) -> None:
        """Store what is known of documents that were looked at, and have nothing new to say."""
        for key in keys:
            stored = self._glance(key)
            if stored is not None and not self.is_stored(key):
                self._put(key, stored.facts, stored.standing, stored)

    def clear(self) -> list[int]:
        """Forget everything; the rows of the documents that were not shown as their states say."""
        held_back = self._rows.held_back()
        self._rows.clear()
        return held_back

    def _evaluate(
        self, now: Facts
    ) -> tuple["SqlGround", dict[DocumentKey, DocumentFacts | None], dict[DocumentKey, Standing]]:
        """What is known; whose facts change, with what they were; and who stands otherwise then."""
        before = {key: self.find(key) for key in now}
        changed = {
            key: None if stored is None else stored.facts
            for key, stored in before.items()
            if (None if stored is None else stored.facts) != now[key]
        }
        ground = SqlGround(self, self._rows, {key: now[key] for key in changed}, before)
        return ground, changed, reevaluate(ground, changed) if changed else {}

    def put(self, key: DocumentKey, facts: DocumentFacts, standing: Standing) -> None:
        """Keep the facts and the standing of a document, which has a row."""
        self._put(key, facts, standing, self.find(key))

    def _put(self, key: DocumentKey, facts: DocumentFacts, standing: Standing, stored: Stored | None) -> None:
        document = self._documents.row_of(key) if stored is None else stored.document
        assert document is not None, key
        row = StandingRow(document, encode_facts(facts), encode_standing(standing))
        self._rows.write(row, is_held_back=restraint_of(standing) is not None)
        if stored is None or stored.facts.references != facts.references:
            self._rows.write_references(document, references_in(facts.references))
        claims = claims_in(facts, standing)
        if claims != ([] if stored is None else claims_in(stored.facts, stored.standing)):
            self._rows.write_claims(document, claims)

    def _remove(self, key: DocumentKey) -> None:
        stored = self.find(key)
        if stored is not None:
            self._rows.remove(stored.document)
            self._rows.write_references(stored.document, ())
            self._rows.write_claims(stored.document, ())


@dataclass(slots=True)
class SqlGround:
    """What re-evaluation reads, from the file, with what documents come to over it."""

    constraining: Constraining
    rows: StandingRows
    now: Facts
    _stored: dict[DocumentKey, Stored | None] = field(default_factory=dict)
    _naming: dict[DocumentKey, dict[DocumentKey, set[OnDelete]]] | None = None

    def facts(self, key: DocumentKey) -> DocumentFacts | None:
        """What a document comes to; None if nobody ever wrote it."""
        if key in self.now:
            return self.now[key]
        stored = self.find(key)
        return None if stored is None else stored.facts

    def standing(self, key: DocumentKey) -> Standing | None:
        """How it stood before."""
        stored = self.find(key)
        return None if stored is None else stored.standing

    def referrers(self, target: DocumentKey, on_delete: OnDelete | None = None) -> Iterable[DocumentKey]:
        """Who names a document now."""
        stored = self.rows.referrers(target, None if on_delete is None else on_delete.value)
        found = [key for key in stored if key not in self.now]
        for key, rules in self._named().get(target, {}).items():
            if on_delete is None or on_delete in rules:
                found.append(key)
        return found

    def _named(self) -> dict[DocumentKey, dict[DocumentKey, set[OnDelete]]]:
        """By whom documents are named in what others come to, and by which rules."""
        if self._naming is None:
            self._naming = {}
            for key, facts in self.now.items():
                for one in () if facts is None else facts.references:
                    self._naming.setdefault(one.target, {}).setdefault(key, set()).add(one.on_delete)
        return self._naming

    def claimants(self, constraint: str, value: bytes) -> Iterator[Claimant]:
        """Who claimed a value before, was live, and whose claim was valid."""
        for row in self.rows.claimants(constraint, value):
            yield Claimant(HybridTime(row.time), Writer(row.writer), row.key)

    def find(self, key: DocumentKey) -> Stored | None:
        """What was known of a document before; None if that was nothing."""
        if key not in self._stored:
            self._stored[key] = self.constraining.find(key)
        return self._stored[key]


def read_standing(row: StandingRow) -> Stored:
    """What is stored of a document.

    Raises:
        IntegrityError: it cannot be read.
    """
    try:
        return Stored(row.document, decode_facts(row.facts), decode_standing(row.standing))
    except Malformed as error:
        what = "the standing of a document"
        raise IntegrityError(f"{what} is damaged, or of a later version", what=what) from error


def references_in(references: Iterable[Reference]) -> list[tuple[DocumentKey, str]]:
    """Whom a document names, and by which rule, as it is stored; sorted."""
    return sorted({(one.target, one.on_delete.value) for one in references})


def claims_in(facts: DocumentFacts, standing: Standing) -> list[ClaimRow]:
    """The claims of a document that count: those of a live one, without a reference shown as nothing."""
    if not standing.is_live:
        return []
    claims = (claim for claim in facts.claims if is_valid(claim, standing.nulled))
    return sorted(
        (ClaimRow(one.constraint, one.value, one.time, one.writer) for one in claims),
        key=lambda one: one.constraint,
    )
