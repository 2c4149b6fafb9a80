"""What is measured while a world runs: whether bounds hold, and whether something secret gets about."""

from typing import TYPE_CHECKING

from relay.config import MAX_QUEUED_APPENDS
from simulations.network.medium import NetworkEvent
from simulations.workload import PLAINTEXT

if TYPE_CHECKING:
    from simulations.world import World

MAX_TASKS = 60
"""Of one device's program: its sync client has about ten, beside two lanes of edits."""
MAX_RELAY_TASKS_PER_CONNECTION = 8
MAX_SEALED = 16
"""Own segments that wait for an acknowledgement."""

_MAX_FOUND = 10


class Gauges:
    """What was found on the way.

    Attributes:
        overflows: Bounds that did not hold.
        leaks: Secrets that were seen in the network.
        occupied: Devices on which a hostile program runs too: not all tasks there are syncore's.
    """

    def __init__(self) -> None:
        """Nothing was found."""
        self.overflows: list[str] = []
        self.leaks: list[str] = []
        self.occupied: set[str] = set()

    def watch(self, event: NetworkEvent) -> None:
        """Look at a frame."""
        if event.frame is not None and PLAINTEXT.encode() in event.frame and len(self.leaks) < _MAX_FOUND:
            self.leaks.append(f"{event.source} sent what people wrote to {event.destination}")

    def read(self, world: "World") -> None:
        """Look at how much of everything there is now."""
        for person in world.people:
            process, replica = person.machine.hardware.process, person.machine.replica
            if process is None or replica is None:
                continue
            if person.name not in self.occupied:
                self._compare(f"tasks of {person.name}", process.task_count, MAX_TASKS)
            state = replica._services.local.default_space  # noqa: SLF001 - no status tells how much is sealed
            self._compare(f"sealed segments of {person.name}", len(state.sealed), MAX_SEALED)
        relay, process = world.relay.relay, world.relay.hardware.process
        if relay is not None and process is not None:
            bound = 10 + MAX_RELAY_TASKS_PER_CONNECTION * relay.connection_count
            self._compare("tasks of the relay", process.task_count, bound)
            queued = len(relay._services.appender._queue)  # noqa: SLF001 - no metric tells yet
            self._compare("appends that wait at the relay", queued, MAX_QUEUED_APPENDS)

    def _compare(self, what: str, amount: int, bound: int) -> None:
        if amount > bound and len(self.overflows) < _MAX_FOUND:
            self.overflows.append(f"{amount} {what}, and at most {bound} should be")
