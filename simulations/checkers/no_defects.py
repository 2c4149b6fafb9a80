"""No error goes by that nobody handles, and no bound is broken."""

from collections.abc import Iterator

from simulations.ending import Ending

NAME = "no defects"


def check(ending: Ending) -> Iterator[str]:
    """Errors of tasks that nobody waited for, and queues beyond their bounds."""
    yield from ending.defects
