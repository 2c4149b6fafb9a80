"""A device: hardware, and on it the real program, life after life.

The program is the composition that ``Replica.open`` makes, on twins of the adapters.
"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from contextlib import suppress
from typing import Any, TypeVar

from simulations.disk.database import open_simulated_database
from simulations.disk.key_files import DiskKeyFiles
from simulations.hardware import Hardware
from simulations.network.channels import SimulatedChannel
from simulations.process import Process
from simulations.relay_machine import ADDRESS
from syncore.core.errors import Closed, ConnectionFailed, IntegrityError, RemoteError, SyncoreError
from syncore.documents.resolvers import Resolver
from syncore.engine.composition import compose
from syncore.engine.replica import Replica
from syncore.storage.schema import APPLICATION_ID
from syncore.sync.status import SyncState

T = TypeVar("T")

REPLICA_FILE = "replica.db"

_SLOW_DISK_S = 0.02
"""The longest that a disk lets its program wait for an operation."""


class Died(ConnectionFailed):
    """The machine died while somebody waited for its program."""


class Machine:
    """One device.

    Attributes:
        hardware: What it is made of.
        replica: The replica that the program has open; None while it does not run.
        reports: What its sync client has complained of, in the order of its coming.
        accusations: How often it said that the relay has done something that it must not do.
        route: The address that it is led to whenever it asks for the relay.
    """

    def __init__(self, hardware: Hardware, resolvers: Sequence[Resolver] = ()) -> None:
        """A device that is switched off; its program will open its replica with these resolvers."""
        self.hardware = hardware
        self._resolvers = resolvers
        self.replica: Replica | None = None
        self.reports: list[str] = []
        self.accusations = 0
        self.route = ADDRESS

    @property
    def name(self) -> str:
        """Such as ``d1``."""
        return self.hardware.name

    @property
    def is_running(self) -> bool:
        """Whether its program has its replica open."""
        return self.replica is not None and self.hardware.process is not None

    @property
    def is_changing(self) -> bool:
        """Whether its program is being started or ended."""
        return self.replica is None and self.hardware.process is not None

    async def start(self) -> Replica:
        """Start the program on what the disk holds.

        Raises:
            Died: the machine died meanwhile.
            SyncoreError: the replica cannot be opened.
        """
        self.replica = None
        process = self.hardware.boot()
        try:
            replica = await self.run(self._open())
        except Died:
            raise
        except BaseException:
            self.hardware.shut_down(process)
            raise
        self.replica = replica
        process.start(self._listen(process, replica))
        return replica

    async def stop(self) -> None:
        """End the program in good order; nothing happens if it does not run."""
        process, replica = self.hardware.process, self.replica
        if process is None or replica is None:
            return
        self.hardware.note("stops")
        self.replica = None
        await asyncio.wait([process.start(replica.close())])
        self.hardware.shut_down(process)

    async def run(self, work: Coroutine[Any, Any, T]) -> T:
        """What something in the program gives.

        Raises:
            Died: the machine died first, or is switched off.
        """
        process = self.hardware.process
        if process is None:
            work.close()
            raise Died("the machine is switched off")
        task = process.start(work)
        try:
            await asyncio.wait([task])
        finally:
            task.cancel()
        if task.cancelled():
            raise Died("the machine died")
        if not process.is_alive:
            task.exception()  # what the dead still say is not heard
            raise Died("the machine died")
        return task.result()

    def connector(self) -> "LedConnector":
        """Opens connections from this device, to wherever it is led."""
        return LedConnector(self)

    def _pause(self) -> Callable[[], Awaitable[None]]:
        draw = self.hardware.draw

        async def pause() -> None:
            """Some operations begin at once, some let others go first, some take long."""
            kind = draw.random()
            if kind < 0.2:
                await asyncio.sleep(0)
            elif kind < 0.25:
                await asyncio.sleep(draw.random() * _SLOW_DISK_S)

        return pause

    async def _listen(self, process: Process, replica: Replica) -> None:
        """Write down what the sync client says of itself, until the replica is closed."""
        with suppress(Closed):
            await self._listen_on(process, replica)

    async def _listen_on(self, process: Process, replica: Replica) -> None:
        last = ""
        while True:
            space = replica.space
            async for status in space.statuses():
                if not process.is_alive:
                    return
                line = status.state.value + (f": {status.reason}" if status.reason else "")
                if line != last:
                    self.hardware.note(f"is {line}", is_detail=status.state is not SyncState.STOPPED)
                    last = line
                    if status.reason:
                        self.reports.append(status.reason)
                        self.accusations += isinstance(failure_of(replica), RemoteError)
                if replica.space != space:  # it was shared, or joined another
                    break

    async def _open(self) -> Replica:
        hardware = self.hardware
        database = await open_simulated_database(
            hardware.disk, REPLICA_FILE, application_id=APPLICATION_ID, pause=self._pause()
        )
        hardware.databases.append(database)
        services = await compose(
            database,
            lambda id_: DiskKeyFiles(hardware.disk, id_.hex()),
            clock=hardware.clock,
            entropy=hardware.around.entropy(f"{hardware.name}/{hardware.life}"),
            connector=self.connector(),
            resolvers=self._resolvers,
        )
        return Replica(services, None, None)


class LedConnector:
    """``Connector`` of a device: whoever owns the network decides where an address leads."""

    def __init__(self, machine: Machine) -> None:
        """Connect from a device, in its present life."""
        self._machine = machine
        self._connector = machine.hardware.host.connector()

    async def connect(self, address: str) -> SimulatedChannel:
        """A fresh connection.

        Raises:
            ConnectionFailed: nobody answers.
        """
        return await self._connector.connect(self._machine.route if address == ADDRESS else address)


def failure_of(replica: Replica) -> SyncoreError | None:
    """Why the syncing of a replica's shared space does not go on, if it does not."""
    if replica.space.is_private:
        return None
    found = replica._services.sync._find(replica.space._number)  # noqa: SLF001 - the failure itself
    return None if found is None else found[1].progress.failure


def is_stopped(replica: Replica | None) -> bool:
    """Whether a replica runs and syncs no more."""
    return replica is not None and replica.space.status().state is SyncState.STOPPED


def finds_damage(replica: Replica | None) -> bool:
    """Whether a replica stopped because its file is damaged."""
    return replica is not None and isinstance(failure_of(replica), IntegrityError)
