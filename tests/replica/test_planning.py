"""Tests of syncore.replica.planning: intents become plans, and prepared plans count while they fit."""

from collections.abc import Iterator

import pytest

from syncore.core.errors import DocumentExists, DocumentNotFound, InvalidChange
from syncore.core.identifiers import DocumentKey
from syncore.documents.changes import Text, increment, rewrite, splice
from syncore.documents.planning import DocumentPlan
from syncore.replica.intents import Intent, Verb
from syncore.replica.planning import PreparedPlan, apply_intent, plan_intents, prepare
from tests.documents.worlds import KEY
from tests.replica.memory_space import OURS, MemorySpace, deletion, insertion, open_memory_space, update

OTHER = DocumentKey("notes", "two")


@pytest.fixture
def space() -> Iterator[MemorySpace]:
    """A space with one document."""
    with open_memory_space() as space:
        space.commit(insertion({"n": 1, "t": Text("abc")}))
        yield space


def shown(plan: DocumentPlan) -> dict[str, object]:
    """What a plan would leave."""
    return dict(plan.preview().values)


def plan_alone(space: MemorySpace, *intents: Intent) -> dict[DocumentKey, DocumentPlan]:
    """Plan a transaction of which nothing was prepared."""
    return plan_intents(intents, space.work(), {})


def test_all_intents_on_a_document_are_one_plan(space: MemorySpace) -> None:
    """Each document has one plan, in the order of first mention, and its intents build on one another."""
    plans = plan_alone(
        space,
        update({"n": 2}),
        insertion({"c": 1}, key=OTHER),
        update({"n": rewrite(lambda n: n * 10), "t": splice(0, 1)}),
        update({"c": 2}, key=OTHER),
    )
    assert list(plans) == [KEY, OTHER]
    assert shown(plans[KEY]) == {"n": 20, "t": "bc"}
    assert shown(plans[OTHER]) == {"c": 2}
    assert space.values() == {"n": 1, "t": "abc"}, "planning touches nothing"


def test_each_verb_does_its_own(space: MemorySpace) -> None:
    """Inserting needs a document that is not there, updating and deleting one that is."""
    plan = DocumentPlan(space.work().hold(OTHER).visible)
    for intent in (update({"n": 1}, key=OTHER), deletion(key=OTHER)):
        with pytest.raises(DocumentNotFound):
            apply_intent(plan, intent)
    apply_intent(plan, insertion({"n": 1}, key=OTHER))
    with pytest.raises(DocumentExists):
        apply_intent(plan, insertion(key=OTHER))
    apply_intent(plan, update({"n": 2}, key=OTHER))
    assert shown(plan) == {"n": 2}
    apply_intent(plan, deletion(key=OTHER))
    assert plan.preview().is_deleted


def test_tokens_are_handed_on(space: MemorySpace) -> None:
    """An update or a deletion upon an old read leaves what was written since."""
    space.commit(update({"n": 2}))
    old = {OURS: 1}
    (plan,) = plan_alone(space, update({"n": 3}, seen=old)).values()
    assert plan.preview().conflicts == ("n",)
    (plan,) = plan_alone(space, Intent(verb=Verb.DELETE, key=KEY, seen=old)).values()
    assert not plan.preview().is_deleted
    (plan,) = plan_alone(space, deletion()).values()
    assert plan.preview().is_deleted


def test_an_impossible_intent_fails_the_whole_transaction(space: MemorySpace) -> None:
    """What an intent raises comes out, a program's own error too, and a plan is as it was before it."""

    def fail(_: object) -> object:
        raise ZeroDivisionError

    for intent, error in (
        (update({"n": increment(1)}), InvalidChange),
        (update({"n": rewrite(fail)}), ZeroDivisionError),
        (insertion(), DocumentExists),
    ):
        with pytest.raises(error):
            plan_alone(space, insertion(key=OTHER), update({"n": 5}), intent)
        plan = prepare([update({"n": 5})], KEY, space.work()).plan
        with pytest.raises(error):
            apply_intent(plan, intent)
        assert shown(plan) == {"n": 5, "t": "abc"}
    assert space.values() == {"n": 1, "t": "abc"}


def test_a_transaction_without_writes_is_refused(space: MemorySpace) -> None:
    """There is nothing to commit, also when something was prepared."""
    with pytest.raises(InvalidChange, match="nothing to commit"):
        plan_alone(space)
    with pytest.raises(InvalidChange):
        plan_intents((), space.work(), {KEY: prepare([update({"n": 2})], KEY, space.work())})


def taken_over(space: MemorySpace, ready: PreparedPlan, *intents: Intent) -> bool:
    """Whether planning anew takes a prepared plan over; either way it comes to what is visible now."""
    (plan,) = plan_intents(intents, space.work(), {KEY: ready}).values()
    assert shown(plan) == shown(prepare(intents, KEY, space.work()).plan)
    assert (plan is ready.plan) == ready.still_fits(space.work())
    return plan is ready.plan


def test_a_prepared_plan_counts_while_nothing_happened_to_its_document(space: MemorySpace) -> None:
    """It is taken over, not made again, until somebody writes the document; other documents do not matter."""
    intent = update({"n": rewrite(lambda n: n + 1), "t": rewrite(lambda t: t + "!")})
    ready = prepare([intent], KEY, space.work())
    assert taken_over(space, ready, intent)
    space.commit(insertion(key=OTHER))
    assert taken_over(space, ready, intent)
    space.commit(update({"n": 10, "t": splice(0, 2)}))
    assert not taken_over(space, ready, intent)
    (plan,) = plan_intents([intent], space.work(), {KEY: ready}).values()
    assert shown(plan) == {"n": 11, "t": "c!"}


def test_a_prepared_plan_goes_with_the_document_that_it_was_made_for(space: MemorySpace) -> None:
    """After memory was made anew from the file the plan would change an object that nobody looks at."""
    intent = update({"n": 2})
    ready = prepare([intent], KEY, space.work())
    space.memory.clear()
    assert not taken_over(space, ready, intent)


def test_what_was_prepared_and_is_not_wanted_is_left_out(space: MemorySpace) -> None:
    """Only documents with intents are planned, whatever a transaction has looked at."""
    ready = prepare([], OTHER, space.work())
    assert list(plan_intents([update({"n": 2})], space.work(), {OTHER: ready})) == [KEY]
