"""Twins of the adapters for time and randomness: a clock that may be wrong, and bytes from a seed."""

import random
from collections.abc import Callable

EPOCH_MS = 1_800_000_000_000
"""Where every world begins, in milliseconds since 1970."""


class SimulatedClock:
    """A device's clock: as wrong as it was made, and it can be put wrong while it runs.

    Attributes:
        skew_ms: How far ahead it is, beside what it has gained or lost by its drift.
    """

    def __init__(self, time_s: Callable[[], float], *, skew_ms: int = 0, drift: float = 0.0) -> None:
        """Follow the world's time."""
        self._time_s = time_s
        self.skew_ms = skew_ms
        self._drift = drift
        self._since_s = self._passed_s = time_s()

    @property
    def drift(self) -> float:
        """How many seconds it gains in a second, from now on; what it has gained stays. Above -1."""
        return self._drift

    @drift.setter
    def drift(self, drift: float) -> None:
        assert drift > -1
        self._passed_s = self._read_s()
        self._since_s = self._time_s()
        self._drift = drift

    def now_ms(self) -> int:
        """Wall time as this device believes it to be."""
        return EPOCH_MS + self.skew_ms + self.monotonic_ms()

    def monotonic_ms(self) -> int:
        """Milliseconds since the world began, with this clock's drift; never backwards."""
        return int(self._read_s() * 1000)

    def _read_s(self) -> float:
        return self._passed_s + (self._time_s() - self._since_s) * (1 + self._drift)


class SeededEntropy:
    """Random bytes from a seed."""

    def __init__(self, seed: str) -> None:
        """Draw from the generator of that seed."""
        self._random = random.Random(seed)

    def random_bytes(self, size_bytes: int) -> bytes:
        """The next bytes."""
        return self._random.randbytes(size_bytes)
