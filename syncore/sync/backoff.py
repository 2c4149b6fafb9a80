"""How long to wait before trying again: exponential, bounded, and spread so that a fleet is no crowd."""

FIRST_MS = 200
"""A relay that restarts is back within a second or so."""
LONGEST_MS = 30_000
"""A person who plugs the network in again waits no longer than this."""


def pause_ms(attempt: int, random: float) -> int:
    """The pause before attempt number ``attempt`` (from 1), in milliseconds.

    Args:
        attempt: How many attempts failed in a row.
        random: A number in 0 .. 1: the pause is drawn between half and all of its bound ("equal jitter").
    """
    bound = min(LONGEST_MS, FIRST_MS * 2 ** min(attempt - 1, 16))
    return int(bound / 2 + bound / 2 * random)
