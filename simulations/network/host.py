"""A machine in the network: where programs listen and connect from, and what its death does to connections.

Opening a connection takes two round trips, and fails as it does in the world: refused at once, or without any
answer.
"""

import asyncio
from collections.abc import Callable, Coroutine
from contextvars import Context, copy_context
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

from relay.channel import ClientChannel
from simulations.network.channels import SimulatedChannel, SimulatedClientChannel
from simulations.network.end import CLOSE_NORMAL, End, join
from simulations.network.medium import EventKind, Fault
from simulations.network.path import Path, Paths
from simulations.network.settings import CLIENT, FIRST_RETRANSMISSION_S, RELAY, EndSettings
from syncore.adapters.websockets_connector import OPEN_TIMEOUT_S
from syncore.core.errors import ConnectionFailed, Misused

Handler = Callable[[ClientChannel], Coroutine[Any, Any, None]]

CHANCE_OF_SILENCE: Final = 0.5
"""That the other end of a dead program's connection is told by nothing, and has to find out by itself."""
CHANCE_OF_REFUSAL: Final = 0.5
"""That a machine whose program is dead refuses a connection, instead of answering nothing."""


@dataclass(frozen=True, slots=True)
class Listener:
    """Who takes connections at an address, and in which context: the listening program's."""

    handler: Handler
    tasks: asyncio.TaskGroup
    settings: EndSettings
    context: Context


class Host:
    """One machine; made by :meth:`Network.host`.

    Attributes:
        name: What it is called in traces.
        is_alive: Whether anything leaves it or arrives. Set it to False at the instant of its death.
        life: How often it was :meth:`reset`.
    """

    def __init__(self, name: str, paths: Paths, addresses: "dict[str, Host]") -> None:
        """A machine without any program; ``addresses`` names the last host to listen at each."""
        self.name = name
        self.is_alive = True
        self.life = 0
        self._paths = paths
        self._addresses = addresses
        self._listeners: dict[str, Listener] = {}
        self._ends: dict[End, Path] = {}

    def connector(self) -> "SimulatedConnector":
        """The ``Connector`` of a program in this life of the host."""
        return SimulatedConnector(self, self._paths, self._addresses)

    def listen(
        self, address: str, handler: Handler, tasks: asyncio.TaskGroup, *, settings: EndSettings = RELAY
    ) -> None:
        """Hand every connection to an address to ``handler``, as a task of ``tasks``.

        A handler that returns closes its channel; one that is cancelled or fails aborts it.
        """
        self._listeners[address] = Listener(handler, tasks, settings, copy_context())
        self._addresses[address] = self

    def stop_listening(self) -> None:
        """Refuse what connects from now on; what is connected stays."""
        self._listeners.clear()

    def listener(self, address: str) -> Listener | None:
        """Who listens at an address."""
        return self._listeners.get(address)

    def reset(self) -> None:
        """Begin the next life: no program listens or is connected.

        The other ends of the old connections are reset, or told by nothing, by chance each.
        """
        self.is_alive = True
        self.life += 1
        self.stop_listening()
        for end in tuple(self._ends):
            end.vanish(is_silent=self._paths.medium.happens(CHANCE_OF_SILENCE))

    def silence(self, other: "Host") -> None:
        """Have every open connection with another host swallow what is sent to it from here, for good."""
        for end, path in tuple(self._ends.items()):
            if path.destination is other:
                end.outgoing.fall_silent()

    def accept(self, client: "Host", listener: Listener) -> End:
        """Take a connection: the handler begins, and this is the client's end."""
        medium = self._paths.medium
        medium.connections += 1
        number = medium.connections
        there, back = self._paths.between(client, self), self._paths.between(self, client)
        near, far = client.make_end(CLIENT, there, number), self.make_end(listener.settings, back, number)
        medium.note(
            EventKind.CONNECT, connection=number, source=client.name, destination=self.name, detail="accepted"
        )
        join(near, far, there=there, back=back, number=number)
        attending = _attend(listener.handler, SimulatedClientChannel(far))
        listener.tasks.create_task(attending, context=listener.context.copy())
        return near

    def make_end(self, settings: EndSettings, path: Path, number: int) -> End:
        """An end here, which is known here until it is over."""
        end = End(settings, path, number, forget=self._forget)
        self._ends[end] = path
        return end

    def _forget(self, end: End) -> None:
        self._ends.pop(end, None)


class SimulatedConnector:
    """``Connector`` of a program in one life of a host; made by :meth:`Host.connector`."""

    def __init__(self, host: Host, paths: Paths, addresses: dict[str, Host]) -> None:
        """Connect from this host, in its present life."""
        self._host = host
        self._paths = paths
        self._addresses = addresses
        self._life = host.life

    async def connect(self, address: str) -> SimulatedChannel:
        """A fresh connection to ``ws://host:port`` or ``wss://...``.

        Raises:
            Misused: not such an address.
            ConnectionFailed: nobody listens there, or nothing comes back in time.
        """
        parts = urlsplit(address)
        if parts.scheme not in {"ws", "wss"} or not parts.hostname:
            raise Misused(f"{address!r} is no relay address")
        try:
            async with asyncio.timeout(OPEN_TIMEOUT_S):
                return await self._open(address)
        except TimeoutError as error:
            self._paths.medium.faults[Fault.CONNECTION_TIMED_OUT] += 1
            raise ConnectionFailed(f"{address} gave no answer within {OPEN_TIMEOUT_S:.0f} seconds") from error

    async def _open(self, address: str) -> SimulatedChannel:
        """Two round trips: one of TCP's, and one of the websocket's."""
        server = self._addresses.get(address)
        if server is None:
            raise self._refused(address)
        there, back = self._paths.between(self._host, server), self._paths.between(server, self._host)
        if not server.is_alive and self._paths.medium.happens(CHANCE_OF_REFUSAL):
            await asyncio.sleep(there.delay_s(0.5) + back.delay_s(0.5))
            raise self._refused(address)
        await self._cross(there)
        if server.listener(address) is None:
            await self._cross(back)
            raise self._refused(address)
        await self._cross(back)
        await self._cross(there)
        listener = server.listener(address)
        if listener is None:  # its program died or stopped between the round trips
            await self._cross(back)
            raise self._refused(address)
        end = server.accept(self._host, listener)
        try:
            await self._cross(back)
        except BaseException:
            end.abort()
            raise
        return SimulatedChannel(end)

    async def _cross(self, path: Path) -> None:
        """Get one packet over, however often it has to be sent."""
        pause_s = FIRST_RETRANSMISSION_S
        while True:
            if self._host.life != self._life:
                raise ConnectionFailed("the program that was connecting has ended")
            if path.carries():
                await asyncio.sleep(path.delay_s(0.5))
                if path.destination.is_alive:
                    return
            await asyncio.sleep(pause_s)
            pause_s *= 2

    def _refused(self, address: str) -> ConnectionFailed:
        self._paths.medium.faults[Fault.CONNECTION_REFUSED] += 1
        return ConnectionFailed(f"no connection to {address}: nobody listens there")


async def _attend(handler: Handler, channel: SimulatedClientChannel) -> None:
    try:
        await handler(channel)
    except BaseException:
        channel.abort()
        raise
    await channel.close(CLOSE_NORMAL)
