"""Watching whether transactions show as a whole: who sees one document of a transaction must see all of them.

Every transaction of the plan puts an element into a set of each of its airports, and nothing ever takes it
out again; the element names all of the transaction's documents. So whatever shows one of them must, at that
moment and later, show the others.
"""

import asyncio
from collections.abc import Iterable

from syncore.cli.demo.airports import COLLECTION
from syncore.cli.demo.scenario import (
    ROUTES,
    SHARED_TEXT,
    TEXT_FIELD,
    Place,
    edits_in_text,
    read_route_element,
)
from syncore.core.errors import WatcherLagged
from syncore.engine.replica import Replica
from syncore.replica.views import Document


class WholenessWatch:
    """Follows the changes of a replica's default space.

    Attributes:
        seen: How many transactions were looked at.
        half_visible: What was found missing.
    """

    def __init__(self, replica: Replica) -> None:
        """Watch nothing yet."""
        self._replica = replica
        self._known: set[str] = set()
        self._task: asyncio.Task[None] | None = None
        self.half_visible: list[str] = []

    @property
    def seen(self) -> int:
        """How many transactions were looked at."""
        return len(self._known)

    def start(self) -> None:
        """Watch from now on."""
        self._task = asyncio.get_running_loop().create_task(self._follow())

    async def finish(self) -> None:
        """Stop, and look at everything once more. May be called again.

        Raises:
            SyncoreError: the watching has failed before.
        """
        if self._task is not None and self._task.done():
            self._task.result()
        await self.close()
        await self.check_everything()

    async def close(self) -> None:
        """Stop."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            await asyncio.wait([task])

    async def check_everything(self) -> None:
        """Look at every airport as it is now."""
        async for document in self._replica.collection(COLLECTION).find(where=lambda found: ROUTES in found):
            await self._check(document)

    async def _follow(self) -> None:
        while True:
            try:
                async with self._replica.watch() as changes:
                    async for change in changes:
                        if change.document is not None and ROUTES in change.document:
                            await self._check(change.document)
            except WatcherLagged:
                await self.check_everything()

    async def _check(self, document: Document) -> None:
        routes = document[ROUTES]
        assert isinstance(routes, frozenset)
        fresh = set(map(str, routes)) - self._known
        for element in sorted(fresh):
            edit, places = read_route_element(element)
            await self._expect(edit, element, places)
            self._known.add(element)

    async def _expect(self, edit: str, element: str, places: Iterable[Place]) -> None:
        for place in places:
            other = await self._replica.collection(place.collection).find_one(place.id)
            if other is None or not _shows(other, place, edit, element):
                self.half_visible.append(f"{edit} shows elsewhere, but not in {place}")


def _shows(document: Document, place: Place, edit: str, element: str) -> bool:
    if place == SHARED_TEXT:
        return edit in edits_in_text(str(document[TEXT_FIELD]))
    routes = document.get(ROUTES)
    return isinstance(routes, frozenset) and element in routes
