"""Token buckets: how much a connection may ask for. Pure: time is an argument."""

from relay.config import Rate

_MS = 1_000


class TokenBucket:
    """Tokens that are refilled with time; they are counted in thousandths, so that no fraction is lost."""

    def __init__(self, rate: Rate, now_ms: int) -> None:
        """A full bucket at ``now_ms`` (monotonic)."""
        self._rate = rate
        self._thousandths = rate.burst * _MS
        self._refilled_ms = now_ms

    def take(self, tokens: int, now_ms: int) -> bool:
        """Take tokens if there are so many; False takes none."""
        self._refill(now_ms)
        if self._thousandths < tokens * _MS:
            return False
        self._thousandths -= tokens * _MS
        return True

    def spend(self, tokens: int, now_ms: int) -> int:
        """Take tokens in any case; how many milliseconds to pause until the debt is refilled (0: no debt)."""
        self._refill(now_ms)
        self._thousandths -= tokens * _MS
        return max(0, -(self._thousandths // self._rate.per_second))

    def _refill(self, now_ms: int) -> None:
        elapsed_ms = max(0, now_ms - self._refilled_ms)
        self._refilled_ms = max(now_ms, self._refilled_ms)
        self._thousandths = min(
            self._rate.burst * _MS, self._thousandths + elapsed_ms * self._rate.per_second
        )
