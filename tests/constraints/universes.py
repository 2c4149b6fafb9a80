"""Small spaces of documents that name each other and claim the same things, drawn by hypothesis."""

from collections.abc import Iterable, Iterator

from hypothesis import strategies as st

from syncore.constraints.evaluation import is_valid
from syncore.constraints.facts import Claim, Claimant, DocumentFacts, Reference, Standing
from syncore.core.hybrid_clock import HybridTime
from syncore.core.identifiers import DocumentKey, Writer
from syncore.core.references import OnDelete

KEYS = [DocumentKey("notes", name) for name in "abcdefg"]


def key(name: str) -> DocumentKey:
    """A document by its id."""
    return DocumentKey("notes", name)


def names(target: str, on_delete: OnDelete, field: str = "other") -> Reference:
    """A reference to a document by its id."""
    return Reference(field, key(target), on_delete)


def claims(value: str, time: int = 1, *, writer: int = 1, fields: tuple[str, ...] = ("title",)) -> Claim:
    """A claim of a title."""
    return Claim("title", value.encode(), fields, HybridTime(time), Writer(writer))


def references() -> st.SearchStrategy[tuple[Reference, ...]]:
    """Some references; a few of them to documents that never were."""
    one = st.builds(
        Reference, st.sampled_from(["other", "owner"]), st.sampled_from(KEYS), st.sampled_from(OnDelete)
    )
    return st.lists(one, max_size=3, unique_by=lambda found: (found.field, found.target)).map(tuple)


def claimed() -> st.SearchStrategy[tuple[Claim, ...]]:
    """Claims under two constraints, one of them over a field that may be a reference."""
    title = st.builds(
        Claim,
        st.just("title"),
        st.sampled_from([b"x", b"y"]),
        st.just(("title",)),
        st.integers(1, 4).map(HybridTime),
        st.integers(1, 3).map(Writer),
    )
    pair = title.map(lambda claim: claim._replace(constraint="pair", fields=("title", "other")))
    return st.tuples(st.none() | title, st.none() | pair).map(lambda two: tuple(one for one in two if one))


def documents() -> st.SearchStrategy[DocumentFacts]:
    """One document's facts."""
    return st.builds(
        lambda is_deleted, named, held: DocumentFacts(is_deleted=is_deleted, references=named, claims=held),
        st.booleans(),
        references(),
        claimed(),
    )


class MemoryGround:
    """Facts as they are and standings as they were, in memory."""

    def __init__(self) -> None:
        """No document was ever written."""
        self.before: dict[DocumentKey, DocumentFacts] = {}
        self.now: dict[DocumentKey, DocumentFacts] = {}
        self.standings: dict[DocumentKey, Standing] = {}

    def facts(self, key: DocumentKey) -> DocumentFacts | None:
        """What a document's state says now."""
        return self.now.get(key)

    def standing(self, key: DocumentKey) -> Standing | None:
        """How it stood before."""
        return self.standings.get(key)

    def referrers(self, target: DocumentKey, on_delete: OnDelete | None = None) -> Iterable[DocumentKey]:
        """Who names a document now."""
        return [
            key
            for key, facts in self.now.items()
            if any(one.target == target and on_delete in (None, one.on_delete) for one in facts.references)
        ]

    def claimants(self, constraint: str, value: bytes) -> Iterator[Claimant]:
        """Who claimed a value before."""
        found = [
            Claimant(claim.time, claim.writer, key)
            for key, facts in self.before.items()
            for claim in facts.claims
            if (claim.constraint, claim.value) == (constraint, value)
            and self.standings[key].is_live
            and is_valid(claim, self.standings[key].nulled)
        ]
        return iter(sorted(found))
