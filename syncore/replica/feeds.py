"""Which documents of a collection changed since somebody last looked: the newest state of each, bounded.

A feed is what a live query hears by. It packs what was committed, before the writer gets its document and may
change the lists in it; everything else is done by whoever reads, when it reads. A reader that stays away for
long is not sent all that it missed: beyond the bound it only learns that it has to look anew.
"""

import asyncio
from collections.abc import Iterable

from syncore.core.limits import MAX_WATCH_BACKLOG
from syncore.replica.views import Change, Document, packed_of, unpacked


class Feed:
    """The changed documents of one collection.

    Attributes:
        is_lost: Whether more may have changed than is known.
        is_closed: Whether nothing more will come.
    """

    def __init__(self, collection: str) -> None:
        """Know of no change yet."""
        self.is_lost = False
        self.is_closed = False
        self._collection = collection
        self._changed: dict[str, tuple[Document, bytes] | None] = {}
        self._wake = asyncio.Event()

    def offer(self, changes: Iterable[Change]) -> None:
        """Note what a commit or merge changed."""
        if self.is_lost:
            return
        for change in changes:
            if change.collection == self._collection:
                document = change.document
                self._changed[change.id] = None if document is None else (document, packed_of(document))
        if len(self._changed) > MAX_WATCH_BACKLOG:
            self.lose()
        elif self._changed:
            self._wake.set()

    def lose(self) -> None:
        """Forget what changed, and know that something may have."""
        self.is_lost = True
        self._changed.clear()
        self._wake.set()

    def close(self) -> None:
        """Wake up who waits, for the last time."""
        self.is_closed = True
        self._wake.set()

    def restart(self) -> None:
        """Begin anew: everything is about to be read."""
        self.is_lost = False
        self._changed.clear()

    def take(self) -> dict[str, Document | None]:
        """The documents that changed, by id, shared with nobody; None for those that are deleted."""
        changed, self._changed = self._changed, {}
        return {id_: None if one is None else unpacked(*one) for id_, one in changed.items()}

    async def wait(self) -> None:
        """Return when there is something to take, or the feed was lost or closed."""
        if self._changed or self.is_lost or self.is_closed:
            return
        self._wake.clear()
        await self._wake.wait()
