"""Drafts: how several changes of one commit become one operation for each target."""

from syncore.codec.values import encode_value
from syncore.core.identifiers import Dot
from syncore.core.limits import MAX_SET_REPLACED
from syncore.documents.changes import Counter, Set
from syncore.documents.drafts import Draft
from syncore.documents.operations import (
    AddElement,
    AddToCounter,
    CancelCounter,
    DeclareField,
    DeleteDocument,
    FieldKind,
    Operation,
    RemoveElement,
    RemoveField,
    RestoreDocument,
    SetField,
)
from syncore.documents.record import Sibling
from syncore.documents.structures import Cancelled
from tests.documents.worlds import Device, writer

A = writer(1)
X, Y = encode_value("x"), encode_value("y")


def draft() -> Draft:
    """A draft upon a document whose fields were all written by commit 1."""
    device = Device(A)
    device.write(lambda plan: plan.insert({"r": "x", "s": Set(["x"]), "n": Counter(5)}))
    return Draft.begin(device.document)


def operations_of(one: Draft) -> tuple[Operation, ...]:
    """What the draft would put into an entry."""
    return one.operations


def test_a_draft_starts_without_operations() -> None:
    """Looking at a document is no change."""
    assert (operations_of(draft()), draft().edits) == ((), [])


def test_of_two_writes_the_later_one_replaces_what_both_replaced() -> None:
    """A register is written once, and its own earlier value is not named."""
    one = draft()
    one.set_register("r", X, None)
    one.set_register("r", Y, None)
    assert operations_of(one) == (SetField(field="r", value=Y, replaces=(Dot(A, 1),)),)
    one.remove_register("r", None)
    assert operations_of(one) == (RemoveField(field="r", replaces=(Dot(A, 1),)),)
    one.set_register("r", X, None)
    assert operations_of(one)[0] == SetField(field="r", value=X, replaces=())


def test_what_comes_and_goes_within_a_commit_leaves_nothing() -> None:
    """A field, an element and a declaration that the draft itself made and removed are not mentioned."""
    one = draft()
    one.set_register("new", X, None)
    one.declare("new", FieldKind.TEXT)
    one.add_element("new", X, None)
    assert len(operations_of(one)) == 3
    one.unset("new", None)
    assert operations_of(one) == ()


def test_adding_and_removing_an_element_cancel() -> None:
    """The last word about an element is the only one."""
    one = draft()
    one.remove_element("s", X, None)
    one.add_element("s", X, None)
    assert operations_of(one) == (AddElement(field="s", element=X, replaces=(Dot(A, 1),)),)
    one.remove_element("s", X, None)
    assert operations_of(one) == (RemoveElement(field="s", element=X, replaces=(Dot(A, 1),)),)


def test_amounts_add_up_until_the_counter_is_cancelled() -> None:
    """Increments are one; a cancellation drops them and names what others added."""
    one = draft()
    one.add_to_counter("n", 2)
    one.add_to_counter("n", -3)
    assert operations_of(one) == (AddToCounter(field="n", amount=-1),)
    one.cancel_counter("n", None)
    cancelled = CancelCounter(field="n", cancelled=(Cancelled(A, 1, 5),))
    assert operations_of(one) == (cancelled,)
    one.add_to_counter("n", 4)
    one.cancel_counter("n", None)
    one.add_to_counter("n", 7)
    assert operations_of(one) == (AddToCounter(field="n", amount=7), cancelled)
    assert one.record.count("n") == 7


def test_a_field_is_declared_once() -> None:
    """A field that is a set already is not declared again, whoever declared it."""
    one = draft()
    one.declare("s", FieldKind.SET)
    one.declare("t", FieldKind.TEXT)
    one.declare("t", FieldKind.TEXT)
    assert operations_of(one) == (DeclareField(field="t", kind=FieldKind.TEXT),)


def test_deleting_and_restoring_within_a_commit_leave_what_was() -> None:
    """A draft that takes its own deletion back does not mention it."""
    one = draft()
    one.delete(None)
    assert operations_of(one) == (DeleteDocument(seen={A: 1}),)
    assert one.record.is_deleted
    one.restore(None)
    assert (operations_of(one), one.record.is_deleted) == ((), False)


def test_deletions_of_others_are_taken_back_or_replaced() -> None:
    """Restoring names the deletions that were seen; deleting anew takes their place."""
    one = draft()
    one.base.deletions[Dot(writer(2), 1)] = {A: 1}
    one.record.deletions[Dot(writer(2), 1)] = {A: 1}
    one.restore(None)
    assert operations_of(one) == (RestoreDocument(replaces=(Dot(writer(2), 1),)),)
    one.delete(None)
    assert operations_of(one) == (DeleteDocument(seen={A: 1}, replaces=(Dot(writer(2), 1),)),)


def test_a_copy_goes_its_own_way() -> None:
    """Nothing that is done to a copy of a draft shows in the draft."""
    one = draft()
    one.splice_list("l", 0, 0, [X])
    copy = one.copy()
    copy.set_register("r", Y, None)
    copy.splice_text("t", 0, 0, "abc")
    copy.splice_list("l", 1, 0, [Y])
    copy.add_element("s", Y, None)
    assert (operations_of(one), len(one.edits), one.texts, list(one.lists["l"])) == ((), 1, {}, [X])
    assert Y not in one.record.sets["s"]
    assert one.record.registers["r"][0].value == X


def test_a_write_replaces_as_many_siblings_as_an_operation_may_name() -> None:
    """With more siblings than that, the rest waits for the next write."""
    one = draft()
    time = one.record.registers["r"][0].time
    one.record.registers["r"] = tuple(
        Sibling(Dot(writer(2), number), X, time) for number in range(1, MAX_SET_REPLACED + 3)
    )
    one.set_register("r", Y, None)
    (operation,) = operations_of(one)
    assert isinstance(operation, SetField)
    assert len(operation.replaces) == MAX_SET_REPLACED
