"""The checker of convergence sees devices that differ, and where."""

from simulations.checkers import equal_digests
from simulations.holding import Place
from tests.simulations.endings import device, ending, finds, held

NOTE: Place = ("notes", "n0")


def test_devices_that_hold_the_same_pass() -> None:
    """Any number of them."""
    one = device({NOTE: held({"title": "x"})})
    assert finds(equal_digests, ending(one, one, one)) == []


def test_another_digest_is_found() -> None:
    """Also where what is shown is the same."""
    found = finds(equal_digests, ending(device(), device(digest="other"), device()))
    assert found == ["d1 holds something else than d0"]


def test_another_document_is_found_under_an_equal_digest() -> None:
    """The digest is not trusted alone; the message says in what the documents differ."""
    one = held({"title": "x"}, siblings={"title": ["x", "y"]})
    other = held({"title": "x"}, siblings={"title": ["x"]})
    (told,) = finds(equal_digests, ending(device({NOTE: one}), device({NOTE: other})))
    assert told.startswith("d1 shows notes/n0 otherwise than d0: siblings: ")


def test_clocks_and_deletions_count() -> None:
    """Documents that show the same differ if their histories do."""
    plain = held({"title": "x"})
    later = held({"title": "x"}, clocks={1: 2})
    gone = held({"title": "x"}, is_live=False)
    (told,) = finds(equal_digests, ending(device({NOTE: plain}), device({NOTE: later})))
    assert "clocks: {1: 2} and {}" in told
    (told,) = finds(equal_digests, ending(device({NOTE: plain}), device({NOTE: gone})))
    assert "is_live: False and True" in told
