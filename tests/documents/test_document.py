"""A document as a whole: applying entries, digests, what must be loaded."""

from dataclasses import replace

import pytest

from syncore.core.errors import SyncoreError
from syncore.core.hybrid_clock import HybridTime
from syncore.core.identifiers import DocumentKey, Dot
from syncore.documents.changes import UNSET, List, Text, increment, splice
from syncore.documents.document import Document
from syncore.documents.operations import RecordEntry, RichEntry
from syncore.documents.planning import DocumentPlan
from tests.documents.worlds import KEY, Device, writer


def pair(**fields: object) -> tuple[Device, Device]:
    """Two devices with one document."""
    first = Device(writer(1))
    first.write(lambda plan: plan.insert(fields))
    return first, first.stored(writer(2))


def test_a_new_document_is_empty() -> None:
    """Nobody wrote to it, so it is neither there nor deleted."""
    document = Document(KEY, writer=writer(1))
    assert (document.is_empty, document.is_live, document.is_deleted) == (True, False, False)
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
