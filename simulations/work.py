"""What an application tells the world of itself, and what the world notes of its use."""

import asyncio
import random
import traceback
from collections.abc import Awaitable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from syncore.documents.resolvers import Resolver
from syncore.engine.replica import Replica

MAX_COMPLAINTS = 20
"""Errors of an application that are kept; more of them would say the same."""
PATIENCE_S = 2 * 3600.0
"""How long an application may take when nothing stands in its way, virtual: as a world to settle."""
_FRAMES = 4
Result = TypeVar("Result")


class Overdue(Exception):
    """Something of an application's has not come to an end, and nothing else is left to wait for."""


class Application:
    """An application under test: subclass it and override what it does.

    It must keep nothing between two calls but what it was constructed with: the world kills its devices, and
    plays it again from another seed. What is left to chance it draws from what it is given, and it asks no
    clock: so a seed plays the same again.

    Attributes:
        resolvers: Its own functions that settle conflicts; every device's replica is opened with them.
    """

    resolvers: Sequence[Resolver] = ()

    async def prepare(self, replica: Replica) -> None:
        """Make the documents that are there at the beginning, on the first device.

        The others join after that. What it raises ends the run.
        """

    async def act(self, replica: Replica, draw: random.Random, who: str) -> str | None:
        """Do what one person does once, on one device.

        What it raises as a ``SyncoreError`` (a full disk, a document that is gone, a program that dies)
        counts as something that did not happen; anything else, such as a failed assertion, fails the run.

        It has come to an end two virtual hours after the last fault: what waits for something that never
        comes fails the run.

        Args:
            replica: The device's replica.
            draw: Everything that is left to chance comes from here, so that a seed can be played again.
            who: The device's name.

        Returns:
            What was done, in one line for the timeline; None if that is not worth a line.
        """

    async def check(self, replicas: Mapping[str, Replica]) -> Sequence[str]:
        """What does not hold now that everything is calm, in words.

        Args:
            replicas: Every device's replica, by name; all of them have the same of the relay's log.

        Returns:
            A sentence for each thing that does not hold; none if everything holds.
        """
        del replicas
        return []


@dataclass(slots=True)
class Usage:
    """How an application is used in one world.

    Attributes:
        application: The application.
        settled_s: When, in virtual seconds, nothing stands in anybody's way any more.
        acts: How often somebody did something with it, to its end.
        complaints: What it raised although it should not, in words.
    """

    application: Application
    settled_s: float = 0.0
    acts: int = 0
    complaints: list[str] = field(default_factory=list)

    def complain(self, where: str, error: Exception) -> None:
        """Keep an error of the application's for the end, once."""
        told = f"{where} {error}" if isinstance(error, Overdue) else f"{where} raised {_told(error)}"
        if told not in self.complaints and len(self.complaints) < MAX_COMPLAINTS:
            self.complaints.append(told)


async def in_time(what: Awaitable[Result], settled_s: float = 0.0) -> Result:
    """What something of an application's comes to.

    Raises:
        Overdue: it has not come to an end, and has had time since a virtual time.
    """
    began_s = asyncio.get_running_loop().time()
    until_s = max(began_s, settled_s) + PATIENCE_S
    limit = asyncio.timeout_at(until_s)
    try:
        async with limit:
            return await what
    except TimeoutError:
        if not limit.expired():
            raise
        raise Overdue(f"has not returned for {(until_s - began_s) / 3600:.1f} virtual hours") from None


def name_of(application: Application) -> str:
    """Such as ``shop:Shop``, as the command line takes it."""
    return f"{type(application).__module__}:{type(application).__qualname__}"


def _told(error: Exception) -> str:
    """An error in one line, with where it came from, the innermost place first."""
    frames = traceback.extract_tb(error.__traceback__)[-_FRAMES:]
    places = [f"{Path(frame.filename).name}:{frame.lineno} in {frame.name}" for frame in reversed(frames)]
    what = " ".join(str(error).split())  # a failed assertion may have several lines
    return f"{type(error).__name__}: {what} ({', from '.join(places)})"
