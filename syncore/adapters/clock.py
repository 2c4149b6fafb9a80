"""Time from the operating system: :class:`syncore.core.ports.Clock` for real."""

import time

_NANOSECONDS_PER_MS = 1_000_000


class SystemClock:
    """The machine's clocks, in whole milliseconds."""

    def now_ms(self) -> int:
        """Wall time in milliseconds since 1970; as wrong as the machine's clock, and jumps with it."""
        return time.time_ns() // _NANOSECONDS_PER_MS

    def monotonic_ms(self) -> int:
        """Milliseconds since an arbitrary moment; never runs backwards."""
        return time.monotonic_ns() // _NANOSECONDS_PER_MS
