"""All devices accept and refuse the same: they have closed the same writers after the same commits.

And nobody else is closed than who has written something invalid.
"""

from collections.abc import Iterator

from simulations.ending import Ending

NAME = "validity agreed"


def check(ending: Ending) -> Iterator[str]:
    """Devices that have closed other writers than the first one, and writers that are closed wrongly."""
    verdicts = {name: dict(remains.closed) for name, remains in ending.devices.items()}
    first = next(iter(verdicts.values()), {})
    for name, closed in verdicts.items():
        if closed != first:
            yield f"{name} has closed {closed}, and the first device {first}"
    for writer in first:
        if writer not in ending.forged:
            yield f"writer {writer} was closed, and has done nothing wrong"
