"""How long to wait before trying again."""

from itertools import pairwise

from syncore.sync.backoff import FIRST_MS, LONGEST_MS, pause_ms


def test_pauses_double_up_to_a_bound() -> None:
    """Each longest pause is twice the one before, until the bound, however many attempts failed."""
    pauses = [pause_ms(attempt, 1.0) for attempt in range(1, 40)]
    assert pauses[0] == FIRST_MS
    assert all(later == min(2 * earlier, LONGEST_MS) for earlier, later in pairwise(pauses))
    assert pause_ms(10**9, 1.0) == LONGEST_MS


def test_pauses_are_spread() -> None:
    """Chance moves a pause between half of its bound and all of it: a fleet does not come back at once."""
    for attempt in (1, 5, 50):
        longest = pause_ms(attempt, 1.0)
        assert pause_ms(attempt, 0.0) == longest // 2
        assert longest // 2 <= pause_ms(attempt, 0.3) <= longest
