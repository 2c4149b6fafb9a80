"""The ledger holds what was promised of every edit, and when a promise is off."""

from simulations.ledger import MAX_CHARACTERS, Fate, Kind, Ledger

PLACE = ("notes", "n0")


def test_an_edit_is_owed_from_its_acknowledgement_on() -> None:
    """Begun edits are not owed, acknowledged ones are, excused ones are no more."""
    ledger = Ledger()
    edit = ledger.begin("d0", Kind.SET, PLACE, field="title", value="one", saw=["zero"])
    assert (edit.fate, edit.is_owed, edit.number, edit.saw) == (Fate.BEGUN, False, 0, frozenset({"zero"}))
    ledger.acknowledge(edit)
    assert (edit.is_owed, edit.order, ledger.acknowledged) == (True, 0, 1)
    ledger.excuse([edit])
    assert (edit.fate, edit.is_owed) == (Fate.EXCUSED, False)


def test_a_devices_edits_come_in_the_order_of_their_acknowledgement() -> None:
    """That is the order in which they were committed, whatever order they were begun in."""
    ledger = Ledger()
    first, second, other, begun = (ledger.begin(who, Kind.SET, PLACE) for who in ("d0", "d0", "d1", "d0"))
    for edit in (second, other, first):
        ledger.acknowledge(edit)
    assert ledger.of("d0") == [second, first]
    assert begun not in ledger.of("d0")


def test_a_full_commit_makes_what_came_before_it_durable() -> None:
    """Only this device's, and only what had been acknowledged when it began."""
    ledger = Ledger()
    before, others, after = (ledger.begin(who, Kind.SET, PLACE) for who in ("d0", "d1", "d0"))
    for edit in (before, others, after):
        ledger.acknowledge(edit)
    ledger.note_durable("d0", 2)
    assert [edit.is_durable for edit in (before, others, after)] == [True, False, False]


def test_what_the_relay_has_is_durable_too() -> None:
    """The relay's acknowledgement is the stronger promise."""
    ledger = Ledger()
    edit = ledger.begin("d0", Kind.SET, PLACE)
    ledger.acknowledge(edit)
    ledger.note_stored("d1")
    assert not edit.is_stored
    ledger.note_stored("d0")
    assert (edit.is_stored, edit.is_durable) == (True, True)


def test_characters_are_used_once_until_there_are_none() -> None:
    """No two edits write the same character."""
    ledger = Ledger()
    first, second = ledger.take_characters(5), ledger.take_characters(7)
    assert (len(first), len(second), len(set(first + second))) == (5, 7, 12)
    assert len(ledger.take_characters(MAX_CHARACTERS)) == MAX_CHARACTERS - 12
    assert ledger.take_characters(1) == ""


def test_an_edit_tells_itself_in_one_line() -> None:
    """What is in a report: the kind, the place, what it brings or how much it removes, and who."""
    ledger = Ledger()
    told = [
        ledger.begin("d0", Kind.SET, PLACE, field="title", value="one"),
        ledger.begin("d1", Kind.COUNT, PLACE, field="votes", amount=3),
        ledger.begin("d2", Kind.CUT, PLACE, field="text", saw=["a", "b"]),
    ]
    assert [str(edit) for edit in told] == [
        "set notes/n0.title one by d0",
        "count notes/n0.votes 3 by d1",
        "cut notes/n0.text -2 by d2",
    ]
