"""Undoing one step of one document: what it takes back, and what it leaves alone and why."""

from collections.abc import Callable, Mapping

import pytest

from syncore.core.hybrid_clock import HybridTime, from_milliseconds
from syncore.core.identifiers import Dot
from syncore.documents.changes import UNSET, Counter, List, Set, Text, add, increment, remove, splice
from syncore.documents.planning import DocumentPlan
from syncore.documents.resolution import ResolutionContext
from syncore.documents.rules import CollectionRules, Strategy
from syncore.documents.undo_planning import LeftAlone
from syncore.documents.undo_steps import Turn, UndoStep
from tests.documents.worlds import KEY, Device, Sent, writer

FIELDS: Mapping[str, object] = {
    "r": "x",
    "n": Counter(5),
    "s": {"a", "b"},
    "t": Text("abc🎈d"),
    "l": List([1, 2, 3]),
    "e": Set(),
}


NO_TIME = HybridTime(0)


class Undoer(Device):
    """A device that remembers the step of its last commit."""

    def do(self, plan: Callable[[DocumentPlan], object]) -> Sent:
        """Make one commit, and keep what it takes to undo it."""
        plans: list[DocumentPlan] = []

        def keep(planned: DocumentPlan) -> None:
            plans.append(planned)
            plan(planned)

        sent = self.write(keep)
        self.made, self.step, self.renamed = sent.dot, plans[0].step, plans[0].renamed
        self.time = from_milliseconds(sent.time_ms)
        return sent

    def undo(self) -> list[LeftAlone]:
        """Undo the last commit; the undo is the last commit then."""
        step, made, time = self.step, self.made, self.time
        assert step is not None
        left: list[LeftAlone] = []

        def plan(planned: DocumentPlan) -> None:
            left.extend(planned.undo(step, made=made, time=time, is_own=self.is_own))

        self.do(plan)
        return left

    def is_own(self, dot: Dot) -> bool:
        """Whether this device made a commit."""
        return dot.writer == self.writer

    def shows(self) -> dict[str, object]:
        """What the document shows."""
        return dict(self.projected().values)


@pytest.fixture
def me() -> Undoer:
    """A device with a document that has every kind of field."""
    me = Undoer(writer(1))
    me.do(lambda plan: plan.insert(FIELDS))
    return me


CHANGES: list[Mapping[str, object]] = [
    {"r": "y"},
    {"r": UNSET},
    {"r": (UNSET, Counter(1))},
    {"n": increment(-7)},
    {"n": UNSET},
    {"n": (UNSET, 7)},
    {"s": (add("c"), remove("a"))},
    {"s": UNSET},
    {"s": add("a")},
    {"e": UNSET},
    {"t": splice(1, 3, "XY")},
    {"t": (splice(0, 2), splice(1, 1, "🎈🎈"), splice(0, 1, "z"))},
    {"t": UNSET},
    {"t": (UNSET, List(["now a list"]))},
    {"l": (splice(0, 2, [7]), splice(1, 1, []))},
    {"l": List([3, 2, 1])},
    {"new": 1},
    {"new": Counter()},
    {"new": Text("text")},
    {"new": Text()},
    {"new": {1}},
    {"r": "y", "n": increment(1), "s": add("c"), "t": splice(0, 0, "x"), "l": splice(0, 1, []), "new": 1},
]


@pytest.mark.parametrize("changes", CHANGES, ids=str)
def test_undo_and_redo_of_each_change(me: Undoer, changes: Mapping[str, object]) -> None:
    """Undo shows what was before, the undo of that what was after, and so on."""
    before = me.shows()
    me.do(lambda plan: plan.update(changes))
    after = me.shows()
    for expected in (before, after, before, after):
        if me.step is not None:
            assert me.undo() == []
        assert me.shows() == (expected if before != after else before)


def test_a_counter_comes_and_goes(me: Undoer) -> None:
    """What a counter's removal cancelled came back with its undo, and can be undone itself."""
    steps = []
    for changes in ({"new": Counter(5)}, {"new": increment(1)}, {"new": UNSET}, {"new": Counter(2)}):
        me.do(lambda plan, changes=changes: plan.update(changes))  # type: ignore[misc]
        steps.append((me.made, me.step))
    undone = []
    for expected in (None, 6, 5, None):
        me.made, me.step = steps.pop()
        assert me.undo() == []
        undone.append((me.made, me.step))
        assert me.shows().get("new") == expected
    for expected in (5, 6, None, 2):
        me.made, me.step = undone.pop()
        assert me.undo() == []
        assert me.shows().get("new") == expected


@pytest.mark.parametrize("changes", [{"r": "x"}, {"n": increment(0)}, {"s": add("a")}, {"missing": UNSET}])
def test_what_changes_nothing_has_no_step(me: Undoer, changes: Mapping[str, object]) -> None:
    """A commit after which everything shows as before is nothing to undo."""
    me.do(lambda plan: plan.update(changes))
    assert me.step is None


def test_documents_come_and_go(me: Undoer) -> None:
    """A made document goes, a deleted one comes back with what it had, also what was changed on the way."""
    assert me.step == UndoStep(turn=Turn.MADE)
    before = me.shows()
    me.undo()
    assert not me.document.is_live()
    me.undo()
    assert me.shows() == before

    def change_and_delete(plan: DocumentPlan) -> None:
        plan.update({"r": "other", "t": splice(0, 3)})
        plan.delete()

    me.do(change_and_delete)
    me.undo()
    assert me.shows() == before
    me.undo()
    assert not me.document.is_live()
    me.do(lambda plan: plan.insert({"r": "new"}))
    me.undo()
    assert not me.document.is_live()


def test_units_come_back_under_new_names(me: Undoer) -> None:
    """The plan of an undo says what the units that it inserted again were called before."""
    me.do(lambda plan: plan.update({"t": splice(1, 2, "X")}))
    assert me.renamed == []
    me.undo()
    [renamed] = me.renamed
    # The text was the first that this writer inserted, before the list: units 1 and 2 of it came back.
    assert renamed.end - renamed.start == 2
    assert (renamed.writer, renamed.new_writer) == (me.writer, me.writer)
    assert renamed.new_start == me.document.record.clocks[me.writer] - 2


def test_content_that_cannot_be_paired_with_places_is_left_alone(me: Undoer) -> None:
    """A step that does not fit the document's units changes no text."""
    me.do(lambda plan: plan.update({"t": splice(1, 2, "X"), "r": "y"}))
    assert me.step is not None
    [edited] = me.step.edited
    me.step = UndoStep(
        registers=me.step.registers,
        inserted=me.step.inserted,
        deleted=me.step.deleted,
        edited=(edited._replace(lost="bcd"),),
    )
    assert me.undo() == [LeftAlone("t", "its places can no longer be told for sure")]
    assert me.shows()["t"] == "aX🎈d"
    assert me.shows()["r"] == "x"


def test_too_large(me: Undoer) -> None:
    """What was too large to be kept is left alone as a whole."""
    me.do(lambda plan: plan.update({"r": "y"}))
    me.step = UndoStep(turn=Turn.TOO_LARGE)
    plan = DocumentPlan(me.document)
    [left] = plan.undo(me.step, made=me.made, time=NO_TIME, is_own=me.is_own)
    assert (left.field, plan.is_changed) == (None, False)


def meeting(
    mine: Mapping[str, object], theirs: Mapping[str, object] | None
) -> tuple[Undoer, list[LeftAlone]]:
    """I change, somebody else who has seen it changes or deletes, I undo; and what was left alone."""
    me, other = Undoer(writer(1)), Device(writer(2))
    other.receive(me.do(lambda plan: plan.insert(FIELDS)))
    other.receive(me.do(lambda plan: plan.update(mine)))
    me.receive(other.write(lambda plan: plan.delete() if theirs is None else plan.update(theirs)))
    step, made = me.step, me.made
    assert step is not None
    plan = DocumentPlan(me.document)
    left = plan.undo(step, made=made, time=NO_TIME, is_own=me.is_own)
    if plan.is_changed:
        me.do(lambda planned: planned.undo(step, made=made, time=NO_TIME, is_own=me.is_own))
    return me, left


@pytest.mark.parametrize(
    ("mine", "theirs", "field", "reason", "shown"),
    [
        ({"r": "mine"}, {"r": "theirs"}, "r", "the field was written since", {"r": "theirs"}),
        ({"r": "mine"}, {"r": UNSET}, "r", "the field was removed since", {"r": None}),
        ({"r": UNSET}, {"r": "theirs"}, "r", "the field was written since", {"r": "theirs"}),
        ({"n": increment(1)}, {"n": UNSET}, "n", "the counter was removed since", {"n": None}),
        ({"n": UNSET}, {"n": "x"}, "n", "the field is of another kind now", {"n": "x"}),
        ({"s": UNSET}, {"s": 1}, "s", "the field is of another kind now", {"s": 1}),
        ({"t": UNSET}, {"t": 1}, "t", "the field is of another kind now", {"t": 1}),
        ({"l": UNSET}, {"l": Text("x")}, "l", "the field is of another kind now", {"l": "x"}),
        ({"r": "mine"}, None, None, "the document was deleted since", {}),
    ],
)
def test_what_others_did_is_left_alone(
    mine: Mapping[str, object],
    theirs: Mapping[str, object] | None,
    field: str | None,
    reason: str,
    shown: Mapping[str, object],
) -> None:
    """What somebody else wrote or removed since stays, and the reason is given."""
    me, left = meeting(mine, theirs)
    assert (field, reason) in [tuple(one) for one in left]
    assert {name: me.shows().get(name) for name in shown} == dict(shown)


@pytest.mark.parametrize(
    ("mine", "theirs", "shown"),
    [
        ({"n": increment(1)}, {"n": increment(10)}, {"n": 15}),
        ({"new": Counter(1)}, {"new": increment(10)}, {"new": 10}),
        ({"s": add("c")}, {"s": (remove("c"), add("c"))}, {"s": {"a", "b", "c"}}),
        ({"s": remove("a")}, {"s": add("z")}, {"s": {"a", "b", "z"}}),
        ({"new": {1}}, {"new": add(2)}, {"new": {2}}),
        ({"new": Text("mine")}, {"new": splice(2, 0, "theirs")}, {"new": "theirs"}),
        ({"t": splice(1, 2, "mine")}, {"t": splice(3, 0, "<>")}, {"t": "abc<>🎈d"}),
        ({"t": splice(0, 5)}, {"t": splice(0, 0, "theirs")}, None),
        ({"l": splice(0, 3, [])}, {"l": splice(0, 0, ["theirs"])}, None),
    ],
)
def test_others_keep_what_they_added(
    mine: Mapping[str, object], theirs: Mapping[str, object], shown: Mapping[str, object] | None
) -> None:
    """Amounts, elements, characters and items of others stay where and what they are."""
    me, _ = meeting(mine, theirs)
    if shown is not None:
        assert {name: me.shows()[name] for name in shown} == dict(shown)
        return
    assert "theirs" in str(me.shows())
    assert sorted(str(me.shows()["t"]).replace("theirs", "")) == sorted("abc🎈d")


def test_a_merged_text_is_set_back_with_what_it_was_made_of() -> None:
    """Where a rule merges texts, an undone text says what it came from, so that it can still be merged."""
    rules = CollectionRules(default=Strategy.MERGE_TEXT)
    context = ResolutionContext(rules={KEY.collection: rules})
    me = Undoer(writer(1))
    me.do(lambda plan: plan.insert({"r": "one two"}))
    me.do(lambda plan: plan.update({"r": "one two three"}))
    assert me.step is not None
    plan = DocumentPlan(me.document, context=context)
    plan.undo(me.step, made=me.made, time=NO_TIME, is_own=me.is_own)
    plan.commit(dot=Dot(me.writer, 3), time=HybridTime(1 << 40))
    [sibling] = me.document.record.registers["r"]
    assert [ancestor.text for ancestor in sibling.ancestors] == ["one two three"]
