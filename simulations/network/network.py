"""A network of hosts: the ways between them, their weather and partitions, and the books of what happened."""

import asyncio
from collections import Counter
from collections.abc import Callable, Collection
from random import Random

from simulations.network.host import Host
from simulations.network.medium import Medium, NetworkEvent
from simulations.network.path import Path, Paths
from simulations.network.weather import Weather


class Network:
    """All hosts and the ways between them, on one loop, whose time may be virtual.

    Attributes:
        medium: What everything in it shares.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, random: Random) -> None:
        """An empty network; ``random`` decides everything that is left to chance."""
        self.medium = Medium(loop, random)
        self._paths = Paths(self.medium)
        self._hosts: dict[str, Host] = {}
        self._addresses: dict[str, Host] = {}

    @property
    def faults(self) -> Counter[str]:
        """How often each :class:`~simulations.network.medium.Fault` happened."""
        return self.medium.faults

    @property
    def frames(self) -> int:
        """How many frames have arrived at a host."""
        return self.medium.frames

    @property
    def bytes(self) -> int:
        """What those weighed."""
        return self.medium.bytes

    @property
    def observe(self) -> Callable[[NetworkEvent], None] | None:
        """Who is told of every event."""
        return self.medium.observe

    @observe.setter
    def observe(self, observer: Callable[[NetworkEvent], None] | None) -> None:
        self.medium.observe = observer

    def host(self, name: str) -> Host:
        """The host of a name, made when it is new."""
        if name not in self._hosts:
            self._hosts[name] = Host(name, self._paths, self._addresses)
        return self._hosts[name]

    def set_weather(
        self, weather: Weather, *, source: Host | None = None, destination: Host | None = None
    ) -> None:
        """Change the weather, for open connections too, of the ways from and to; None is every host."""
        if source is None and destination is None:
            self._paths.weather = weather
        for one in self._chosen(source):
            for other in self._chosen(destination):
                if one is not other:
                    self._paths.between(one, other).weather = weather

    def partition(
        self,
        one_side: Collection[Host],
        other_side: Collection[Host],
        *,
        begins_s: float | None = None,
        ends_s: float | None = None,
        is_one_way: bool = False,
    ) -> "Partition":
        """Let nothing through from one side to the other (nor back, unless it is one-way).

        Args:
            one_side: Hosts.
            other_side: Other hosts.
            begins_s: The loop's time when it begins; None: now.
            ends_s: The loop's time when it ends; None: when it is told to.
            is_one_way: The other side still reaches the one side.
        """
        paths = [self._paths.between(one, other) for one in one_side for other in other_side]
        if not is_one_way:
            paths += [self._paths.between(other, one) for one in one_side for other in other_side]
        partition = Partition(paths)
        loop = self.medium.loop
        if begins_s is None:
            partition.begin()
        else:
            loop.call_at(begins_s, partition.begin)
        if ends_s is not None:
            loop.call_at(ends_s, partition.end)
        return partition

    def _chosen(self, host: Host | None) -> Collection[Host]:
        return tuple(self._hosts.values()) if host is None else (host,)


class Partition:
    """Cuts across some ways."""

    def __init__(self, paths: Collection[Path]) -> None:
        """Nothing is cut yet."""
        self._paths = paths
        self._is_begun = False
        self._is_ended = False

    def begin(self) -> None:
        """Cut, unless it was ended before. Idempotent."""
        if not (self._is_begun or self._is_ended):
            self._is_begun = True
            for path in self._paths:
                path.cuts += 1

    def end(self) -> None:
        """Mend; it never begins again. Idempotent."""
        if self._is_begun and not self._is_ended:
            for path in self._paths:
                path.cuts -= 1
        self._is_ended = True
