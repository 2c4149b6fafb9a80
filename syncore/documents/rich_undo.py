"""Taking back what one commit did to a text or list, by the names of units and never by positions.

Of what it inserted, whatever is still there is deleted; what it deleted is inserted again at the places that
the deleted units still mark. So what others inserted or deleted meanwhile, in between too, stays as it is.

Owns the way from a sequence of runs to splices. Must not know: pycrdt, drafts, or which commit it is.
"""

from collections.abc import Sequence
from typing import NamedTuple

from syncore.documents.rich_characters import keep, show
from syncore.documents.rich_order import Placed, Units
from syncore.documents.undo_steps import Edited, UndoStep, UnitRange
from syncore.documents.yjs_update import Place, StructId


class Splice(NamedTuple):
    """A splice of what is visible now: it deletes, or brings back units at their very place.

    Attributes:
        position: Characters or items before it.
        delete: How many of them it deletes.
        insert: What it inserts.
        place: Where it inserts that, among deleted units too; None where it only deletes.
        name: What the inserted units were called when they were deleted.
    """

    position: int
    delete: int
    insert: str | tuple[bytes, ...]
    place: Place | None = None
    name: UnitRange | None = None


def splices_to_undo(runs: Sequence[Placed], edited: Edited, step: UndoStep) -> list[Splice] | None:
    """What brings a text or list back, the last splice first, so that no position moves.

    Args:
        runs: Everything that was ever in its root.
        edited: The root, and what the step deleted from it.
        step: The step.

    Returns:
        The splices, or None where the places or the content cannot be told for sure.
    """
    is_text = isinstance(edited.lost, str)
    if any(run.content is not None and isinstance(run.content, str) is not is_text for run in runs):
        return None  # somebody put into the root what does not belong there
    parts = _parts(runs, Units(step.inserted), Units(step.deleted))
    splices, taken = _splices(parts, edited.lost)
    if taken != len(edited.lost):
        return None
    splices.reverse()
    if is_text:
        return _in_characters(splices, "".join(run.content for run in runs if isinstance(run.content, str)))
    return splices


class _Part(NamedTuple):
    """A run, whether it is visible, and whether it is to go or to come back."""

    run: Placed
    is_visible: bool
    is_touched: bool


def _parts(runs: Sequence[Placed], inserted: Units, deleted: Units) -> list[_Part]:
    parts: list[_Part] = []
    for run in runs:
        if run.content is not None:
            parts += (_Part(part, is_visible=True, is_touched=is_own) for part, is_own in inserted.cut(run))
            continue
        for part, is_lost in deleted.cut(run):
            # What the commit itself inserted and deleted again does not come back.
            parts += (
                _Part(piece, is_visible=False, is_touched=is_lost and not is_own)
                for piece, is_own in inserted.cut(part)
            )
    return parts


def _splices(parts: Sequence[_Part], lost: str | tuple[bytes, ...]) -> tuple[list[Splice], int]:
    """The splices in the order of their places, and how many deleted units were found."""
    splices: list[Splice] = []
    position = taken = 0
    for part, following in zip(parts, [*parts[1:], None], strict=True):
        run = part.run
        if part.is_touched and part.is_visible:
            splices.append(Splice(position, run.length, lost[:0]))
        elif part.is_touched:
            content = lost[taken : taken + run.length]
            name = (run.writer, run.clock, run.clock + run.length)
            splices.append(Splice(position, 0, content, _place(run, following), name))
            taken += run.length
        position += run.length if part.is_visible else 0
    return splices, taken


def _place(run: Placed, following: _Part | None) -> Place:
    """Right behind deleted units, so that whatever comes back beside them keeps to its side."""
    before = None if following is None else StructId(following.run.writer, following.run.clock)
    return Place(StructId(run.writer, run.clock + run.length - 1), before)


def _in_characters(splices: Sequence[Splice], kept: str) -> list[Splice] | None:
    """Splices of kept text as splices of the text that is shown; None where one would tear a character."""
    shown = show(kept)
    found: list[Splice] = []
    for splice in splices:
        before = show(kept[: splice.position])
        deleted = show(kept[splice.position : splice.position + splice.delete])
        after = show(kept[splice.position + splice.delete :])
        assert isinstance(splice.insert, str)
        insert = show(splice.insert)
        if before + deleted + after != shown or keep(insert) != splice.insert:
            return None
        found.append(splice._replace(position=len(before), delete=len(deleted), insert=insert))
    return found
