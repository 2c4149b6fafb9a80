"""The plan of edits: the same from the same seed, aimed at the same few airports, and recognisable."""

from collections import Counter

from syncore.cli.demo.draws import Draws
from syncore.cli.demo.scenario import (
    HEADING,
    PHRASES,
    Place,
    WriteKind,
    edit_of,
    edits_in_text,
    insert_line,
    plan_edits,
    read_route_element,
    route_element,
)

AIRPORTS = [f"{number:03}" for number in range(500)]


def test_a_seed_gives_the_same_edits_for_ever() -> None:
    """Plans follow from seed and device alone; another seed or device has another plan."""
    plan = plan_edits(seed=1, device="d1", count=50, airports=AIRPORTS)
    assert plan == plan_edits(seed=1, device="d1", count=50, airports=AIRPORTS)
    assert plan[:20] == plan_edits(seed=1, device="d1", count=20, airports=AIRPORTS)
    assert plan != plan_edits(seed=2, device="d1", count=50, airports=AIRPORTS)
    assert plan[0].writes != plan_edits(seed=1, device="d2", count=50, airports=AIRPORTS)[0].writes


def test_draws_do_not_change_between_versions() -> None:
    """The generator is part of what a seed means: these numbers stay."""
    draws = Draws("seed", 1)
    assert [draws.below(1000) for _ in range(5)] == DRAWN


def test_devices_meet_at_the_same_fields() -> None:
    """Most edits of two devices are for fields that the other one edits too."""
    plans = [plan_edits(seed=1, device=device, count=400, airports=AIRPORTS) for device in ("d1", "d2")]
    fields = [
        {
            (write.place, write.field)
            for edit in plan
            for write in edit.writes
            if write.kind is WriteKind.REGISTER
        }
        for plan in plans
    ]
    writes = [write for edit in plans[0] for write in edit.writes if write.kind is WriteKind.REGISTER]
    shared = [write for write in writes if (write.place, write.field) in fields[1]]
    assert len(shared) > len(writes) / 2


def test_a_plan_has_everything_in_it() -> None:
    """Every kind of write and transactions, some of which write the shared text."""
    plan = plan_edits(seed=1, device="d1", count=400, airports=AIRPORTS)
    kinds = Counter(write.kind for edit in plan for write in edit.writes)
    assert set(kinds) == set(WriteKind)
    transactions = [edit for edit in plan if edit.is_transaction]
    assert len(transactions) > 20
    assert any(write.kind is WriteKind.TEXT for edit in transactions for write in edit.writes)
    assert len({edit.id for edit in plan}) == 400


def test_values_tell_their_edit() -> None:
    """The mark of an edit is read back from every register's value; imported values have none."""
    for edit in plan_edits(seed=3, device="d2", count=200, airports=AIRPORTS):
        for write in edit.writes:
            if write.kind is WriteKind.REGISTER:
                assert edit_of(write.value) == edit.id
    assert edit_of("Fiumicino") is None
    assert edit_of({"name": "Fiumicino"}) is None


def test_lines_go_behind_a_line() -> None:
    """However lines are inserted, the heading stays first and every line whole."""
    draws = Draws("lines")
    text = HEADING
    for number in range(100):
        text = insert_line(text, f"«d1#{number}» {PHRASES[0]}\n", draws.below(1 << 30))
    assert text.startswith(HEADING)
    assert sorted(edits_in_text(text)) == sorted(f"d1#{number}" for number in range(100))
    assert all(line.endswith(PHRASES[0]) for line in text.splitlines()[1:])


def test_a_route_names_its_transaction() -> None:
    """The element that a transaction puts into its airports leads to all of its documents."""
    places = [Place("airports", "FCO"), Place("texts", "travellers")]
    assert read_route_element(route_element("d1#6", places)) == ("d1#6", places)


DRAWN = [669, 157, 73, 663, 646]
