"""The conflict inbox of a space: listed without reading every document, live, and settled by hand."""

from collections.abc import AsyncGenerator, Callable
from functools import partial

from syncore.core.errors import InvalidChange
from syncore.core.identifiers import SETTINGS, DocumentKey, check_collection
from syncore.core.ports import Durability
from syncore.documents.resolution import Contest
from syncore.replica.conflicts import Conflict, ConflictReader
from syncore.replica.constraint_conflicts import constraint_conflicts
from syncore.replica.document_work import DocumentWork
from syncore.replica.intents import Intent, Verb
from syncore.replica.live_lists import Listed, flat, watch_list
from syncore.replica.local_replica import LocalReplica
from syncore.replica.requests import CommitRequest
from syncore.replica.seen import seen_vector
from syncore.replica.views import Change

_PAGE = 64
"""Documents looked at in one go, so that a long inbox does not keep writers waiting."""


class ConflictInbox:
    """The conflicts of one space."""

    def __init__(self, replica: LocalReplica, space: Callable[[], int]) -> None:
        """Programs use :meth:`Space.conflicts`."""
        self._replica = replica
        self._space = space

    async def conflicts(self, collection: str | None, *, resolved: bool) -> list[Conflict]:
        """See :meth:`syncore.Space.conflicts`."""
        listed = await self._list(collection, resolved=resolved)
        return flat(listed)

    def watch(self, collection: str | None) -> AsyncGenerator[list[Conflict], None]:
        """See :meth:`syncore.Space.watch_conflicts`."""
        make = partial(self._list, collection, resolved=False)
        return watch_list(self._replica.hub, self._space, collection, make=make, look=self._look_again)

    async def _list(self, collection: str | None, *, resolved: bool) -> Listed[Conflict]:
        at_least = Contest.SETTLED if resolved else Contest.OPEN
        listed: Listed[Conflict] = {}
        for name in await self._collections() if collection is None else [check_collection(collection)]:
            after: str | None = ""
            while after is not None:
                look = partial(self._page, collection=name, at_least=at_least, after=after)
                page, after = await self._replica.preview(self._space(), look)
                listed |= {
                    key: found
                    for key, conflicts in page.items()
                    if (found := [one for one in conflicts if resolved or one.is_open])
                }
        return listed

    async def _collections(self) -> list[str]:
        number = self._space()

        def look(work: DocumentWork) -> list[str]:
            names: list[str] = []
            while name := work.rows.contested_collection(after=names[-1] if names else ""):
                names.append(name)
            return [name for name in names if name != SETTINGS]

        return await self._replica.preview(number, look)

    def _page(
        self, work: DocumentWork, *, collection: str, at_least: Contest, after: str
    ) -> tuple[Listed[Conflict], str | None]:
        """The conflicts of some documents, and the id behind which to go on."""
        reader = self._reader(work)
        rows = work.rows.contested(collection, at_least=at_least, after=after, limit=_PAGE)
        listed = {(row.key.collection, row.key.id): conflicts_of(work, reader, row.key) for row in rows}
        return listed, rows[-1].key.id if len(rows) == _PAGE else None

    async def _look_again(self, change: Change) -> list[Conflict]:
        key = DocumentKey(change.collection, change.id)

        def look(work: DocumentWork) -> list[Conflict]:
            return conflicts_of(work, self._reader(work), key)

        return [one for one in await self._replica.preview(self._space(), look) if one.is_open]

    def _reader(self, work: DocumentWork) -> ConflictReader:
        state = self._replica.spaces[self._space()]
        devices = {} if state.control is None else state.control.devices
        return ConflictReader(
            space=state.id,
            context=work.context,
            authors={index: device.principal.hex() for index, device in devices.items()},
            settle=self._settle,
        )

    async def _settle(self, conflict: Conflict, verb: Verb, change: object) -> None:
        number = self._space()
        key = DocumentKey(conflict.collection, conflict.id)

        def look(work: DocumentWork) -> bool:
            visible = work.hold(key).visible
            if conflict.field is not None and not visible.is_live(work.context):
                return True  # the write says better what is wrong
            return conflict.stands_in(conflicts_of(work, self._reader(work), key))

        if not await self._replica.preview(number, look):
            raise InvalidChange(
                f"the conflict in {key.collection}/{key.id} was settled meanwhile",
                hint="nothing was written; list the conflicts again",
                field=conflict.field,
            )
        intent = Intent(
            verb=verb,
            key=key,
            changes={} if conflict.field is None else {conflict.field: change},
            seen=await seen_vector(self._replica, number, key, conflict.token),
        )
        await self._replica.commit(CommitRequest(number, (intent,), Durability.NORMAL))


def conflicts_of(work: DocumentWork, reader: ConflictReader, key: DocumentKey) -> list[Conflict]:
    """All conflicts of a document, those of its own writers first."""
    visible = work.hold(key).visible
    return reader.conflicts(visible) + constraint_conflicts(visible, reader, work.constraining)
