"""The record: what each operation does, and that concurrent ones commute."""

from collections.abc import Sequence
from itertools import permutations

from syncore.codec.values import encode_value
from syncore.core.hybrid_clock import HybridTime
from syncore.core.identifiers import Dot
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
from syncore.documents.record import Record, Sibling, Tally
from syncore.documents.structures import Cancelled
from tests.documents.worlds import writer

A, B, C = writer(1), writer(2), writer(3)
X, Y = encode_value("x"), encode_value("y")


def record_of(*commits: tuple[Dot, Operation]) -> Record:
    """A record with these commits, whose time is their number."""
    record = Record()
    for dot, operation in commits:
        record.apply_operations([operation], dot=dot, time=HybridTime(dot.number))
    return record


def assert_commute(before: Sequence[tuple[Dot, Operation]], *concurrent: tuple[Dot, Operation]) -> Record:
    """All orders of concurrent commits end in one record, which is returned."""
    records = [record_of(*before, *order) for order in permutations(concurrent)]
    assert all(record == records[0] for record in records)
    return records[0]


def test_a_write_replaces_what_it_names_and_nothing_else() -> None:
    """Siblings that a write has not seen stay beside it."""
    first: tuple[Dot, Operation] = Dot(A, 1), SetField(field="f", value=X)
    record = assert_commute(
        [first],
        (Dot(B, 1), SetField(field="f", value=X, replaces=(Dot(A, 1),))),
        (Dot(C, 1), SetField(field="f", value=Y, replaces=(Dot(A, 1),))),
    )
    assert record.registers["f"] == (
        Sibling(Dot(B, 1), X, HybridTime(1)),
        Sibling(Dot(C, 1), Y, HybridTime(1)),
    )


def test_siblings_are_sorted_by_dot() -> None:
    """The order of siblings says nothing about arrival."""
    record = assert_commute([], *((Dot(w, 1), SetField(field="f", value=X)) for w in (C, A, B)))
    assert [sibling.dot.writer for sibling in record.registers["f"]] == [A, B, C]


def test_a_removal_leaves_concurrent_writes() -> None:
    """Removing a field removes the siblings and declarations that it names."""
    before: list[tuple[Dot, Operation]] = [
        (Dot(A, 1), SetField(field="f", value=X)),
        (Dot(A, 2), DeclareField(field="f", kind=FieldKind.SET)),
    ]
    record = assert_commute(
        [*before],
        (Dot(B, 1), RemoveField(field="f", replaces=(Dot(A, 1), Dot(A, 2)))),
        (Dot(C, 1), SetField(field="f", value=Y)),
        (Dot(writer(4), 1), DeclareField(field="f", kind=FieldKind.TEXT)),
    )
    assert [sibling.value for sibling in record.registers["f"]] == [Y]
    assert record.declarations == {"f": {FieldKind.TEXT: (Dot(writer(4), 1),)}}


def test_removing_everything_leaves_no_trace() -> None:
    """A field without siblings, elements and declarations is not there at all."""
    record = record_of(
        (Dot(A, 1), SetField(field="f", value=X)),
        (Dot(A, 2), AddElement(field="f", element=X)),
        (Dot(A, 3), DeclareField(field="f", kind=FieldKind.SET)),
        (Dot(A, 4), RemoveField(field="f", replaces=(Dot(A, 1), Dot(A, 3)))),
        (Dot(A, 5), RemoveElement(field="f", element=X, replaces=(Dot(A, 2),))),
    )
    assert record == Record(vector={A: 5})


def test_an_addition_survives_a_removal_that_has_not_seen_it() -> None:
    """Add wins, and additions that were seen collapse into one dot."""
    before = [(Dot(A, 1), AddElement(field="s", element=X))]
    record = assert_commute(
        before,
        (Dot(B, 1), RemoveElement(field="s", element=X, replaces=(Dot(A, 1),))),
        (Dot(C, 1), AddElement(field="s", element=X, replaces=(Dot(A, 1),))),
    )
    assert record.sets == {"s": {X: (Dot(C, 1),)}}


def test_counters_add_up() -> None:
    """Increments of all writers count."""
    record = assert_commute(
        [],
        (Dot(A, 1), AddToCounter(field="n", amount=2)),
        (Dot(B, 1), AddToCounter(field="n", amount=-5)),
        (Dot(C, 1), AddToCounter(field="n", amount=2**80)),
    )
    assert record.count("n") == 2**80 - 3


def test_a_counter_at_zero_is_there() -> None:
    """A counter is there when somebody added to it, be it nothing."""
    record = record_of((Dot(A, 1), AddToCounter(field="n", amount=0)))
    assert record.has_counter("n")
    assert not record.has_counter("m")


def test_two_cancellations_are_as_one() -> None:
    """Two devices that take a counter away at once do not leave its negative behind."""
    before = [(Dot(A, 1), AddToCounter(field="n", amount=5))]
    seen = (Cancelled(A, 1, 5),)
    record = assert_commute(
        before,
        (Dot(B, 1), CancelCounter(field="n", cancelled=seen)),
        (Dot(C, 1), CancelCounter(field="n", cancelled=seen)),
    )
    assert (record.has_counter("n"), record.count("n")) == (False, 0)


def test_an_increment_survives_a_cancellation_that_has_not_seen_it() -> None:
    """What was added meanwhile is what the counter then stands at."""
    before = [(Dot(A, 1), AddToCounter(field="n", amount=5)), (Dot(C, 1), AddToCounter(field="n", amount=1))]
    record = assert_commute(
        before,
        (Dot(B, 1), CancelCounter(field="n", cancelled=(Cancelled(A, 1, 5), Cancelled(C, 1, 1)))),
        (Dot(A, 2), AddToCounter(field="n", amount=3)),
    )
    assert (record.has_counter("n"), record.count("n")) == (True, 3)
    assert record.counters["n"][A] == Tally(number=2, total=8, cancelled_number=1, cancelled_total=5)


def test_a_later_cancellation_counts_against_an_earlier_one() -> None:
    """Of two cancellations of one writer's part, the one that has seen more decides."""
    before = [(Dot(A, 1), AddToCounter(field="n", amount=5)), (Dot(A, 2), AddToCounter(field="n", amount=6))]
    record = assert_commute(
        before,
        (Dot(B, 1), CancelCounter(field="n", cancelled=(Cancelled(A, 1, 5),))),
        (Dot(C, 1), CancelCounter(field="n", cancelled=(Cancelled(A, 2, 11),))),
    )
    assert not record.has_counter("n")


def test_a_deletion_hides_what_it_has_seen() -> None:
    """A deleted document is deleted until somebody who did not know touches it."""
    before: Sequence[tuple[Dot, Operation]] = [(Dot(A, 1), SetField(field="f", value=X))]
    deletion = (Dot(B, 1), DeleteDocument(seen={A: 1}))
    assert record_of(*before, deletion).is_deleted
    update = (Dot(C, 1), SetField(field="f", value=Y, replaces=(Dot(A, 1),)))
    assert not assert_commute(before, deletion, update).is_deleted


def test_a_deletion_does_not_hide_what_its_own_writer_wrote_unseen() -> None:
    """A deletion upon an old read spares what the same device wrote in between."""
    before: Sequence[tuple[Dot, Operation]] = [
        (Dot(A, 1), SetField(field="f", value=X)),
        (Dot(A, 2), SetField(field="f", value=Y, replaces=(Dot(A, 1),))),
    ]
    assert not record_of(*before, (Dot(A, 3), DeleteDocument(seen={A: 1}))).is_deleted
    assert record_of(*before, (Dot(A, 3), DeleteDocument(seen={A: 2}))).is_deleted
    assert record_of(*before, (Dot(A, 9), DeleteDocument(seen={A: 2}))).is_deleted


def test_two_deletions_cover_each_other() -> None:
    """Deleting on two devices at once deletes."""
    before: Sequence[tuple[Dot, Operation]] = [(Dot(A, 1), SetField(field="f", value=X))]
    record = assert_commute(
        before, (Dot(B, 1), DeleteDocument(seen={A: 1})), (Dot(C, 1), DeleteDocument(seen={A: 1}))
    )
    assert record.is_deleted


def test_an_update_that_knows_of_a_deletion_takes_it_back() -> None:
    """A restored document is there, and a deletion that was not seen stays."""
    before: Sequence[tuple[Dot, Operation]] = [
        (Dot(A, 1), SetField(field="f", value=X)),
        (Dot(B, 1), DeleteDocument(seen={A: 1})),
    ]
    restore = (Dot(A, 2), RestoreDocument(replaces=(Dot(B, 1),)))
    assert not record_of(*before, restore).is_deleted
    record = assert_commute(before, restore, (Dot(C, 1), DeleteDocument(seen={A: 1, B: 1})))
    assert not record.is_deleted
    assert list(record.deletions) == [Dot(C, 1)]


def test_a_delta_of_the_rich_part_is_in_the_vector() -> None:
    """Editing only a text brings a deleted document back too."""
    record = record_of((Dot(A, 1), SetField(field="f", value=X)), (Dot(B, 1), DeleteDocument(seen={A: 1})))
    record.note_rich(Dot(C, 1), 4)
    assert (record.vector[C], record.clocks, record.is_deleted) == (1, {C: 4}, False)


def test_a_delta_that_only_deletes_moves_no_clock() -> None:
    """A writer without structs has no clock."""
    record = Record()
    record.note_rich(Dot(C, 1), 0)
    assert (record.vector, record.clocks) == ({C: 1}, {})


def test_a_copy_goes_its_own_way() -> None:
    """Nothing that is done to a copy shows in the original."""
    commits: list[tuple[Dot, Operation]] = [
        (Dot(A, 1), SetField(field="f", value=X)),
        (Dot(A, 2), AddElement(field="s", element=X)),
        (Dot(A, 3), AddToCounter(field="n", amount=1)),
        (Dot(A, 4), DeclareField(field="t", kind=FieldKind.TEXT)),
        (Dot(A, 5), DeleteDocument(seen={A: 4})),
    ]
    original = record_of(*commits)
    copy = original.copy()
    for operation in (
        SetField(field="f", value=Y),
        AddElement(field="s", element=Y),
        AddToCounter(field="n", amount=1),
        DeclareField(field="t", kind=FieldKind.LIST),
        RestoreDocument(replaces=(Dot(A, 5),)),
    ):
        copy.apply_operations([operation], dot=Dot(B, 1), time=HybridTime(1))
    assert original == record_of(*commits)
    assert copy != original
