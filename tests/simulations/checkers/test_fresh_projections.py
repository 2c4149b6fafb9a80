"""The checker of projections sees readers that find something else than the state shows."""

from simulations.checkers import fresh_projections
from simulations.holding import Place
from tests.simulations.endings import device, ending, finds, held

NOTE: Place = ("notes", "n0")


def test_readers_find_what_the_state_shows() -> None:
    """A document with its values, and nothing where it is deleted."""
    good = device({NOTE: held({"title": "x"}), ("notes", "n1"): held({}, is_live=False)})
    assert finds(fresh_projections, ending(good)) == []


def test_a_stale_projection_is_found() -> None:
    """An older value, and a document that should not be found or should be."""
    note = held({"title": "new"})
    stale = device({NOTE: note}, found={NOTE: {"title": "old"}})
    (told,) = finds(fresh_projections, ending(stale))
    assert told == "d0: a reader finds notes/n0 as {'title': 'old'}, and its state shows {'title': 'new'}"
    missing = device({NOTE: note}, found={NOTE: None})
    undead = device({NOTE: held({"title": "x"}, is_live=False)}, found={NOTE: {"title": "x"}})
    assert len(finds(fresh_projections, ending(missing))) == 1
    assert len(finds(fresh_projections, ending(undead))) == 1
