"""Lists of what stands out among documents, such as conflicts: now, and again whenever they change.

A change looks at its own document again; only settings, by which others may stand out, have the list made
anew, and so does a watcher that fell behind.
"""

from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import suppress
from typing import TypeVar

from syncore.core.errors import WatcherLagged
from syncore.core.identifiers import SETTINGS, check_collection
from syncore.replica.views import Change
from syncore.replica.watching import ChangeHub, ChangeStream

T = TypeVar("T")

Listed = dict[tuple[str, str], list[T]]
"""What stands out, by the collection and the id of its document."""


async def watch_list(
    hub: ChangeHub,
    space: Callable[[], int],
    collection: str | None,
    *,
    make: Callable[[], Awaitable[Listed[T]]],
    look: Callable[[Change], Awaitable[list[T]]],
) -> AsyncGenerator[list[T], None]:
    """The list now, and all of it again whenever it changes; it ends when the replica is closed.

    Args:
        hub: Who tells of changes.
        space: The local number of the space.
        collection: Only what is in it; all collections if None.
        make: Makes the list.
        look: What stands out in the document of a change.

    Raises:
        Closed: the replica is closed already.
    """
    if collection is not None:
        check_collection(collection)
    changes = _changes(hub, space(), collection)
    with hub.quiet_end():
        while True:
            async with changes:
                listed = await make()
                yield flat(listed)
                with suppress(WatcherLagged):  # what was missed does not matter: the list is made anew
                    async for change in changes:
                        before = flat(listed)
                        if change.collection == SETTINGS:
                            listed = await make()
                        else:
                            listed.pop((change.collection, change.id), None)
                            if found := await look(change):
                                listed[change.collection, change.id] = found
                        if (now := flat(listed)) != before:
                            yield now
                    return
            changes = _changes(hub, space(), collection)


def flat(listed: Listed[T]) -> list[T]:
    """A list by collection and id."""
    return [one for _, found in sorted(listed.items(), key=lambda item: item[0]) for one in found]


def _changes(hub: ChangeHub, space: int, collection: str | None) -> ChangeStream:
    return hub.open(
        space,
        lambda change: (
            collection is None
            or change.collection == collection
            or (change.collection == SETTINGS and change.id == collection)
        ),
    )
