"""Waiting for what a test expects, never for time."""

import asyncio
from collections.abc import Callable

from syncore import Space, SpaceStatus, SyncState

PATIENCE_S = 20


async def until(condition: Callable[[], bool]) -> None:
    """Return when something has become true."""
    async with asyncio.timeout(PATIENCE_S):
        while not condition():  # noqa: ASYNC110 - the condition has no event of its own
            await asyncio.sleep(0.002)


async def until_state(space: Space, *states: SyncState) -> SpaceStatus:
    """The status once the space is in one of these states."""
    await until(lambda: space.status().state in states)
    return space.status()


async def until_reason(space: Space, text: str) -> SpaceStatus:
    """The status once its reason holds a text."""
    await until(lambda: text in space.status().reason)
    return space.status()


async def synced(*spaces: Space) -> None:
    """Return when all of these have sent and received everything."""
    async with asyncio.timeout(PATIENCE_S):
        for space in spaces:
            await space.synced()


async def converged(*spaces: Space) -> str:
    """The digest that all of these come to."""
    async with asyncio.timeout(PATIENCE_S):
        while True:
            await synced(*spaces)
            digests = {await space.digest() for space in spaces}
            if len(digests) == 1:
                return digests.pop()
            await asyncio.sleep(0.005)
