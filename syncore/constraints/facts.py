"""What constraints know of a document, and what they find about it.

Facts are taken from one document's own state alone. A standing follows from the facts of all documents of a
space: which of them are live, which references are shown as nothing, which claims are lost.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple, Protocol

from syncore.core.hybrid_clock import HybridTime
from syncore.core.identifiers import DocumentKey, Writer
from syncore.core.references import OnDelete


class Reference(NamedTuple):
    """One document names another.

    Attributes:
        field: Where; a field that holds several has several references.
        target: Whom.
        on_delete: What becomes of it when the target is deleted.
    """

    field: str
    target: DocumentKey
    on_delete: OnDelete


class Claim(NamedTuple):
    """A document claims what only one document may have.

    Attributes:
        constraint: Which constraint, of which collection: a name that differs from all others of the space.
        value: What is claimed, encoded.
        fields: The fields that make it up; a claim whose reference is shown as nothing claims nothing.
        time: When the last of them was written; an earlier claim wins.
        writer: By whom; decides between equal times.
    """

    constraint: str
    value: bytes
    fields: tuple[str, ...]
    time: HybridTime
    writer: Writer


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentFacts:
    """What one document's state says.

    Attributes:
        is_deleted: Whether it is deleted, by the deletion rule of its collection.
        references: Whom it names, nobody twice in one field.
        claims: What it claims, at most once for each constraint.
    """

    is_deleted: bool = False
    references: tuple[Reference, ...] = ()
    claims: tuple[Claim, ...] = ()


class Presence(Enum):
    """Whether a document is there, and why."""

    LIVE = "live"
    """Nobody deleted it, and what it depends on is there."""
    RESTORED = "restored"
    """It was deleted, and a live document that needs it brings it back."""
    DELETED = "deleted"
    """It was deleted."""
    CASCADED = "cascaded"
    """It depends on a document that is not there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What constraints find about one document.

    Attributes:
        presence: Whether it is there.
        nulled: References that are shown as nothing; none where the document is not there.
        lost: Constraints under which another document has what this one claims.
    """

    presence: Presence = Presence.LIVE
    nulled: frozenset[Reference] = frozenset()
    lost: frozenset[str] = frozenset()

    @property
    def is_live(self) -> bool:
        """Whether readers find the document."""
        return self.presence in (Presence.LIVE, Presence.RESTORED)


class Claimant(NamedTuple):
    """Who claims something; they sort by who wins."""

    time: HybridTime
    writer: Writer
    key: DocumentKey


Universe = Mapping[DocumentKey, DocumentFacts]
"""Every document that was ever written in a space."""


class Ground(Protocol):
    """What re-evaluation reads: facts as they are now, standings as they were."""

    def facts(self, key: DocumentKey) -> DocumentFacts | None:
        """What a document's state says now; None if there never was such a document."""

    def standing(self, key: DocumentKey) -> Standing | None:
        """How it stood before; None if there was no such document then."""

    def referrers(self, target: DocumentKey, on_delete: OnDelete | None = None) -> Iterable[DocumentKey]:
        """Who names a document now, in references of one kind or of any."""

    def claimants(self, constraint: str, value: bytes) -> Iterator[Claimant]:
        """Who claimed a value before, was live, and whose claim was valid, in the order of their claims."""
