"""The checker of digests sees one that stood for two contents."""

from dataclasses import replace

from simulations.checkers.faithful_digests import Digests
from simulations.holding import Held, Place
from tests.simulations.endings import held

NOTE: Place = ("notes", "n0")
OTHER: Place = ("notes", "n1")


def look(digests: Digests, document: Held, place: Place = NOTE) -> list[str]:
    """What a look at one document finds."""
    return [*digests.look({place: document})]


def test_a_digest_may_be_seen_again_for_the_same() -> None:
    """On other devices too, whose tokens may differ; other documents may share it."""
    digests = Digests()
    document = held({"title": "x"}, digest="a")
    assert look(digests, document) == []
    assert look(digests, replace(document, token="another")) == []
    assert look(digests, held({"title": "y"}, digest="b")) == []
    assert look(digests, held({"title": "y"}, digest="a"), OTHER) == []


def test_siblings_and_clocks_are_content_too() -> None:
    """A digest of what is shown alone is found out."""
    shown = held({"title": "x"}, digest="a")
    more = held({"title": "x"}, siblings={"title": ["x", "y"]}, digest="a")
    later = held({"title": "x"}, clocks={1: 1}, digest="a")
    for changed in (more, later):
        digests = Digests()
        assert look(digests, shown) == []
        assert look(digests, changed) == ["notes/n0 has one digest for two contents"]
