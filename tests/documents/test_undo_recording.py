"""Recording: what edits of one commit take out of what was there before, and what is no step."""

import random
from collections.abc import Mapping

import pytest

from syncore.documents.changes import UNSET, List, Text, add, increment, splice
from syncore.documents.document import NO_CONTEXT, Document
from syncore.documents.drafts import Draft
from syncore.documents.planning import DocumentPlan
from syncore.documents.undo_recording import begin_step
from syncore.documents.undo_steps import CounterBefore, Edited, ElementBefore, Turn, UndoStep
from tests.documents.worlds import Device, writer


def device() -> Device:
    """A device with a document of every kind."""
    made = Device(writer(1))
    made.write(lambda plan: plan.insert({"t": Text("abc🎈defgh"), "l": List([1, 2, 3, 4]), "s": {"a"}}))
    return made


def step_of(changes: Mapping[str, object]) -> UndoStep | None:
    """The step of an update, before its units are known."""
    plans: list[DocumentPlan] = []
    made = device()

    def plan(planned: DocumentPlan) -> None:
        plans.append(planned)
        planned.update(changes)

    made.write(plan)
    return plans[0].step


def lost(changes: Mapping[str, object]) -> tuple[Edited, ...]:
    """What an update takes out of texts and lists."""
    step = step_of(changes)
    assert step is not None
    return step.edited


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (splice(0, 0, "x"), ""),
        (splice(1, 2), "bc"),
        ((splice(4, 2), splice(0, 1)), "ade"),
        ((splice(1, 1, "xyz"), splice(2, 3)), "bc"),
        ((splice(0, 2, "xy"), splice(1, 1), splice(0, 2)), "abc"),
        (UNSET, "abc\ue3e0\ue40bdefgh"),
    ],
)
def test_only_what_was_there_before_is_lost(change: object, expected: str) -> None:
    """What a commit inserts and deletes again was never there; the rest is kept in the order of the text."""
    [edited] = lost({"t": change})
    assert edited.root == "t:t"
    if change is not UNSET:
        assert edited.lost == expected
    assert len(edited.lost) == len(expected)


def test_random_edits_lose_what_a_model_loses() -> None:
    """However edits of one commit overlap, what was there is either still there or lost, in its order."""
    source = random.Random(1)
    whole = "abcdefghij"
    for _ in range(100):
        made = Device(writer(1))
        made.write(lambda plan: plan.insert({"t": Text(whole)}))
        draft = Draft.begin(made.document)
        for _ in range(source.randint(1, 6)):
            length = len(draft.texts.get("t", ""))
            position = source.randint(0, length)
            delete = source.randint(0, length - position)
            draft.splice_text("t", position, delete, "+" * source.randint(0, 2))
        step = begin_step(made.document, draft, NO_CONTEXT, {})
        if step is None:
            continue
        [edited] = step.edited
        left = draft.texts.get("t", "").replace("+", "")
        assert edited.lost == "".join(character for character in whole if character not in left)


def test_parts_of_records() -> None:
    """Counters are kept as amounts, elements as such, and only where something changed."""
    step = step_of({"n": increment(3), "s": add("a", "b")})
    assert step is not None
    assert step.turn is Turn.CHANGED
    assert step.counters == (CounterBefore("n", 3, was_there=False, is_there=True),)
    assert [type(one) for one in step.elements] == [ElementBefore]
    assert step_of({"s": add("a")}) is None


def test_a_document_that_nobody_wrote_before() -> None:
    """Of a fresh document nothing is kept but that it was made; one that comes and goes is nothing."""
    fresh = Device(writer(1))
    draft = Draft.begin(fresh.document)
    draft.set_register("r", b"\x01", None)
    draft.touch()
    assert begin_step(fresh.document, draft, NO_CONTEXT, {}) == UndoStep(turn=Turn.MADE)
    draft.delete(None)
    assert begin_step(fresh.document, draft, NO_CONTEXT, {}) is None
    assert isinstance(fresh.document, Document)
