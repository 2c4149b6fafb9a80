"""Token buckets."""

from relay.config import Rate
from relay.rates import TokenBucket

RATE = Rate(per_second=10, burst=5)


def test_a_full_bucket_gives_its_burst_and_no_more() -> None:
    """A burst is allowed at once, the next request is not."""
    bucket = TokenBucket(RATE, 0)
    assert [bucket.take(1, 0) for _ in range(6)] == [True] * 5 + [False]


def test_tokens_come_back_with_time_up_to_the_burst() -> None:
    """A tenth of a second gives one token, an hour gives the burst."""
    bucket = TokenBucket(RATE, 0)
    assert bucket.take(5, 0)
    assert not bucket.take(1, 99)
    assert bucket.take(1, 100)
    assert bucket.take(5, 3_600_000)
    assert not bucket.take(1, 3_600_000)


def test_a_debt_says_how_long_to_pause() -> None:
    """What was spent beyond the bucket is waited for, to the millisecond."""
    bucket = TokenBucket(RATE, 0)
    assert bucket.spend(5, 0) == 0
    assert bucket.spend(1, 0) == 100
    assert bucket.spend(1, 100) == 100
    assert not bucket.take(1, 199)


def test_a_clock_that_goes_back_gives_nothing() -> None:
    """Time that runs backwards neither raises nor refills."""
    bucket = TokenBucket(RATE, 1_000)
    assert bucket.take(5, 1_000)
    assert not bucket.take(1, 0)
    assert not bucket.take(1, 1_000)
