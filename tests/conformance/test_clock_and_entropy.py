"""What every implementation of the Clock and Entropy ports does, the twins of simulations included."""

import itertools

import pytest

from simulations import senses
from syncore.adapters.clock import SystemClock
from syncore.adapters.entropy import SystemEntropy
from syncore.core.ports import Clock, Entropy
from tests.replica.world import SeededEntropy, SteppingClock


def simulated_clock() -> Clock:
    """A clock of a simulated world that somebody puts wrong between any two readings, as is its nature."""
    return WrongClock(itertools.count().__next__)


class WrongClock(senses.SimulatedClock):
    """A clock whose drift changes at every reading."""

    def monotonic_ms(self) -> int:
        """The same, and the drift changes after it."""
        now_ms = super().monotonic_ms()
        self.drift = 0.2 if self.drift < 0 else -0.2
        return now_ms


@pytest.fixture(params=[SystemClock, SteppingClock, simulated_clock])
def clock(request: pytest.FixtureRequest) -> Clock:
    """A clock."""
    made: Clock = request.param()
    return made


@pytest.fixture(
    params=[SystemEntropy, lambda: SeededEntropy("seed"), lambda: senses.SeededEntropy("seed")],
    ids=["system", "seeded", "simulated"],
)
def entropy(request: pytest.FixtureRequest) -> Entropy:
    """A source of randomness."""
    made: Entropy = request.param()
    return made


def test_wall_time_is_in_milliseconds_since_1970(clock: Clock) -> None:
    """Wall time is a whole number in this century."""
    now = clock.now_ms()
    assert type(now) is int
    assert 1_600_000_000_000 < now < 4_200_000_000_000


def test_monotonic_time_never_runs_backwards(clock: Clock) -> None:
    """Of many readings none is before the one before it."""
    readings = [clock.monotonic_ms() for _ in range(1_000)]
    assert all(type(reading) is int for reading in readings)
    assert readings == sorted(readings)


@pytest.mark.parametrize("size_bytes", [0, 1, 13, 24, 32, 64, 1_000])
def test_as_many_bytes_as_were_asked_for(entropy: Entropy, size_bytes: int) -> None:
    """Exactly that many bytes come."""
    drawn = entropy.random_bytes(size_bytes)
    assert type(drawn) is bytes
    assert len(drawn) == size_bytes


def test_nothing_is_drawn_twice(entropy: Entropy) -> None:
    """A thousand nonces of 24 bytes are a thousand different ones."""
    assert len({entropy.random_bytes(24) for _ in range(1_000)}) == 1_000
