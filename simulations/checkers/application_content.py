"""What the application that is played says of its own documents holds."""

from collections.abc import Iterator

from simulations.ending import Ending

NAME = "application"


def check(ending: Ending) -> Iterator[str]:
    """What the application found."""
    yield from ending.complaints
