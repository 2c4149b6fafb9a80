"""What constraints mean, phase by phase, and what holds of every answer."""

import random

from hypothesis import given
from hypothesis import strategies as st

from syncore.constraints.evaluation import evaluate
from syncore.constraints.facts import DocumentFacts, Presence, Universe
from syncore.core.references import OnDelete
from tests.constraints.universes import KEYS, claims, documents, key, names

GONE = DocumentFacts(is_deleted=True)
universes = st.dictionaries(st.sampled_from(KEYS), documents())


def presences(universe: Universe) -> dict[str, Presence]:
    """Whether each document is there."""
    return {found.id: standing.presence for found, standing in evaluate(universe).items()}


def test_a_live_reference_brings_its_target_back_and_that_its_own() -> None:
    """Through any number of deleted documents, and not from a document that is itself gone."""
    chain = {
        key("a"): DocumentFacts(references=(names("b", OnDelete.RESTORE),)),
        key("b"): DocumentFacts(is_deleted=True, references=(names("c", OnDelete.RESTORE),)),
        key("c"): GONE,
        key("d"): DocumentFacts(is_deleted=True, references=(names("e", OnDelete.RESTORE),)),
        key("e"): GONE,
    }
    assert presences(chain) == {
        "a": Presence.LIVE,
        "b": Presence.RESTORED,
        "c": Presence.RESTORED,
        "d": Presence.DELETED,
        "e": Presence.DELETED,
    }


def test_what_depends_on_something_deleted_goes_and_what_depends_on_that() -> None:
    """In a circle too, if the circle depends on something deleted."""
    circle = {
        key("a"): GONE,
        key("b"): DocumentFacts(references=(names("a", OnDelete.CASCADE), names("c", OnDelete.CASCADE, "c"))),
        key("c"): DocumentFacts(references=(names("b", OnDelete.CASCADE),)),
        key("d"): DocumentFacts(references=(names("e", OnDelete.CASCADE),)),
        key("e"): DocumentFacts(references=(names("d", OnDelete.CASCADE),)),
    }
    assert presences(circle) == {
        "a": Presence.DELETED,
        "b": Presence.CASCADED,
        "c": Presence.CASCADED,
        "d": Presence.LIVE,
        "e": Presence.LIVE,
    }


def test_what_never_was_takes_nothing_with_it() -> None:
    """A dependence on a document that is not known is shown as nothing, and the dependent stays."""
    reference = names("z", OnDelete.CASCADE)
    standing = evaluate({key("a"): DocumentFacts(references=(reference,))})[key("a")]
    assert standing.presence is Presence.LIVE
    assert standing.nulled == {reference}


def test_references_to_what_is_not_there_are_shown_as_nothing() -> None:
    """Each by itself; those of documents that are not there are not looked at."""
    found = evaluate(
        {
            key("a"): GONE,
            key("b"): DocumentFacts(
                references=(names("a", OnDelete.SET_NULL), names("c", OnDelete.SET_NULL, "c"))
            ),
            key("c"): DocumentFacts(),
            key("d"): DocumentFacts(is_deleted=True, references=(names("a", OnDelete.SET_NULL),)),
        }
    )
    assert found[key("b")].nulled == {names("a", OnDelete.SET_NULL)}
    assert found[key("d")].nulled == frozenset()


def test_the_earliest_claim_of_a_live_document_wins() -> None:
    """Then the smaller writer; a deleted document holds nothing, and another value is no rival."""
    found = evaluate(
        {
            key("a"): DocumentFacts(claims=(claims("x", 3),)),
            key("b"): DocumentFacts(claims=(claims("x", 2, writer=2),)),
            key("c"): DocumentFacts(claims=(claims("x", 2, writer=1),)),
            key("d"): DocumentFacts(is_deleted=True, claims=(claims("x", 1),)),
            key("e"): DocumentFacts(claims=(claims("y", 9),)),
        }
    )
    assert {one.id: standing.lost for one, standing in found.items() if standing.lost} == {
        "a": {"title"},
        "b": {"title"},
    }


def test_a_claim_with_a_reference_to_nothing_claims_nothing() -> None:
    """It neither wins nor loses."""
    claim = claims("x", 1, fields=("title", "other"))
    found = evaluate(
        {
            key("a"): GONE,
            key("b"): DocumentFacts(references=(names("a", OnDelete.SET_NULL),), claims=(claim,)),
            key("c"): DocumentFacts(claims=(claims("x", 2),)),
        }
    )
    assert found[key("b")].lost == found[key("c")].lost == frozenset()


@given(universes)
def test_whatever_was_merged_the_rules_hold(universe: Universe) -> None:
    """Shown references of live documents name live ones, and no two live documents hold one value."""
    found = evaluate(universe)
    live = {one for one, standing in found.items() if standing.is_live}
    held = []
    for one in live:
        standing = found[one]
        for reference in universe[one].references:
            assert (reference in standing.nulled) == (reference.target not in live)
        for claim in universe[one].claims:
            is_void = any(reference.field in claim.fields for reference in standing.nulled)
            if not is_void and claim.constraint not in standing.lost:
                held.append((claim.constraint, claim.value))
    assert len(held) == len(set(held))


@given(universes)
def test_every_claimed_value_has_a_holder(universe: Universe) -> None:
    """Not all claimants lose."""
    found = evaluate(universe)
    for one, standing in found.items():
        for constraint in standing.lost:
            (value,) = (claim.value for claim in universe[one].claims if claim.constraint == constraint)
            assert any(
                (claim.constraint, claim.value) == (constraint, value) and constraint not in found[other].lost
                for other, facts in universe.items()
                if found[other].is_live
                for claim in facts.claims
            )


@given(universes, st.randoms(use_true_random=False))
def test_the_order_of_documents_decides_nothing(universe: Universe, draw: random.Random) -> None:
    """Two replicas that met the documents in another order find the same."""
    shuffled = [*universe.items()]
    draw.shuffle(shuffled)
    assert evaluate(dict(shuffled)) == evaluate(universe)
