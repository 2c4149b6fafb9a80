"""Whether something gets through from one host to another, and how long it takes."""

from dataclasses import dataclass
from random import Random

from simulations.loop import VirtualLoop
from simulations.network.medium import Fault, Medium
from simulations.network.path import Path, Paths
from simulations.network.weather import Weather


@dataclass
class Somewhere:
    """A place."""

    name: str
    is_alive: bool = True


def one_path() -> tuple[Path, Somewhere, Somewhere]:
    """A way, and its ends."""
    loop = VirtualLoop()
    loop.close()
    source, destination = Somewhere("a"), Somewhere("b")
    return Paths(Medium(loop, Random(1))).between(source, destination), source, destination


def test_nothing_crosses_a_cut_or_reaches_or_leaves_the_dead() -> None:
    """Cuts are counted; the dead are simply not there."""
    path, source, destination = one_path()
    assert path.carries()
    path.cuts = 1
    assert not path.carries()
    path.cuts = 0
    for place in (source, destination):
        place.is_alive = False
        assert not path.is_open
        assert not path.carries()
        place.is_alive = True
    assert path.medium.faults == {Fault.CUT: 1}


def test_losses_come_at_their_rate() -> None:
    """About the share that is asked for is lost, and counted."""
    path, *_ = one_path()
    path.weather = Weather(loss=0.25)
    assert not path.is_clear
    lost = sum(not path.carries() for _ in range(2_000))
    assert 400 < lost < 600
    assert path.medium.faults == {Fault.LOSS: lost}


def test_delays_keep_their_place_and_jitter_is_drawn() -> None:
    """A connection's place between least and greatest delay is its own; jitter is added anew each time."""
    path, *_ = one_path()
    path.weather = Weather(delay_s=(1, 3))
    assert [path.delay_s(place) for place in (0, 0.5, 1)] == [1, 2, 3]
    path.weather = Weather(delay_s=(1, 3), jitter_s=0.5)
    delays = [path.delay_s(0) for _ in range(100)]
    assert len(set(delays)) == 100
    assert min(delays) >= 1
    assert max(delays) <= 1.5


def test_a_way_is_the_same_whoever_asks() -> None:
    """Each direction is one way, with its own weather."""
    path, source, destination = one_path()
    paths = Paths(path.medium)
    assert paths.between(source, destination) is paths.between(source, destination)
    assert paths.between(source, destination) is not paths.between(destination, source)
