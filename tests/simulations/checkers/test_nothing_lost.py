"""The checker of losses misses every kind of owed edit that is not there, and no other."""

import pytest

from simulations.checkers import nothing_lost
from simulations.holding import Held, Place
from simulations.ledger import Edit, Kind, Ledger
from simulations.workload import JOURNALS, LEFT, LISTING, RIGHT, TAGS, TALLY, TEXT
from tests.simulations.endings import acknowledged, device, ending, finds, held

NOTE: Place = ("notes", "n0")
JOURNAL: Place = (JOURNALS, "d0")


def losses(ledger: Ledger, **documents: Held) -> list[str]:
    """What is missing where a device shows these documents."""
    places = {
        "note": NOTE, "journal": JOURNAL, "left": LEFT, "right": RIGHT, "tags": TAGS, "tally": TALLY,
        "text": TEXT, "listing": LISTING,
    }  # fmt: skip
    found = {places[name]: document for name, document in documents.items()}
    return finds(nothing_lost, ending(device(found), ledger=ledger))


def lost(*edits: Edit) -> list[str]:
    """How the checker tells these losses."""
    return [f"d0: lost: {edit}" for edit in edits]


def test_a_value_is_there_as_a_sibling() -> None:
    """Shown or not; what is nowhere is lost."""
    ledger = Ledger()
    shown = acknowledged(ledger, Kind.SET, NOTE, field="title", value="one")
    beside = acknowledged(ledger, Kind.SET, NOTE, field="title", value="two")
    note = held({"title": "one"}, siblings={"title": ["one", "two"]})
    assert losses(ledger, note=note) == []
    assert losses(ledger, note=held({"title": "one"})) == lost(beside)
    assert losses(ledger, note=held({"title": "two"})) == lost(shown)


def test_a_value_that_was_seen_and_replaced_is_there() -> None:
    """Through any number of replacements; one that nobody had seen is not."""
    ledger = Ledger()
    acknowledged(ledger, Kind.SET, NOTE, field="title", value="one")
    acknowledged(ledger, Kind.SET, NOTE, field="title", value="two", saw=["one"])
    acknowledged(ledger, Kind.SET, NOTE, field="title", value="three", saw=["two"])
    unseen = acknowledged(ledger, Kind.SET, NOTE, field="title", value="four", saw=["two"])
    assert losses(ledger, note=held({"title": "x"}, siblings={"title": ["three", "four"]})) == []
    assert losses(ledger, note=held({"title": "three"})) == lost(unseen)


def test_siblings_of_a_deleted_document_are_there() -> None:
    """A deletion hides values, and a concurrent one may bring them back."""
    ledger = Ledger()
    acknowledged(ledger, Kind.SET, NOTE, field="title", value="one")
    acknowledged(ledger, Kind.DELETE, NOTE, saw=["one"])
    assert losses(ledger, note=held({"title": "one"}, is_live=False)) == []


def test_an_unacknowledged_or_excused_edit_is_not_owed() -> None:
    """It may be there or not."""
    ledger = Ledger()
    ledger.begin("d0", Kind.SET, NOTE, field="title", value="begun")
    ledger.excuse([acknowledged(ledger, Kind.SET, NOTE, field="title", value="excused")])
    assert losses(ledger) == []
    assert losses(ledger, note=held({"title": "begun"})) == []


def test_a_journals_entry() -> None:
    """The last one is there, the others were replaced."""
    ledger = Ledger()
    acknowledged(ledger, Kind.JOURNAL, JOURNAL, field="n", value="1")
    last = acknowledged(ledger, Kind.JOURNAL, JOURNAL, field="n", value="2", saw=["1"])
    assert losses(ledger, journal=held({"n": 2}, siblings={"n": ["2"]})) == []
    assert lost(last)[0] in losses(ledger, journal=held({"n": 1}, siblings={"n": ["1"]}))


def test_a_transactions_values() -> None:
    """Each stands in the first document of the pair."""
    ledger = Ledger()
    edit = acknowledged(ledger, Kind.PAIR, LEFT, value="x")
    assert losses(ledger, left=held({"x": "1"}), right=held({"x": "1"})) == []
    assert losses(ledger) == lost(edit)


@pytest.mark.parametrize(
    ("adding", "removing", "place", "field", "several"),
    [
        (Kind.ADD, Kind.REMOVE, TAGS, "tags", frozenset),
        (Kind.INSERT, Kind.DROP, LISTING, "items", list),
    ],
)
def test_elements_and_items(
    adding: Kind, removing: Kind, place: Place, field: str, several: type[frozenset[str] | list[str]]
) -> None:
    """What was added is there or was removed by somebody; what was removed is not there."""
    name = "tags" if place == TAGS else "listing"
    ledger = Ledger()
    edit = acknowledged(ledger, adding, place, field=field, value="x")
    assert losses(ledger, **{name: held({field: several(["x"])})}) == []
    assert losses(ledger) == lost(edit)
    removal = acknowledged(ledger, removing, place, field=field, saw=["x"])
    assert losses(ledger) == []
    assert losses(ledger, **{name: held({field: several(["x"])})}) == lost(removal)


def test_characters() -> None:
    """Each character that was written is there or was cut, and none that was cut is."""
    ledger = Ledger()
    written = acknowledged(ledger, Kind.WRITE, TEXT, field="text", value="ab")
    assert losses(ledger, text=held({"text": "ba"})) == []
    assert losses(ledger, text=held({"text": "a"})) == lost(written)
    cut = acknowledged(ledger, Kind.CUT, TEXT, field="text", saw=["b"])
    assert losses(ledger, text=held({"text": "a"})) == []
    assert losses(ledger, text=held({"text": "ab"})) == lost(cut)


def test_counters() -> None:
    """A counter holds at least what was acknowledged of it; what was not may be there too."""
    ledger = Ledger()
    acknowledged(ledger, Kind.COUNT, TALLY, field="votes", amount=3)
    acknowledged(ledger, Kind.COUNT, TALLY, field="votes", amount=4)
    ledger.begin("d0", Kind.COUNT, TALLY, field="votes", amount=2)
    for value in (7, 9):
        assert losses(ledger, tally=held({"votes": value, "visits": 0})) == []
    assert losses(ledger, tally=held({"votes": 6, "visits": 0})) == [
        "d0: the counter votes holds 6, and 7 were acknowledged"
    ]
