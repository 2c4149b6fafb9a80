"""Planning: what programs write becomes entries that say no more than they saw."""

from collections.abc import Callable
from decimal import Decimal

import pytest

from syncore.core.commits import EntryKind
from syncore.core.errors import (
    DocumentExists,
    DocumentNotFound,
    InvalidChange,
    Misused,
    TooLarge,
)
from syncore.core.hybrid_clock import HybridTime
from syncore.core.identifiers import Dot
from syncore.core.limits import MAX_COMMIT_BYTES
from syncore.documents.changes import (
    UNSET,
    Counter,
    List,
    Text,
    add,
    asserted,
    increment,
    remove,
    rewrite,
    splice,
)
from syncore.documents.entries import RecordEntry, RichEntry
from syncore.documents.operations import (
    FieldKind,
    SetField,
)
from syncore.documents.planning import DocumentPlan
from syncore.documents.resolution import ResolutionContext
from syncore.documents.rules import CollectionRules, DeletionRule, ResolverName, Strategy
from tests.documents.every_field import EVERYTHING, SHOWN, device_with, update, values
from tests.documents.worlds import KEY, Device, writer


def plus_one(value: object) -> object:
    """One more."""
    assert isinstance(value, int)
    return value + 1


# --- insert, update, delete ---


def test_a_document_is_inserted_once() -> None:
    """Inserting over a live document is refused, over a deleted one it is not."""
    device = device_with(**EVERYTHING)
    with pytest.raises(DocumentExists):
        device.write(lambda plan: plan.insert({}))
    device.write(lambda plan: plan.delete())
    assert (device.document.is_live(), values(device)) == (False, {})
    device.write(lambda plan: plan.insert({"votes": Counter(1), "review": Text("new")}))
    assert values(device) == {"review": "new", "votes": 1}
    assert device.document.project().kinds == {"review": FieldKind.TEXT, "votes": FieldKind.COUNTER}


def test_an_empty_document_is_there() -> None:
    """A document without fields can be inserted, touched and deleted."""
    device = device_with()
    assert device.document.is_live()
    (entry,) = update(device)
    assert entry == RecordEntry(key=device.document.key, operations=())
    device.write(lambda plan: plan.delete())
    assert not device.document.is_live()


def test_what_is_not_there_is_neither_updated_nor_deleted() -> None:
    """A missing and a deleted document are alike."""
    device = Device(writer(1))
    for change in (lambda plan: plan.update({"f": 1}), lambda plan: plan.delete()):
        with pytest.raises(DocumentNotFound):
            device.write(change)
    device.write(lambda plan: plan.insert({}))
    device.write(lambda plan: plan.delete())
    for change in (lambda plan: plan.update({"f": 1}), lambda plan: plan.delete()):
        with pytest.raises(DocumentNotFound):
            device.write(change)


# --- one transaction ---


def test_several_changes_of_a_transaction_are_one_record_entry_and_one_rich_entry() -> None:
    """However often a transaction touches a document, two entries come of it at most, the record's first."""
    device = Device(writer(1))

    def work(plan: DocumentPlan) -> None:
        plan.insert({"a": 1, "n": increment(2), "s": {1, 2}, "t": Text("abc"), "l": List([1])})
        assert plan.preview().values["t"] == "abc"
        plan.update({"a": 2, "n": increment(3), "s": remove(1), "t": splice(3, insert="d")})
        plan.update({"a": rewrite(plus_one), "s": (remove(2), add(3)), "l": splice(1, 0, [2])})

    sent = device.write(work)
    assert [entry.kind for entry in sent.entries] == [EntryKind.RECORD, EntryKind.RICH]
    assert values(device) == {"a": 3, "l": [1, 2], "n": 5, "s": frozenset({3}), "t": "abcd"}
    record_entry = sent.decoded()[0]
    assert isinstance(record_entry, RecordEntry)
    targets = [operation.target for operation in record_entry.operations]
    assert len([target for target in targets if target[1] == "a"]) == 1
    assert len([target for target in targets if target[1] == "s"]) == 2, "a declaration and one element"


def test_editing_only_a_text_is_only_a_rich_entry() -> None:
    """A keystroke costs no record entry, and is in the document's vector."""
    device = device_with(t=Text("abc"))
    entries = update(device, t=splice(1, 1))
    assert [type(entry) for entry in entries] == [RichEntry]
    assert device.document.record.vector == {writer(1): 2}


def test_a_transaction_may_delete_and_insert_anew() -> None:
    """Within one transaction a document can be emptied, deleted and made again."""
    device = device_with(**EVERYTHING)

    def work(plan: DocumentPlan) -> None:
        plan.update({"title": "gone"})
        plan.delete()
        assert plan.preview().is_deleted
        with pytest.raises(DocumentNotFound):
            plan.update({"title": "x"})
        plan.insert({"title": "new"})

    device.write(work)
    assert values(device) == {"title": "new"}


def test_an_update_before_a_deletion_is_kept() -> None:
    """What a transaction wrote before it deleted is there when an update brings the document back."""
    first = device_with(title="old", other=1)
    second = first.stored(writer(2))

    def work(plan: DocumentPlan) -> None:
        plan.update({"title": "new"})
        plan.delete()

    first.write(work)
    assert not first.document.is_live()
    first.receive(second.write(lambda plan: plan.update({"other": 2})))
    assert values(first) == {"other": 2, "title": "new"}


def test_an_update_takes_back_the_deletions_that_it_has_seen() -> None:
    """A document that survived a deletion is rid of it with the next update; upon an older read it is not."""
    first = device_with(f=1)
    second = first.stored(writer(2))
    theirs = second.write(lambda plan: plan.update({"f": 2}))
    first.write(lambda plan: plan.delete())
    first.receive(theirs)
    first.write(lambda plan: plan.update({"f": 3}, seen={writer(1): 1, writer(2): 1}))
    assert list(first.document.record.deletions) == [Dot(writer(1), 2)]
    update(first, f=4)
    assert first.document.record.deletions == {}


def test_a_plan_can_be_thrown_away() -> None:
    """Until it is committed, a plan changes nothing; a call that fails changes nothing of the plan."""
    device = device_with(**EVERYTHING)
    digest = device.document.digest()
    plan = DocumentPlan(device.document)
    plan.update({"title": "x", "review": Text("y"), "tags": {1}, "votes": UNSET, "cast": UNSET})
    shown = plan.preview()
    with pytest.raises(InvalidChange):
        plan.update({"title": "z", "review": splice(0, 1), "tags": add(9), "other": splice(9)})
    with pytest.raises(DocumentExists):
        plan.insert({})
    assert plan.preview() == shown
    assert shown.values == {"gross": Decimal("1.50"), "review": "y", "tags": frozenset({1}), "title": "x"}
    assert device.document.digest() == digest
    assert values(device) == SHOWN


def test_what_a_rewrite_raises_comes_out_and_nothing_is_written() -> None:
    """An exception of the caller's own function is the caller's."""
    device = device_with(**EVERYTHING)

    class Mine(Exception):
        """Not ours."""

    def fail(_: object) -> object:
        raise Mine

    plan = DocumentPlan(device.document)
    with pytest.raises(Mine):
        plan.update({"title": "x", "review": rewrite(fail)})
    assert not plan.is_changed
    assert values(device) == SHOWN


def test_a_plan_is_committed_once() -> None:
    """A plan without changes, or one that is spent, cannot be committed."""
    device = device_with()
    plan = DocumentPlan(device.document)
    dot, time = Dot(writer(1), 2), HybridTime(5)
    with pytest.raises(Misused):
        plan.commit(dot=dot, time=time)
    plan.update({"f": 1})
    plan.commit(dot=dot, time=time)
    with pytest.raises(Misused):
        plan.commit(dot=dot, time=time)


# --- tokens ---


def test_a_token_replaces_only_what_it_covers() -> None:
    """What was written after a read stays beside what is written upon that read."""
    device = device_with(f="first")
    token = device.document.project().vector
    update(device, f="unseen")
    device.write(lambda plan: plan.update({"f": "late"}, seen=token))
    siblings = device.document.record.registers["f"]
    assert len(siblings) == 2
    assert device.document.project().conflicts == ("f",)
    update(device, f="settled")
    assert (values(device), device.document.project().conflicts) == ({"f": "settled"}, ())


def test_two_writes_upon_one_token_are_siblings() -> None:
    """A device that writes twice from one old read loses neither."""
    device = device_with(f="first")
    token = device.document.project().vector
    for value in ("second", "third"):
        device.write(lambda plan, value=value: plan.update({"f": value}, seen=token))  # type: ignore[misc]
    assert len(device.document.record.registers["f"]) == 2


def test_within_one_transaction_a_later_write_supersedes_an_earlier_one_upon_the_same_token() -> None:
    """One commit has one value for a field."""
    device = device_with(f="first")
    token = device.document.project().vector

    def work(plan: DocumentPlan) -> None:
        plan.update({"f": "second"}, seen=token)
        plan.update({"f": "third"}, seen=plan.preview().vector)

    device.write(work)
    assert len(device.document.record.registers["f"]) == 1


def test_a_removal_upon_a_token_leaves_what_the_token_does_not_cover() -> None:
    """Elements, increments, characters and values that were not seen survive being unset."""
    device = device_with(r=1, s={1}, c=Counter(5), t=Text("abc"), l=List([1]))
    token = device.document.project().vector
    update(device, r=2, s=add(2), c=increment(2), t=splice(3, insert="d"), l=splice(1, 0, [2]))
    before = values(device)
    device.write(lambda plan: plan.update(dict.fromkeys("rsctl", UNSET), seen=token))
    assert values(device) == {**before, "s": frozenset({2})}


def test_a_deletion_upon_a_token_spares_what_it_has_not_seen() -> None:
    """A document that changed after the read is not deleted by it; an up-to-date token deletes."""
    device = device_with(f=1)
    token = device.document.project().vector
    update(device, f=2)
    device.write(lambda plan: plan.delete(seen=token))
    assert values(device) == {"f": 2}
    device.write(lambda plan: plan.delete(seen=device.document.project().vector))
    assert not device.document.is_live()


def test_a_token_of_somewhere_else_does_no_harm() -> None:
    """Numbers beyond what the document has are cut down to what is here."""
    device = device_with(f=1)
    device.write(lambda plan: plan.delete(seen={writer(1): 99, writer(9): 5}))
    assert not device.document.is_live()


# --- least writes ---


def test_writing_what_is_there_still_writes() -> None:
    """Writing an equal value is a write; an equal text changes nothing but the vector."""
    device = device_with(f=1, t=Text("x"))
    (entry,) = update(device, f=1)
    assert isinstance(entry, RecordEntry)
    assert isinstance(entry.operations[0], SetField)
    (entry,) = update(device, t=Text("x"))
    assert entry == RecordEntry(key=device.document.key, operations=())


# --- sizes ---


@pytest.mark.parametrize(
    "change",
    [
        lambda: Text("x" * (MAX_COMMIT_BYTES + 1)),
        lambda: Text("x" * (MAX_COMMIT_BYTES - 20)),
        lambda: List([bytes(500_000)] * 3),
        lambda: set(range(100_000)),
    ],
    ids=["text over the limit", "text just over with its envelope", "list", "set"],
)
def test_what_does_not_fit_into_a_commit_is_refused_untouched(change: Callable[[], object]) -> None:
    """An entry over the limit raises TooLarge, and the document is as it was."""
    device = device_with(t=Text("abc"))
    digest = device.document.digest()
    with pytest.raises(TooLarge):
        update(device, f=change())
    assert device.document.digest() == digest
    update(device, f=Text("small"))
    assert values(device) == {"f": "small", "t": "abc"}


def test_what_just_fits_is_written() -> None:
    """Large edits that fit are rehearsed and made: a big text, its replacement, and its removal."""
    device = device_with(t=Text("é" * 300_000))
    update(device, t=Text("x" * 600_000))
    update(device, t=UNSET)
    assert values(device) == {}


RULED = CollectionRules(
    fields={"t": Strategy.MERGE_TEXT, "r": ResolverName("missing", 1), "m": Strategy.MAX},
    deletion=DeletionRule.ASK,
)
CONTEXT = ResolutionContext(rules={KEY.collection: RULED})


def apart(*, context: ResolutionContext = CONTEXT) -> tuple[Device, Device]:
    """Two devices that hold the same document and do not see each other any more."""
    first, second = Device(writer(1), context=context), Device(writer(2), context=context)
    second.receive(first.write(lambda plan: plan.insert({"t": "a b c", "r": 1, "m": 5})))
    return first, second


def test_texts_carry_what_they_were_made_of() -> None:
    """In fields that merge them, and only there; several writes of one transaction are one."""
    first, second = apart()

    def twice(plan: DocumentPlan) -> None:
        plan.update({"t": "a b c d", "m": 7})
        plan.update({"t": "a b c d e"})

    first.receive(second.write(lambda plan: plan.update({"t": "x b c"})))
    [own] = first.document.record.registers["t"]
    assert [one.text for one in own.ancestors] == ["a b c"]
    first.write(twice)
    [own] = first.document.record.registers["t"]
    assert [one.text for one in own.ancestors] == ["x b c", "a b c"]
    assert first.document.record.registers["m"][0].ancestors == ()


def test_what_a_merge_showed_is_carried_first() -> None:
    """Who writes over a merged text was shown the merged one."""
    first, second = apart()
    sent = first.write(lambda plan: plan.update({"t": "a b c d"}))
    first.receive(second.write(lambda plan: plan.update({"t": "x a b c"})))
    second.receive(sent)
    assert first.projected().values["t"] == "x a b c d"
    first.write(lambda plan: plan.update({"t": "x a b c d!"}))
    theirs = second.write(lambda plan: plan.update({"t": "x a b c d?"}))
    [own] = first.document.record.registers["t"]
    assert [one.text for one in own.ancestors] == ["x a b c d", "x a b c", "a b c d", "a b c"]
    first.receive(theirs)
    assert first.projected().values["t"] == "x a b c d!?"


def test_nothing_is_computed_from_a_stand_in() -> None:
    """A rewrite of a field whose rule this program lacks is refused; a plain value is a decision."""
    first, second = apart()
    first.receive(second.write(lambda plan: plan.update({"r": 2})))
    token = first.projected().vector
    first.write(lambda plan: plan.update({"r": rewrite(lambda value: value + 1)}))
    assert values(first)["r"] == 3
    second.write(lambda plan: plan.update({"r": 9}, seen=token))
    second.write(lambda plan: plan.update({"r": 8}, seen=token))
    with pytest.raises(InvalidChange, match="another value than its rule would"):
        second.write(lambda plan: plan.update({"r": rewrite(lambda value: value)}))
    second.write(lambda plan: plan.update({"r": 5}))
    assert values(second)["r"] == 5


def test_values_are_asserted_by_an_authority() -> None:
    """The label is the write's; a value that replaces it has its own, or none."""
    first, _ = apart()
    first.write(lambda plan: plan.update({"m": asserted(7, "chain")}))
    assert first.document.record.registers["m"][0].label == "chain"
    first.write(lambda plan: plan.update({"m": 8}))
    assert first.document.record.registers["m"][0].label == ""
    for label in ("", "a\n", 1):
        with pytest.raises(InvalidChange):
            asserted(1, label)  # type: ignore[arg-type]  # what is tested


def test_deletions_are_kept_and_confirmed_by_name() -> None:
    """Where people are asked an update decides nothing; what nobody wrote cannot be kept."""
    first, second = apart()
    sent = first.write(lambda plan: plan.delete())
    second.write(lambda plan: plan.update({"m": 6}))
    second.receive(sent)
    second.write(lambda plan: plan.update({"m": 7}))
    assert second.document.record.has_concurrent_deletion
    second.write(lambda plan: plan.keep())
    assert not second.document.record.deletions
    second.write(lambda plan: plan.confirm_deletion())
    assert not second.document.is_live(CONTEXT)
    plan = DocumentPlan(Device(writer(3)).document)
    for attempt in (plan.keep, plan.confirm_deletion):
        with pytest.raises(DocumentNotFound):
            attempt()
