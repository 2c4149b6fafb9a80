"""Re-evaluation finds what evaluation from scratch finds, whatever changes."""

from hypothesis import given, settings
from hypothesis import strategies as st

from syncore.constraints.evaluation import evaluate
from syncore.constraints.facts import DocumentFacts, Presence
from syncore.constraints.incremental import reevaluate
from syncore.core.identifiers import DocumentKey
from syncore.core.references import OnDelete
from tests.constraints.universes import KEYS, MemoryGround, claims, documents, key, names

steps = st.lists(
    st.dictionaries(st.sampled_from(KEYS), documents(), min_size=1, max_size=3), min_size=1, max_size=12
)


def change(ground: MemoryGround, facts: dict[DocumentKey, DocumentFacts]) -> set[DocumentKey]:
    """Write documents, and have the standings follow; whose did."""
    ground.before = dict(ground.now)
    ground.now.update(facts)
    found = reevaluate(ground, {one: ground.before.get(one) for one in facts})
    ground.standings.update(found)
    return set(found)


@settings(max_examples=400)
@given(steps)
def test_it_finds_what_evaluation_finds(changes: list[dict[DocumentKey, DocumentFacts]]) -> None:
    """After every one of a row of changes, of one document or of several at once."""
    ground = MemoryGround()
    for facts in changes:
        before = dict(ground.standings)
        told = change(ground, facts)
        assert ground.standings == evaluate(ground.now)
        assert told == {one for one, standing in ground.standings.items() if before.get(one) != standing}


def test_a_change_reaches_through_restore_cascade_reference_and_claim() -> None:
    """One deletion changes how four other documents stand, and taking it back changes all of them again."""
    ground = MemoryGround()
    written = {
        key("a"): DocumentFacts(references=(names("b", OnDelete.RESTORE),)),
        key("b"): DocumentFacts(is_deleted=True),
        key("c"): DocumentFacts(references=(names("b", OnDelete.CASCADE),), claims=(claims("x", 1),)),
        key("d"): DocumentFacts(claims=(claims("x", 2),)),
        key("e"): DocumentFacts(references=(names("c", OnDelete.SET_NULL),)),
        key("f"): DocumentFacts(),
    }
    change(ground, written)
    assert ground.standings[key("b")].presence is Presence.RESTORED
    assert ground.standings[key("d")].lost == {"title"}
    gone = {key("a"): DocumentFacts(is_deleted=True, references=written[key("a")].references)}
    assert {one.id for one in change(ground, gone)} == {*"abcde"}
    assert ground.standings[key("c")].presence is Presence.CASCADED
    assert ground.standings[key("d")].lost == frozenset()
    assert ground.standings[key("e")].nulled == {names("c", OnDelete.SET_NULL)}
    assert {one.id for one in change(ground, {key("a"): written[key("a")]})} == {*"abcde"}
    assert ground.standings == evaluate(written)


def test_an_earlier_claim_takes_a_value_over() -> None:
    """Only the new holder and the one before are told; who had lost already is not."""
    ground = MemoryGround()
    for name, time in (("a", 5), ("b", 6), ("c", 7)):
        change(ground, {key(name): DocumentFacts(claims=(claims("x", time),))})
    assert change(ground, {key("d"): DocumentFacts(claims=(claims("x", 1),))}) == {key("a"), key("d")}
    assert ground.standings[key("a")].lost == {"title"}
    assert change(ground, {key("d"): DocumentFacts(claims=(claims("y", 1),))}) == {key("a")}
    assert ground.standings[key("a")].lost == frozenset()
