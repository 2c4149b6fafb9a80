"""Places of inserts: those that somebody can have seen, and those that nobody can."""

import json
from itertools import permutations
from pathlib import Path
from typing import Any

import pytest

from syncore.core.errors import InvalidSegment
from syncore.core.identifiers import DocumentKey, Dot, Writer
from syncore.documents.rich import RichPart
from syncore.documents.rich_places import DocumentPlaces, Places
from syncore.documents.yjs_update import (
    Struct,
    StructId,
    Update,
    decode_update,
    encode_update,
    merged_deletions,
)
from tests.documents.rich_authors import ALICE, BOB, CAROL, update_with

DOT = Dot(CAROL, 1)
DAVE = Writer(CAROL + 1)
A, B, C = (StructId(ALICE, clock) for clock in range(3))
LIST = StructId(ALICE, 3)
ABC = update_with(
    ALICE, 0, Struct(0, 3, "abc", None, None, "t:body"), Struct(3, 1, (b"x",), None, None, "l:body")
)
FROM_BOB = update_with(BOB, 0, Struct(0, 2, "XY", A, B, None))
BETWEEN = StructId(BOB, 0), StructId(BOB, 1)


def insert(
    left: StructId | None, right: StructId | None, writer: Writer = CAROL, clock: int = 0, text: str = "-"
) -> Update:
    """A delta with one insert."""
    root = "t:body" if left is None and right is None else None
    return update_with(writer, clock, Struct(clock, len(text), text, left, right, root))


def rich(*updates: Update) -> RichPart:
    """A rich part that somebody else holds."""
    return RichPart.load([encode_update(update) for update in updates], Writer(9))


def is_sound(held: RichPart | None, update: Update) -> bool:
    """The verdict on an update."""
    try:
        Places(held).check(update, dot=DOT)
    except InvalidSegment:
        return False
    return True


VECTORS = json.loads((Path(__file__).parent.parent / "vectors" / "rich-update.json").read_text("utf-8"))[
    "places"
]
SOUND = {
    "the beginning": (None, A),
    "the end": (C, None),
    "inside of a run": (A, B),
    "nowhere in particular": (None, None),
    "before what was put between": (A, BETWEEN[0]),
    "within what was put between": BETWEEN,
    "behind what was put between": (BETWEEN[1], B),
    "the end for those who saw no more": (B, None),
    "within, for those who saw no more": (BETWEEN[0], B),
    "the beginning of the list": (None, LIST),
    "the end of the list": (LIST, None),
}
UNSOUND = {
    "wrong order": (C, B),
    "wrong order, far": (C, A),
    "around a unit": (A, C),
    "around the first unit": (None, B),
    "around two units": (None, C),
    "around what it begins with": (A, BETWEEN[1]),
    "text and list": (C, LIST),
    "list and text": (LIST, A),
}


@pytest.mark.parametrize("name", SOUND)
def test_neighbours_are_taken(name: str) -> None:
    """Between two units of which one was made beside the other, and the ends; whoever holds more agrees."""
    update = insert(*SOUND[name])
    assert is_sound(rich(ABC, FROM_BOB), update)
    more = [insert(None, A, DAVE), insert(A, B, DAVE, 1), insert(C, None, DAVE, 2)]
    assert is_sound(rich(ABC, *more, FROM_BOB), update)
    gone = Update((), merged_deletions([(ALICE, 0, 3), (BOB, 0, 1)]))
    assert is_sound(rich(ABC, FROM_BOB, *more, gone), update)


@pytest.mark.parametrize("name", UNSOUND)
def test_what_never_was_side_by_side_is_refused(name: str) -> None:
    """In a wrong order, around what both rest on, or in two lists; deletions change nothing."""
    update = insert(*UNSOUND[name])
    assert not is_sound(rich(ABC, FROM_BOB), update)
    gone = Update((), merged_deletions([(ALICE, 0, 3), (BOB, 0, 2)]))
    assert not is_sound(rich(ABC, FROM_BOB, insert(A, B, DAVE), gone), update)


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["name"])
def test_golden_places(vector: dict[str, Any]) -> None:
    """The places of the golden vectors are sound, or not, as they say."""
    held = rich(*(decode_update(bytes.fromhex(update)) for update in vector["held"]))
    assert is_sound(held, decode_update(bytes.fromhex(vector["hex"]))) == vector["is_sound"]


def test_unsound_places_are_why_replicas_differ() -> None:
    """Without the check, two receivers of the same three deltas show two texts."""
    bob, hostile = insert(A, B, BOB, text="Y"), insert(C, B, text="H")
    assert rich(ABC, bob, hostile).text("body") != rich(ABC, hostile, bob).text("body")
    assert not is_sound(rich(ABC, bob), hostile)
    assert not is_sound(rich(ABC), hostile)


def test_units_that_were_made_apart_can_be_neighbours() -> None:
    """What two authors put into one place ends side by side, in the order of their numbers alone."""
    bob, dave = insert(A, B, BOB, text="b"), insert(A, B, DAVE, text="d")
    left, right = StructId(BOB, 0), StructId(DAVE, 0)
    between = insert(left, right, ALICE, 4)
    for one, other in permutations([bob, dave]):
        assert is_sound(rich(ABC, one, other), between)
        assert is_sound(rich(ABC, insert(A, B), one, other), between), (
            "Carol's is beside, and not what they saw"
        )
        assert not is_sound(rich(ABC, one, other), insert(right, left, ALICE, 4))
        assert is_sound(rich(ABC, one, other), insert(A, right, ALICE, 4)) is not False
        assert not is_sound(rich(ABC, one, other), insert(right, A, ALICE, 4))


def test_units_of_one_delta_and_of_those_before_count() -> None:
    """A delta may name what it made itself; what is held under the same clocks does not matter."""
    u, v, w = (StructId(CAROL, clock) for clock in range(3))
    first = update_with(CAROL, 0, Struct(0, 2, "uv", A, B, None), Struct(2, 1, "w", u, v, None))
    for held in (rich(ABC), rich(ABC, first), rich(ABC, insert(C, None, CAROL, text="other"))):
        places = Places(held)
        places.check(first, dot=DOT)
        places.check(insert(w, v, CAROL, 3), dot=DOT)
        places.check(insert(v, B, CAROL, 4), dot=DOT)
        with pytest.raises(InvalidSegment, match="side by side"):
            places.check(insert(w, B, CAROL, 5), dot=DOT)


def test_an_empty_document_has_only_its_own_places() -> None:
    """The first delta of all names nothing but a root, and itself."""
    assert is_sound(None, ABC)
    u, v = (StructId(CAROL, clock) for clock in range(2))
    written = Struct(0, 2, "uv", None, None, "t:b")
    assert is_sound(None, update_with(CAROL, 0, written, Struct(2, 1, "w", u, v, None)))
    assert not is_sound(None, update_with(CAROL, 0, written, Struct(2, 1, "w", v, u, None)))


def test_mending_keeps_the_left_neighbour() -> None:
    """An insert between two units that changed sides stays behind its left one; a sound place stays."""
    bob, dave = insert(A, B, BOB, text="b"), insert(A, B, DAVE, text="d")
    held = rich(ABC, bob, dave)
    turned = insert(StructId(DAVE, 0), StructId(BOB, 0), text="xy")
    inner = insert(StructId(CAROL, 1), StructId(BOB, 0), CAROL, 2, "z")
    places = Places(held)
    assert places.mend(turned) == insert(StructId(DAVE, 0), B, text="xy")
    assert places.mend(inner) == insert(StructId(CAROL, 1), B, CAROL, 2, "z"), "it builds on what was mended"
    sound = insert(StructId(BOB, 0), StructId(DAVE, 0), CAROL, 3)
    assert places.mend(sound) == sound
    unknown = insert(StructId(BOB, 7), StructId(DAVE, 0), CAROL, 4)
    assert places.mend(unknown) == unknown


def test_each_document_has_its_own_places() -> None:
    """Documents are asked for once, and do not see each other's units."""
    asked: list[DocumentKey] = []

    def rich_part(key: DocumentKey) -> RichPart | None:
        asked.append(key)
        return rich(ABC) if key.id == "1" else None

    places = DocumentPlaces(rich_part)
    one, other = DocumentKey("notes", "1"), DocumentKey("notes", "2")
    places.of(one).check(insert(A, B), dot=DOT)
    places.of(one).check(insert(StructId(CAROL, 0), B, CAROL, 1), dot=DOT)
    places.of(other).check(ABC, dot=DOT)
    assert asked == [one, other]
