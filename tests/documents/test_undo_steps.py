"""Undo steps: their stored form, and how they follow units that get other names."""

from syncore.codec.packing import pack
from syncore.codec.values import encode_value
from syncore.core.identifiers import Dot, Writer
from syncore.core.limits import MAX_COMMIT_BYTES
from syncore.documents.descent import Ancestor
from syncore.documents.operations import FieldKind
from syncore.documents.rich_rekeying import ClockRange
from syncore.documents.structures import encode_element
from syncore.documents.undo_steps import (
    CounterBefore,
    DeclarationBefore,
    Edited,
    ElementBefore,
    RegisterBefore,
    SiblingBefore,
    Turn,
    UndoStep,
    decode_step,
    encode_step,
    mark_of,
)
from tests.documents.fuzzing import assert_total

ANCESTORS = (Ancestor(Dot(Writer(3), 1), "x"),)
ASSERTED = SiblingBefore(encode_value("y"), "a", ANCESTORS)
MARK = mark_of(encode_value(2), "a")
STEP = UndoStep(
    turn=Turn.DELETED,
    seen={Writer(3): 4, Writer(9): 1},
    registers=(
        RegisterBefore("r", encode_value("x"), is_written=True),
        RegisterBefore("s", None, is_written=True),
        RegisterBefore("t", encode_value(1), is_written=False),
        RegisterBefore("u", None, siblings=(SiblingBefore(encode_value(1)),), marks=(MARK,), is_written=True),
        RegisterBefore("v", None, siblings=(ASSERTED,), is_written=False),
    ),
    declarations=(DeclarationBefore("t", FieldKind.TEXT, was_declared=False),),
    elements=(ElementBefore("e", encode_element(1), was_there=True),),
    counters=(CounterBefore("n", -(2**70), was_there=True, is_there=False),),
    inserted=((3, 0, 4), (3, 9, 12)),
    deleted=((9, 1, 2),),
    edited=(Edited("t:t", "é\ue000\ue803"), Edited("l:l", (b"x", b"")), Edited("t:u", "")),
)


def test_steps_come_back_as_they_were() -> None:
    """Every kind of part survives its stored form."""
    contested = (UndoStep(contested={}), STEP._replace(contested={Writer(3): 4}))
    for step in (STEP, UndoStep(), UndoStep(turn=Turn.MADE), *contested):
        assert decode_step(encode_step(step)) == step


def test_steps_of_earlier_versions_are_read() -> None:
    """A register without siblings and marks is one of a file that was written before there were any."""
    old = pack([0, [], [["r", encode_value(1), True]], [], [], [], [], [], []])
    assert decode_step(old).registers == (RegisterBefore("r", encode_value(1), is_written=True),)


def test_damaged_steps_are_refused() -> None:
    """Whatever is read instead of a step is one, or is refused."""
    assert_total(decode_step, encode_step, encode_step(STEP))


def test_a_step_that_is_too_large_is_kept_as_that() -> None:
    """Of a change that no commit could take back, only that it was is kept."""
    large = UndoStep(edited=(Edited("t:t", "x" * 2 * MAX_COMMIT_BYTES),))
    assert decode_step(encode_step(large)) == UndoStep(turn=Turn.TOO_LARGE)


def test_what_came_back_has_other_names() -> None:
    """Only what a step inserted follows what was inserted again; what it deleted marks its place."""
    again = ClockRange(writer=Writer(3), start=2, end=10, new_writer=Writer(3), new_start=50)
    step = UndoStep(inserted=((3, 0, 4), (3, 9, 12)), deleted=((3, 3, 4),))
    renamed = step.reinserted([again])
    assert renamed.inserted == ((3, 0, 2), (3, 50, 52), (3, 57, 58), (3, 10, 12))
    assert renamed.deleted == step.deleted


def test_a_rebase_renames_all() -> None:
    """After a rebase, what was inserted and what was deleted both have their new names."""
    moved = ClockRange(writer=Writer(3), start=2, end=10, new_writer=Writer(4), new_start=0)
    step = UndoStep(inserted=((3, 1, 3),), deleted=((3, 9, 11), (9, 3, 4)))
    assert step.rekeyed([moved]) == UndoStep(
        inserted=((3, 1, 2), (4, 0, 1)), deleted=((4, 7, 8), (3, 10, 11), (9, 3, 4))
    )
