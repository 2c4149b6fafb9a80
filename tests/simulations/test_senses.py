"""A simulated clock is as wrong as it was made, and simulated randomness repeats."""

from simulations.senses import EPOCH_MS, SeededEntropy, SimulatedClock


class WorldTime:
    """Time that a test moves."""

    def __init__(self) -> None:
        """Begin at zero."""
        self.now_s = 0.0

    def __call__(self) -> float:
        """The time."""
        return self.now_s


def test_a_right_clock_follows_the_world() -> None:
    """Wall time counts from the world's epoch, monotonic time from its beginning."""
    time = WorldTime()
    clock = SimulatedClock(time)
    time.now_s = 12.5
    assert (clock.now_ms(), clock.monotonic_ms()) == (EPOCH_MS + 12_500, 12_500)


def test_setting_the_clock_moves_wall_time_only() -> None:
    """A skew is a jump of wall time."""
    time = WorldTime()
    clock = SimulatedClock(time, skew_ms=-3_000)
    time.now_s = 10
    clock.skew_ms = 60_000
    assert (clock.now_ms(), clock.monotonic_ms()) == (EPOCH_MS + 70_000, 10_000)


def test_a_drift_counts_from_its_beginning() -> None:
    """What a clock has gained stays when its drift changes: it goes slower then, and never backwards."""
    time = WorldTime()
    clock = SimulatedClock(time, drift=0.5)
    time.now_s = 100
    assert clock.monotonic_ms() == 150_000
    clock.drift = -0.5
    assert clock.monotonic_ms() == 150_000
    time.now_s = 200
    assert clock.monotonic_ms() == 200_000
    assert clock.now_ms() == EPOCH_MS + 200_000


def test_one_seed_gives_the_same_bytes() -> None:
    """Two sources of one seed agree byte for byte, those of two seeds do not."""
    one, same, other = SeededEntropy("a"), SeededEntropy("a"), SeededEntropy("b")
    drawn = [one.random_bytes(size) for size in (0, 1, 32)]
    assert drawn == [same.random_bytes(size) for size in (0, 1, 32)]
    assert drawn[2] != other.random_bytes(32)
