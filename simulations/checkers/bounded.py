"""Tasks, queues and buffers stay within their bounds."""

from collections.abc import Iterator

from simulations.ending import Ending

NAME = "bounded"


def check(ending: Ending) -> Iterator[str]:
    """Bounds that were exceeded on the way."""
    yield from ending.overflows
