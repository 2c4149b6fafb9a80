"""Merging texts that were made of one: every edit of each of them, in one text, whatever their order.

Owns the three-way merge of any number of texts, and the choice of the text that they were made of among the
ancestors that each of them carries. Pure functions of bounded cost; what is beyond the bounds is not merged.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations

from syncore.core.limits import MAX_ANCESTOR_BYTES, MAX_ANCESTORS, MAX_MERGED_CHARACTERS
from syncore.core.vectors import Vector, covers
from syncore.documents.descent import Ancestor
from syncore.documents.text_differences import Hunk, find_hunks, tokens


@dataclass(frozen=True, slots=True)
class MergedText:
    """What merging came to.

    Attributes:
        text: All edits in one text.
        is_clean: Whether no two of the texts had changed the same place differently.
    """

    text: str
    is_clean: bool


def merge_texts(base: str, texts: Sequence[str]) -> MergedText | None:
    """Merge texts that were made of ``base``.

    What one of them deletes is gone; what they insert at one place stands there in the order of ``texts``,
    what several insert alike once.

    Returns:
        The merged text, or None if they are too long or too different.
    """
    if max(map(len, (base, *texts))) > MAX_MERGED_CHARACTERS:
        return None
    old = tokens(base)
    edited: list[list[Hunk]] = []
    for text in texts:
        hunks = find_hunks(old, tokens(text))
        if hunks is None:
            return None
        edited.append(hunks)
    is_clean = not any(_overlap(one, other) for one, other in combinations(edited, 2))
    return MergedText(_combine(old, edited), is_clean)


def common_base(ancestries: Sequence[Sequence[Ancestor]]) -> str | None:
    """The youngest text that all of several texts descend from, as far as they tell; None if they share none.

    Youngest is what stands nearest to the front of their lists, all taken together.
    """
    shared = set(ancestries[0]).intersection(*ancestries[1:])
    if not shared:
        return None
    return min(shared, key=lambda ancestor: (sum(one.index(ancestor) for one in ancestries), *ancestor)).text


def ancestry(
    replaced: Sequence[tuple[Ancestor, Sequence[Ancestor]]],
    shown: str | None,
    further: Sequence[Ancestor],
    confirmed: Vector | None,
) -> tuple[Ancestor, ...]:
    """The ancestors that a new text carries.

    Args:
        replaced: What it replaces, the latest first, each with the ancestors that it carries itself.
        shown: What these were shown as, if they are several.
        further: What its author had seen beside these.
        confirmed: What others may have seen of this document, or None if that is everything. What they have
            not is of use to nobody, and gives way first where there is not room for all.
    """
    found: list[Ancestor] = []
    if shown is not None and replaced:
        found.append(Ancestor(max(own.dot for own, _ in replaced), shown))
    found += [own for own, _ in replaced]
    found += [ancestor for _, carried in replaced for ancestor in carried]
    found += further
    return _bounded(dict.fromkeys(found), confirmed)


def _bounded(found: Iterable[Ancestor], confirmed: Vector | None) -> tuple[Ancestor, ...]:
    """As many as may be carried: first what others may have seen, and the very last; each in its place."""
    ordered = list(found)
    by_use = sorted(
        range(len(ordered)),
        key=lambda place: place > 0 and confirmed is not None and not covers(confirmed, ordered[place].dot),
    )
    kept: list[int] = []
    room = MAX_ANCESTOR_BYTES
    for place in by_use[:MAX_ANCESTORS]:
        size_bytes = len(ordered[place].text.encode())
        if size_bytes <= room:
            room -= size_bytes
            kept.append(place)
    return tuple(ordered[place] for place in sorted(kept))


def _combine(old: Sequence[str], edited: Sequence[Sequence[Hunk]]) -> str:
    deleted: set[int] = set()
    inserted: dict[int, dict[tuple[str, ...], None]] = {}
    for hunks in edited:
        for hunk in hunks:
            deleted.update(range(hunk.start, hunk.end))
            if hunk.inserted:
                inserted.setdefault(hunk.start, {})[hunk.inserted] = None
    parts: list[str] = []
    for place in range(len(old) + 1):
        for tokens_ in inserted.get(place, ()):
            parts += tokens_
        if place < len(old) and place not in deleted:
            parts.append(old[place])
    return "".join(parts)


def _overlap(one: Sequence[Hunk], other: Sequence[Hunk]) -> bool:
    """Whether two lists of edits change one place differently; inserting at one place is no overlap."""
    left, right = 0, 0
    while left < len(one) and right < len(other):
        first, second = one[left], other[right]
        if first != second and _touch(first, second):
            return True
        if first.end <= second.end:
            left += 1
        else:
            right += 1
    return False


def _touch(first: Hunk, second: Hunk) -> bool:
    if first.start == first.end:
        return second.start < first.start < second.end
    if second.start == second.end:
        return first.start < second.start < first.end
    return max(first.start, second.start) < min(first.end, second.end)
