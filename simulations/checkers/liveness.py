"""After the last fault everything becomes calm within a bounded time: connected, sent, and caught up."""

from collections.abc import Iterator

from simulations.ending import Ending

NAME = "liveness"


def check(ending: Ending) -> Iterator[str]:
    """What had not become calm."""
    yield from ending.unsettled
