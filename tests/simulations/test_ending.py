"""What is gathered of a world at its end is what its devices, its relay and its application hold."""

from collections.abc import Mapping, Sequence

from simulations.ending import Ending, look_back
from simulations.ledger import Kind
from simulations.work import Application
from simulations.workload import JOURNALS, SHARED_PLACES
from simulations.world import World
from syncore.engine.replica import Replica
from tests.simulations.small_plans import SMALL, in_world


class Content(Application):
    """An application that says what it sees, or raises."""

    def __init__(self, error: Exception | None = None) -> None:
        """Raise it at the end, if it is one."""
        self.error = error

    async def check(self, replicas: Mapping[str, Replica]) -> Sequence[str]:
        """Whom it was asked about."""
        if self.error is not None:
            raise self.error
        return [f"saw {' and '.join(replicas)}"]


def looked_at(application: Application | None = None, *, without: str = "") -> Ending:
    """The end of a small world, after which a device may be switched off."""
    endings: list[Ending] = []

    async def main(world: World) -> None:
        await world.play()
        for person in world.people:
            if person.name == without:
                await person.machine.stop()
        world.acts.append(("nobody noticed this", lambda: False))
        endings.append(await look_back(world, ["something moves"]))

    in_world(main, SMALL, application)
    return endings[0]


def test_every_devices_documents_digest_and_keys_are_there() -> None:
    """The shared documents and every journal, as states and as readers show them."""
    ending = looked_at()
    authors = {edit.author for edit in ending.ledger.edits if edit.kind is Kind.JOURNAL}
    places = {*SHARED_PLACES, *((JOURNALS, author) for author in authors)}
    assert [*ending.devices] == ["d0", "d1"]
    for remains in ending.devices.values():
        assert remains.held.keys() == remains.found.keys() == places
        assert len(remains.secrets) >= 2
        assert all(remains.secrets)
        assert (remains.closed, len(bytes.fromhex(remains.digest)) >= 16) == ({}, True)
    first, second = ending.devices.values()
    assert first.held == second.held
    assert first.secrets != second.secrets


def test_what_others_found_is_passed_on() -> None:
    """What was not calm and what was not noticed, and all of the relay's disk."""
    ending = looked_at()
    assert ending.unsettled == ["something moves"]
    assert ending.undetected == ["nobody noticed this"]
    assert ending.complaints == []
    assert sum(map(len, ending.relay_bytes)) > 10_000


def test_a_device_that_is_off_is_not_looked_at() -> None:
    """It shows nothing; the application is asked about the others, in a program that runs."""
    ending = looked_at(Content(), without="d0")
    assert [*ending.devices] == ["d1"]
    assert ending.complaints == ["saw d1"]


def test_the_application_is_asked_about_everybody() -> None:
    """What it says are complaints."""
    assert looked_at(Content()).complaints == ["saw d0 and d1"]


def test_an_application_that_raises_has_complained() -> None:
    """A failed assertion in its check is a finding with its place, and not the end of the report."""
    told = looked_at(Content(AssertionError("they differ"))).complaints
    assert told[0].startswith("check raised AssertionError: they differ (test_ending.py:")
