"""Whoever reads sees causes before effects: own writes, nothing going back, and what an author had read.

Every device keeps a journal of its own that counts up and says how far it saw the others' journals.
"""

from collections.abc import Iterator, Mapping

from simulations.holding import Held, Place
from simulations.workload import JOURNALS

NAME = "causal order"

Journals = dict[str, int]


def journals(held: Mapping[Place, Held]) -> Journals:
    """How far each journal is, as one device sees it.

    The furthest sibling counts: once the author's file was restored from a copy, what it wrote before and
    after that is concurrent, and a wrong clock may have the earlier one shown.
    """
    found = {}
    for (collection, author), document in held.items():
        numbers = document.siblings.get("n", ())
        if collection == JOURNALS and numbers:
            found[author] = max(map(int, numbers))
    return found


def missing_causes(held: Mapping[Place, Held]) -> Iterator[str]:
    """Entries of journals that are visible although something that their author had read is not."""
    seen = journals(held)
    for place, document in held.items():
        read = document.values.get("saw")
        if place[0] != JOURNALS or not isinstance(read, dict):
            continue
        for author, number in read.items():
            if seen.get(author, -1) < number:
                yield f"{place[1]} had read entry {number} of {author}, which is not visible here"


def went_back(before: Journals, now: Journals) -> Iterator[str]:
    """Journals that are further back than when the same program looked before."""
    for author, number in before.items():
        if now.get(author, -1) < number:
            yield f"the journal of {author} went back from {number} to {now.get(author)}"
