"""What an application tells the world of itself."""

import random
from collections.abc import Mapping, Sequence

from syncore.engine.replica import Replica


class Application:
    """An application under test: subclass it and override what it does.

    It must keep nothing between two calls but what it was constructed with: the world kills its devices, and
    plays it again from another seed.
    """

    async def prepare(self, replica: Replica) -> None:
        """Make the documents that are there at the beginning, on the first device."""

    async def act(self, replica: Replica, draw: random.Random, who: str) -> None:
        """Do what one person does once, on one device.

        What it raises as a ``SyncoreError`` (a full disk, a document that is gone) counts as an edit that did
        not happen; anything else fails the run.

        Args:
            replica: The device's replica.
            draw: Everything that is left to chance comes from here, so that a seed can be played again.
            who: The device's name.
        """

    async def check(self, replicas: Mapping[str, Replica]) -> Sequence[str]:
        """What does not hold now that everything is calm, in words.

        Args:
            replicas: Every device's replica, by name; all of them have the same of the relay's log.
        """
        del replicas
        return []
