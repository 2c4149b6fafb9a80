"""Fresh document ids."""

from uuid import UUID

from syncore.replica.identities import fresh_id
from tests.replica.world import SeededEntropy, SteppingClock


class FixedClock:
    """A clock that stands still."""

    def __init__(self, time_ms: int) -> None:
        """Stand at a time."""
        self._time_ms = time_ms

    def now_ms(self) -> int:
        """That time."""
        return self._time_ms

    def monotonic_ms(self) -> int:
        """That time."""
        return self._time_ms


def test_ids_are_uuids_of_version_7() -> None:
    """An id holds its version, its variant and the time of its making."""
    for seed in range(50):
        id_ = UUID(fresh_id(FixedClock(1_700_000_000_123), SeededEntropy(str(seed))))
        assert (id_.version, id_.variant) == (7, "specified in RFC 4122")
        assert id_.int >> 80 == 1_700_000_000_123


def test_ids_sort_by_their_time() -> None:
    """What is made later sorts behind, as text."""
    clock, entropy = SteppingClock(), SeededEntropy("ids")
    made = [fresh_id(clock, entropy) for _ in range(100)]
    assert made == sorted(made)


def test_ids_of_one_moment_differ() -> None:
    """The random bits all count."""
    entropy = SeededEntropy("ids")
    made = {UUID(fresh_id(FixedClock(1), entropy)).int for _ in range(1000)}
    assert len(made) == 1000
    varying = 0
    for one in made:
        varying |= one ^ next(iter(made))
    assert varying.bit_count() == 74


def test_any_clock_will_do() -> None:
    """A clock before 1970 or far ahead still makes an id."""
    for time_ms in (-5, 0, 2**48, 2**60):
        assert UUID(fresh_id(FixedClock(time_ms), SeededEntropy("x"))).version == 7
