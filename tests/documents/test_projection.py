"""Projection: what a document looks like, also when its writers disagree."""

import pytest

from syncore.codec.values import Value, encode_value
from syncore.core.hybrid_clock import HybridTime
from syncore.core.identifiers import Dot
from syncore.documents.operations import (
    AddElement,
    AddToCounter,
    DeclareField,
    DeleteDocument,
    FieldKind,
    Operation,
    SetField,
)
from syncore.documents.projection import NO_CONTENTS, PRECEDENCE, Contents, kinds_of, project
from syncore.documents.record import Record
from syncore.documents.resolution import Contest, ResolutionContext
from syncore.documents.rules import CollectionRules, DeletionRule, ResolverName, Strategy, Unreadable
from tests.documents.worlds import writer

CONTEXT = ResolutionContext()


def record_of(*operations: Operation) -> Record:
    """A record where each operation comes from another device that knew of nothing, at the same time."""
    record = Record()
    for index, operation in enumerate(operations):
        record.apply_operations([operation], dot=Dot(writer(index), 1), time=HybridTime(1))
    return record


def test_fields_come_in_the_order_of_their_names() -> None:
    """The order in which fields were written does not show."""
    record = record_of(*(SetField(field=name, value=encode_value(name)) for name in "cab"))
    contents = Contents(texts={"bb": "text"}, lists={"aa": [encode_value(1)]})
    assert list(project(record, contents, CONTEXT).values) == ["a", "aa", "b", "bb", "c"]


def test_every_kind_shows_as_its_python_type() -> None:
    """Registers, counters, sets, texts and lists are values, ints, frozensets, strs and lists."""
    record = record_of(
        SetField(field="r", value=encode_value({"a": [1]})),
        AddToCounter(field="c", amount=3),
        AddElement(field="s", element=encode_value(1)),
        DeclareField(field="empty", kind=FieldKind.SET),
        DeclareField(field="blank", kind=FieldKind.TEXT),
        DeclareField(field="none", kind=FieldKind.LIST),
    )
    projection = project(record, Contents(texts={"t": "x"}, lists={"l": [encode_value(None)]}), CONTEXT)
    assert projection.values == {
        "r": {"a": [1]}, "c": 3, "s": frozenset({1}), "t": "x", "l": [None],
        "empty": frozenset(), "blank": "", "none": [],
    }  # fmt: skip
    assert projection.kinds == {
        "c": FieldKind.COUNTER, "s": FieldKind.SET, "t": FieldKind.TEXT, "l": FieldKind.LIST,
        "empty": FieldKind.SET, "blank": FieldKind.TEXT, "none": FieldKind.LIST,
    }  # fmt: skip
    assert projection.conflicts == ()


@pytest.mark.parametrize(("values", "is_conflict"), [((1, 2), True), ((1, 1), False), ((1, 1, 1.0), True)])
def test_a_conflict_is_a_disagreement_about_the_value(values: tuple[Value, ...], is_conflict: bool) -> None:  # noqa: FBT001
    """Siblings that say the same are no conflict; an int and an equal float do not say the same."""
    record = record_of(*(SetField(field="f", value=encode_value(value)) for value in values))
    assert project(record, NO_CONTENTS, CONTEXT).conflicts == (("f",) if is_conflict else ())


def test_a_field_of_several_kinds_shows_as_the_first_and_is_in_conflict() -> None:
    """Of concurrent kinds one shows by a fixed precedence; taking it away shows the next."""
    record = record_of(
        SetField(field="f", value=encode_value(1)),
        AddToCounter(field="f", amount=1),
        AddElement(field="f", element=encode_value(1)),
    )
    contents = Contents(texts={"f": "x"}, lists={"f": [encode_value(1)]})
    assert kinds_of(record, contents, "f") == list(PRECEDENCE)
    projection = project(record, contents, CONTEXT)
    assert (projection.values, projection.conflicts) == ({"f": 1}, ("f",))
    record.counters.clear()
    assert project(record, contents, CONTEXT).values == {"f": frozenset({1})}
    record.sets.clear()
    assert project(record, contents, CONTEXT).values == {"f": "x"}
    assert project(record, NO_CONTENTS, CONTEXT).conflicts == ()


def test_a_deleted_document_shows_nothing_but_its_vector() -> None:
    """A deleted document has no values, and a vector to go on from."""
    record = Record()
    record.apply_operations(
        [SetField(field="f", value=encode_value(1))], dot=Dot(writer(1), 1), time=HybridTime(1)
    )
    record.apply_operations([DeleteDocument(seen={writer(1): 1})], dot=Dot(writer(2), 1), time=HybridTime(1))
    projection = project(record, NO_CONTENTS, CONTEXT)
    assert (projection.values, projection.is_deleted) == ({}, True)
    assert projection.vector == {writer(1): 1, writer(2): 1}


def test_a_projection_does_not_change_with_the_record() -> None:
    """What was read stays as it was read."""
    record = record_of(SetField(field="f", value=encode_value(1)))
    projection = project(record, NO_CONTENTS, CONTEXT)
    record.apply_operations([], dot=Dot(writer(5), 1), time=HybridTime(1))
    assert writer(5) not in projection.vector


def test_how_far_a_document_is_contested() -> None:
    """As far as the worst of its fields; a rule that settles a field takes it off the list of conflicts."""
    record = record_of(*(SetField(field="f", value=encode_value(number)) for number in (2, 1)))
    found = {}
    for rule in (Strategy.ASK, Strategy.MAX, ResolverName("missing", 1)):
        projection = project(record, NO_CONTENTS, CONTEXT, CollectionRules(fields={"f": rule}))
        found[rule] = (projection.contest, projection.values["f"], projection.conflicts, projection.problems)
    assert found == {
        Strategy.ASK: (Contest.OPEN, 1, ("f",), ()),
        Strategy.MAX: (Contest.SETTLED, 2, (), ()),
        ResolverName("missing", 1): (Contest.LACKING, 1, ("f",), ()),
    }
    same = record_of(*(SetField(field="f", value=encode_value(1)) for _ in range(2)))
    assert project(same, NO_CONTENTS, CONTEXT).contest is Contest.NONE


@pytest.mark.parametrize(
    ("rule", "is_deleted", "contest"),
    [
        (DeletionRule.UPDATE_WINS, False, Contest.SETTLED),
        (DeletionRule.DELETE_WINS, True, Contest.SETTLED),
        (DeletionRule.ASK, False, Contest.OPEN),
        (Unreadable("'vote'"), False, Contest.LACKING),
    ],
    ids=str,
)
def test_deletions_beside_changes(
    rule: DeletionRule | Unreadable,
    is_deleted: bool,  # noqa: FBT001 - a column of the table
    contest: Contest,
) -> None:
    """The rule says whether the document shows; a deletion that everybody had seen is no contest."""
    rules = CollectionRules(deletion=rule)
    both = record_of(SetField(field="f", value=encode_value(1)), DeleteDocument(seen={}))
    found = project(both, NO_CONTENTS, CONTEXT, rules)
    assert (found.is_deleted, found.contest) == (is_deleted, contest)
    alone = project(record_of(DeleteDocument(seen={})), NO_CONTENTS, CONTEXT, rules)
    assert (alone.is_deleted, alone.contest) == (True, Contest.NONE)


def test_failures_of_resolvers_are_told() -> None:
    """What a resolver that is there did wrong goes to the status; that one is missing is known anyway."""
    name = ResolverName("bad", 1)
    context = ResolutionContext(resolvers={name: lambda given: given["x"]})  # type: ignore[call-overload]
    record = record_of(*(SetField(field="f", value=encode_value(number)) for number in (2, 1)))
    [problem] = project(record, NO_CONTENTS, context, CollectionRules(default=name)).problems
    assert "bad@1 failed: it raised TypeError" in problem
