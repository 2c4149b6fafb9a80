"""A document as a whole: applying entries, digests, what must be loaded."""

from dataclasses import replace

import pytest

from syncore.codec.values import encode_value
from syncore.core.errors import SyncoreError
from syncore.core.hybrid_clock import HybridTime
from syncore.core.identifiers import DeviceIndex, DocumentKey, Dot
from syncore.documents.changes import UNSET, List, Text, increment, splice
from syncore.documents.document import Document
from syncore.documents.entries import RecordEntry, RichEntry
from syncore.documents.operations import (
    SetField,
)
from syncore.documents.planning import DocumentPlan
from syncore.documents.resolution import ResolutionContext
from tests.documents.worlds import KEY, Device, writer


def pair(**fields: object) -> tuple[Device, Device]:
    """Two devices with one document."""
    first = Device(writer(1))
    first.write(lambda plan: plan.insert(fields))
    return first, first.stored(writer(2))


def test_a_new_document_is_empty() -> None:
    """Nobody wrote to it, so it is neither there nor deleted."""
    document = Document(KEY, writer=writer(1))
    assert (document.is_empty, document.is_live()) == (True, False)
    assert document.project().values == {}


def test_remote_edits_merge_with_local_ones() -> None:
    """Concurrent edits of one text, and of fields beside it, are all kept."""
    first, second = pair(t=Text("brown fox"), n=1)
    mine = first.write(lambda plan: plan.update({"t": splice(0, insert="quick "), "n": 2}))
    theirs = second.write(lambda plan: plan.update({"t": splice(9, insert=" jumps")}))
    first.receive(theirs)
    second.receive(mine)
    assert first.document.project().values == {"n": 2, "t": "quick brown fox jumps"}
    assert first.document.digest() == second.document.digest()
    assert first.document.project() == second.document.project()


@pytest.mark.parametrize(
    "changes",
    [
        {"n": 1},
        {"n": 2},
        {"t": splice(0, insert="x")},
        {"l": splice(0, 1)},
        {"c": increment(0)},
        {"n": UNSET},
        {},
    ],
)
def test_every_commit_changes_the_digest(changes: dict[str, object]) -> None:
    """A lost commit shows in the digest, also one that changes no value."""
    first, _ = pair(n=1, t=Text("abc"), l=List([1]))
    before = first.document.digest()
    first.write(lambda plan: plan.update(changes))
    assert first.document.digest() != before


def test_digests_do_not_depend_on_how_a_document_was_loaded() -> None:
    """A document that comes back from its stored form digests alike, for any writer."""
    first, second = pair(n=1, t=Text("abc"), l=List([1]), e=Text(""))
    first.write(lambda plan: plan.update({"t": splice(0, 3)}))
    assert (
        first.document.digest()
        == first.stored().document.digest()
        == first.stored(writer(3)).document.digest()
    )
    assert first.document.digest() != second.document.digest()


def test_what_is_not_loaded_may_not_be_asked_for() -> None:
    """A document whose rich part was left out refuses to be projected, digested or planned."""
    first, _ = pair(t=Text("abc"))
    partial = Document(KEY, writer=writer(1), record=first.document.record)
    assert not partial.is_loaded
    for use in (partial.project, partial.digest, partial.rich_part, lambda: DocumentPlan(partial)):
        with pytest.raises(AssertionError):
            use()


def test_a_record_can_be_written_remotely_without_the_rich_part() -> None:
    """Record entries apply to a document whose text is not loaded, and a deleted one can be projected."""
    first, second = pair(t=Text("abc"))
    sent = second.write(lambda plan: plan.delete())
    partial = Document(KEY, writer=writer(1), record=first.document.record)
    (entry,) = sent.decoded()
    partial.apply(entry, dot=sent.dot, time=HybridTime(9))
    assert partial.project().is_deleted


def test_entries_belong_to_their_document() -> None:
    """An entry of another document is our own mistake."""
    document = Document(KEY, writer=writer(1))
    other = RecordEntry(key=DocumentKey("notes", "two"), operations=())
    with pytest.raises(AssertionError):
        document.apply(other, dot=Dot(writer(1), 1), time=HybridTime(1))


def test_a_delta_that_breaks_the_rich_part_is_an_integrity_error() -> None:
    """Whatever pycrdt does with bytes that nobody checked, the error is ours."""
    first, second = pair(t=Text("abc"))
    sent = second.write(lambda plan: plan.update({"t": splice(0, insert="x")}))
    (entry,) = sent.decoded()
    assert isinstance(entry, RichEntry)
    broken = replace(entry, update=b"\xff\xff\xff")
    with pytest.raises(SyncoreError):
        first.document.apply(broken, dot=sent.dot, time=HybridTime(9))


def test_a_value_changed_by_its_reader_does_not_come_back() -> None:
    """Lists and maps of a projection are the reader's own: the document does not remember them."""
    first, _ = pair(r=[1, 2], m={"a": 1}, l=List([1]))
    shown = first.document.project()
    for name in ("r", "l"):
        value = shown.values[name]
        assert isinstance(value, list)
        value.append("intruder")
    value = shown.values["m"]
    assert isinstance(value, dict)
    value["b"] = "intruder"
    assert first.document.project().values == {"l": [1], "m": {"a": 1}, "r": [1, 2]}


def test_a_conflict_is_resolved_anew_in_another_context() -> None:
    """What is remembered of fields holds no resolved conflict, which the context may decide otherwise."""
    first, second = pair(f="old")
    mine = first.write(lambda plan: plan.update({"f": "first"}))
    second.receive(mine)
    third = first.stored(writer(3))
    theirs = third.write(lambda plan: plan.update({"f": "third"}, seen={writer(1): 1}))
    first.receive(theirs)
    before = first.document.project()
    late = ResolutionContext(floor_ms={DeviceIndex(1): 10**9})
    assert (before.conflicts, before.values["f"]) == (("f",), "third")
    assert first.document.project(late).values["f"] == "first"
    assert first.document.project() == before


def test_what_changes_the_record_behind_the_document_shows() -> None:
    """Where the record is also the confirmed one, entries reach it without passing the document."""
    first, _ = pair(f="old", g=1)
    first.document.project()
    operation = SetField(field="f", value=encode_value("new"), replaces=(Dot(writer(1), 1),))
    first.document.record.apply_operations([operation], dot=Dot(writer(2), 1), time=HybridTime(1))
    assert first.document.project().values == {"f": "new", "g": 1}


def test_a_field_shows_what_its_kinds_come_to() -> None:
    """A register that becomes a text, a text that is emptied, and a field that goes and comes back."""
    first, _ = pair(f="register", t=Text("abc"))
    for changes in (
        {"f": (UNSET, Text("text")), "t": splice(0, 3)},
        {"f": UNSET, "t": splice(0, insert="x")},
        {"f": (UNSET, 1), "t": UNSET},
        {"t": Text("")},
        {"t": (UNSET, increment(2))},
        {"t": UNSET, "f": 2},
    ):
        first.write(lambda plan, changes=changes: plan.update(changes))  # type: ignore[misc]
    assert first.document.project().values == {"f": 2}
