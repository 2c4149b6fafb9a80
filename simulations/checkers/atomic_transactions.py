"""A transaction over two documents is visible in both or in neither, whenever somebody looks."""

from collections.abc import Iterator, Mapping

from simulations.ending import Ending
from simulations.holding import Held, Place
from simulations.workload import LEFT, RIGHT

NAME = "atomic transactions"


def check(ending: Ending) -> Iterator[str]:
    """Transactions that a device shows by halves at the end."""
    for name, remains in ending.devices.items():
        yield from (f"{name}: {half}" for half in halves(remains.held))


def halves(held: Mapping[Place, Held]) -> Iterator[str]:
    """Transactions of which only one half is visible."""
    left, right = held[LEFT].siblings, held[RIGHT].siblings
    for value in sorted(left.keys() ^ right.keys()):
        yield f"the transaction {value} shows on one side only"
