"""The least set of edits between two texts, in words and signs (Myers, 1986).

Written out here because what it answers decides what replicas show: it may not change with Python's version,
as the standard library's heuristics and its tables of Unicode may.
"""

import re
from collections.abc import Sequence
from typing import NamedTuple

from syncore.core.limits import MAX_TEXT_DISTANCE
from syncore.documents.differences import find_splice

_TOKEN = re.compile(
    # Letters, digits and marks of scripts that set spaces between words, as ranges of code points;
    r"[0-9A-Z_a-z\u00aa-\u1fff]+"
    # or one sign (also of scripts without spaces) with what is drawn together with it.
    r"|.(?:[\u20d0-\u20ff\ufe00-\ufe0f\U0001f3fb-\U0001f3ff]|\u200d.)*",
    re.DOTALL,
)


class Hunk(NamedTuple):
    """One edit: the tokens from ``start`` to before ``end`` give way to others."""

    start: int
    end: int
    inserted: tuple[str, ...]


def tokens(text: str) -> list[str]:
    """The words and signs of a text; joined they are the text."""
    return _TOKEN.findall(text)


def find_hunks(old: Sequence[str], new: Sequence[str]) -> list[Hunk] | None:
    """The edits that make ``new`` of ``old``, in order, none touching another; None if they are too many."""
    start, deleted, inserted = find_splice(list(old), list(new))
    middle = old[start : start + deleted]
    if not middle or not inserted:
        return [Hunk(start, start + deleted, tuple(inserted))] if deleted or inserted else []
    trace = _explore(middle, inserted)
    return None if trace is None else _hunks(_backtrack(trace, middle, inserted), inserted, start)


def _explore(old: Sequence[str], new: Sequence[str]) -> list[dict[int, int]] | None:
    """How far each diagonal reaches after 0, 1, 2 ... edits, until the end of both is reached."""
    furthest = {1: 0}
    trace: list[dict[int, int]] = []
    for distance in range(MAX_TEXT_DISTANCE + 1):
        trace.append(furthest.copy())
        for diagonal in range(-distance, distance + 1, 2):
            x = _step(furthest, diagonal, distance)
            y = x - diagonal
            while x < len(old) and y < len(new) and old[x] == new[y]:
                x, y = x + 1, y + 1
            furthest[diagonal] = x
            if x >= len(old) and y >= len(new):
                return trace
    return None


def _step(furthest: dict[int, int], diagonal: int, distance: int) -> int:
    """Where a diagonal is entered: by an insertion from above, or by a deletion from the left."""
    previous = _previous(furthest, diagonal, distance)
    return furthest[previous] + (previous < diagonal)


def _previous(furthest: dict[int, int], diagonal: int, distance: int) -> int:
    is_down = diagonal == -distance or (
        diagonal != distance and furthest[diagonal - 1] < furthest[diagonal + 1]
    )
    return diagonal + 1 if is_down else diagonal - 1


def _backtrack(
    trace: list[dict[int, int]], old: Sequence[str], new: Sequence[str]
) -> list[tuple[int, int, bool]]:
    """The single edits in order: place in the old text, place in the new one, whether it deletes."""
    edits = []
    x, y = len(old), len(new)
    for distance in range(len(trace) - 1, 0, -1):
        diagonal = x - y
        previous = _previous(trace[distance], diagonal, distance)
        x = trace[distance][previous]
        y = x - previous
        edits.append((x, y, previous < diagonal))
    return edits[::-1]


def _hunks(edits: list[tuple[int, int, bool]], new: Sequence[str], offset: int) -> list[Hunk]:
    """Edits that touch each other, joined."""
    hunks: list[Hunk] = []
    for x, y, is_deletion in edits:
        at = x + offset
        last = hunks.pop() if hunks and hunks[-1].end == at else Hunk(at, at, ())
        inserted = last.inserted if is_deletion else (*last.inserted, new[y])
        hunks.append(Hunk(last.start, at + is_deletion, inserted))
    return hunks
