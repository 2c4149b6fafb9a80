"""Looks on the way are counted and checked, each device's within one life of its program."""

from simulations.checkers import atomic_transactions, causal_order, faithful_digests
from simulations.checkers.audits import Audits
from simulations.holding import Held
from simulations.workload import JOURNALS, LEFT, TAGS
from tests.simulations.endings import held, shown


def journal(number: int) -> dict[tuple[str, str], Held]:
    """A device that shows its own journal at an entry."""
    return shown({(JOURNALS, "d0"): held({"n": number}, digest=f"journal {number}")})


def violations(audits: Audits) -> dict[str, list[str]]:
    """What was found, by checker, where something was."""
    return {name: [*found] for name, (_, found) in audits.results().items() if found}


def test_a_good_look_is_counted_and_finds_nothing() -> None:
    """Every checker of the way looks each time; the order of causes is looked at in two ways."""
    audits = Audits()
    audits.take("d0", 1, shown())
    audits.take("d1", 1, shown())
    counts = {name: count for name, (count, _) in audits.results().items()}
    assert counts == {atomic_transactions.NAME: 2, causal_order.NAME: 4, faithful_digests.NAME: 2}
    assert violations(audits) == {}


def test_what_is_found_names_the_device() -> None:
    """A half transaction, and a digest that stands for two contents."""
    audits = Audits()
    audits.take("d1", 1, shown({LEFT: held({"x": "1"}, digest="left")}))
    assert violations(audits) == {
        atomic_transactions.NAME: ["d1: the transaction x shows on one side only"],
    }
    audits = Audits()
    audits.take("d0", 1, shown({TAGS: held({"tags": frozenset({"a"})}, digest="same")}))
    audits.take("d1", 1, shown({TAGS: held({"tags": frozenset({"b"})}, digest="same")}))
    assert violations(audits) == {faithful_digests.NAME: ["d1: tags/tags has one digest for two contents"]}


def test_nothing_goes_back_within_one_life() -> None:
    """A program that shows less than it did is wrong; after a restart its disk may have lost the end."""
    audits = Audits()
    audits.take("d0", 1, journal(5))
    audits.take("d1", 1, journal(4))
    audits.take("d0", 2, journal(4))
    assert violations(audits) == {}
    audits.take("d0", 2, journal(3))
    assert violations(audits) == {causal_order.NAME: ["d0: the journal of d0 went back from 4 to 3"]}
