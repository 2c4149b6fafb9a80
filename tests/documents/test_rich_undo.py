"""Splices that undo a step: by the names of units, from the last place to the first."""

from syncore.core.identifiers import Writer
from syncore.documents.rich_order import Placed
from syncore.documents.rich_undo import Splice, splices_to_undo
from syncore.documents.undo_steps import Edited, UndoStep
from syncore.documents.yjs_update import Place, StructId

A, B = Writer(1), Writer(2)


def test_what_was_inserted_goes_and_what_was_deleted_comes_back() -> None:
    """Own units go as far as they are visible; deleted ones come back right behind themselves."""
    runs = [
        Placed(A, 0, 2, "ab"),
        Placed(B, 0, 2, None),
        Placed(A, 7, 1, "X"),
        Placed(A, 8, 1, None),
        Placed(B, 2, 1, "c"),
    ]
    step = UndoStep(inserted=((A, 7, 9),), deleted=((B, 0, 2),))
    assert splices_to_undo(runs, Edited("t:t", "QR"), step) == [
        Splice(2, 1, ""),
        Splice(2, 0, "QR", Place(StructId(B, 1), StructId(A, 7)), (B, 0, 2)),
    ]


def test_places_between_deleted_units_are_told_apart() -> None:
    """Units that others deleted between one's own part them, so that each keeps to its side."""
    runs = [Placed(A, 0, 1, None), Placed(B, 0, 1, None), Placed(A, 1, 1, None)]
    step = UndoStep(deleted=((A, 0, 2),))
    assert splices_to_undo(runs, Edited("l:l", (b"x", b"y")), step) == [
        Splice(0, 0, (b"y",), Place(StructId(A, 1), None), (A, 1, 2)),
        Splice(0, 0, (b"x",), Place(StructId(A, 0), StructId(B, 0)), (A, 0, 1)),
    ]


def test_what_the_commit_made_and_deleted_itself_stays_away() -> None:
    """Units that the commit both inserted and deleted are not what it lost."""
    runs = [Placed(A, 0, 2, None), Placed(B, 0, 1, None)]
    step = UndoStep(inserted=((A, 0, 2),), deleted=((A, 0, 2), (B, 0, 1)))
    [splice] = splices_to_undo(runs, Edited("t:t", "x"), step) or []
    assert (splice.insert, splice.name) == ("x", (B, 0, 1))


def test_what_does_not_fit_is_refused() -> None:
    """Other content, or another number of units than was lost, cannot be told for sure."""
    step = UndoStep(deleted=((B, 0, 2),))
    assert splices_to_undo([Placed(B, 0, 1, None)], Edited("t:t", "xy"), step) is None
    assert splices_to_undo([Placed(B, 5, 1, (b"item",))], Edited("t:t", ""), step) is None


def test_a_character_is_never_torn() -> None:
    """A character that is kept as two units goes and comes whole, or the text is left alone."""
    high, low = "\ue3ca", "\ue73b"
    runs = [Placed(A, 0, 1, high), Placed(B, 0, 1, low), Placed(A, 1, 1, "x")]
    assert splices_to_undo(runs, Edited("t:t", ""), UndoStep(inserted=((A, 1, 2),))) == [Splice(1, 1, "")]
    assert splices_to_undo(runs, Edited("t:t", ""), UndoStep(inserted=((A, 0, 1),))) is None
    half = [Placed(A, 0, 1, None)]
    assert splices_to_undo(half, Edited("t:t", high), UndoStep(deleted=((A, 0, 1),))) is None
