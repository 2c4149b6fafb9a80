"""What every machine of a world is made of: a disk, a clock, a place in the network, and its deaths.

Owns how a program's life begins and ends. Must not know what the program is.
"""

import random
from collections.abc import Callable
from dataclasses import dataclass

from simulations.disk.database import SimulatedDatabase
from simulations.disk.disk import Disk
from simulations.loop import VirtualLoop
from simulations.network.host import Host
from simulations.network.network import Network
from simulations.process import Process
from simulations.senses import SeededEntropy, SimulatedClock
from simulations.trace import Trace


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What all machines of a world share.

    Attributes:
        seed: What everything is drawn from.
        loop: Time.
        network: How they reach each other.
        trace: What happened to them.
        is_power_safe: Whether nobody ever loses power.
    """

    seed: str
    loop: VirtualLoop
    network: Network
    trace: Trace
    is_power_safe: bool = False

    def draw(self, name: str) -> random.Random:
        """A generator of its own for everything that draws."""
        return random.Random(f"{self.seed}/{name}")

    def entropy(self, name: str) -> SeededEntropy:
        """Random bytes for one life of one program."""
        return SeededEntropy(f"{self.seed}/{name}")


class Hardware:
    """One machine.

    Attributes:
        name: Its name in the trace and in the network.
        around: What it shares with the others.
        draw: Its own generator.
        disk: What it has stored.
        clock: Its clock.
        host: Its place in the network.
        life: How often a program was started on it.
        process: The program's present life; None while none runs.
        databases: What its programs, of all lives, have opened.
        on_death: Called right after its program died, with whether the power went.
    """

    def __init__(self, name: str, around: Surroundings) -> None:
        """A machine with an empty disk, switched off."""
        self.name = name
        self.around = around
        self.draw = around.draw(f"machine {name}")
        self.disk = Disk(is_safe=around.is_power_safe)
        self.clock = SimulatedClock(around.loop.time)
        self.host: Host = around.network.host(name)
        self.life = 0
        self.process: Process | None = None
        self.databases: list[SimulatedDatabase] = []
        self.on_death: Callable[[bool], None] = lambda _is_power_cut: None
        self._dies_in: int | None = None
        self._is_power_cut = False

    def boot(self) -> Process:
        """Begin a life; the caller starts the program in it."""
        assert self.process is None
        self.life += 1
        self.process = Process(self.around.loop)
        self.host.is_alive = True
        self.disk.before_operation = self._before_operation
        self.note("starts")
        return self.process

    def shut_down(self, process: Process) -> None:
        """End a life whose program has ended in good order; nothing happens if another one has begun."""
        if self.process is process:
            process.kill()
            self.process = None
            self.host.reset()
            self.host.is_alive = False

    def die_at(self, operations: int, *, is_power_cut: bool) -> None:
        """Die right before the disk operation with that number from now."""
        self._dies_in = operations
        self._is_power_cut = is_power_cut

    def die(self, *, is_power_cut: bool) -> None:
        """Die now: the disk keeps what it kept, the network hears nothing more. The dead stay dead."""
        process = self.process
        if process is None:
            return
        self._dies_in = None
        self.note("loses power" if is_power_cut else "is killed")
        self.disk.before_operation = None
        self.disk = self.disk.after_power_cut(self.draw) if is_power_cut else self.disk.after_kill()
        self.process = None
        self.host.reset()
        self.host.is_alive = False
        process.kill()
        self.on_death(is_power_cut)

    def scrap(self) -> None:
        """Release what is left of it when its world is over."""
        self.disk.before_operation = None
        for database in self.databases:
            database.disk.before_operation = None
            database.abandon()
        self.databases.clear()

    def replace_disk(self, disk: Disk) -> None:
        """Put another disk in; no program runs."""
        assert self.process is None
        self.disk = disk

    def note(self, what: str, *, is_detail: bool = False) -> None:
        """Write into the trace what happens here."""
        self.around.trace.note(self.around.loop.time(), self.name, what, is_detail=is_detail)

    def _before_operation(self, _kind: str, _name: str) -> None:
        if self._dies_in is None:
            return
        self._dies_in -= 1
        if self._dies_in <= 0:
            self.die(is_power_cut=self._is_power_cut)


@dataclass(slots=True, kw_only=True)
class Backup:
    """A copy of a device's disk, and how many edits had been acknowledged when it was made."""

    disk: Disk
    order: int
