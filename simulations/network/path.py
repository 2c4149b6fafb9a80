"""The ways from one host to another: their weather, their cuts, and whether something gets through now."""

from typing import Protocol

from simulations.network.medium import EventKind, Fault, Medium
from simulations.network.weather import CALM, Weather


class Place(Protocol):
    """A host, as far as a way to it or from it is concerned."""

    name: str
    is_alive: bool


class Path:
    """One direction between two hosts.

    Attributes:
        weather: What happens on it now.
        cuts: How many partitions lie across it now.
    """

    def __init__(self, medium: Medium, source: Place, destination: Place, weather: Weather) -> None:
        """An uncut way."""
        self.medium = medium
        self.source = source
        self.destination = destination
        self.weather = weather
        self.cuts = 0

    @property
    def is_open(self) -> bool:
        """Whether anything can get through."""
        return self.cuts == 0 and self.source.is_alive and self.destination.is_alive

    @property
    def is_clear(self) -> bool:
        """Whether everything gets through."""
        return self.is_open and not (self.weather.loss or self.weather.half_open)

    def carries(self, connection: int = 0) -> bool:
        """Whether a transmission that begins now arrives; counts it when not."""
        if self.cuts:
            self.count(Fault.CUT, connection)
            return False
        if not self.is_open:
            return False
        if self.medium.happens(self.weather.loss):
            self.count(Fault.LOSS, connection)
            return False
        return True

    def delay_s(self, place: float) -> float:
        """How long a transmission takes, at a connection's place between the least and the greatest delay."""
        least, greatest = self.weather.delay_s
        jitter_s = self.medium.random.random() * self.weather.jitter_s if self.weather.jitter_s else 0.0
        return least + place * (greatest - least) + jitter_s

    def count(self, fault: Fault, connection: int = 0) -> None:
        """Write a fault into the books."""
        self.medium.faults[fault] += 1
        self.medium.note(
            EventKind.FAULT,
            connection=connection,
            source=self.source.name,
            destination=self.destination.name,
            detail=fault,
        )


class Paths:
    """All ways of one network.

    Attributes:
        weather: Of ways that are yet to be used.
    """

    def __init__(self, medium: Medium) -> None:
        """No way was used yet."""
        self.medium = medium
        self.weather = CALM
        self._paths: dict[tuple[str, str], Path] = {}

    def between(self, source: Place, destination: Place) -> Path:
        """The way from one host to another."""
        key = source.name, destination.name
        if key not in self._paths:
            self._paths[key] = Path(self.medium, source, destination, self.weather)
        return self._paths[key]
