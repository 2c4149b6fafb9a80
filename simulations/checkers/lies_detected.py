"""Each dishonest act that the design says is detected, is detected."""

from collections.abc import Iterator

from simulations.ending import Ending

NAME = "lies detected"


def check(ending: Ending) -> Iterator[str]:
    """Acts that nobody noticed."""
    yield from ending.undetected
