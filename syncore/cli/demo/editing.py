"""Carrying out the plan: every edit is written into the ledger, made, and written down as acknowledged.

Several lanes work at once, as the parts of a program would, so that commits are made in groups and a process
that is killed leaves more than one edit unconfirmed.
"""

import asyncio
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace

from syncore.cli.demo.ledger import Ledger, LedgerWrite
from syncore.cli.demo.peeking import Sight, look
from syncore.cli.demo.scenario import (
    Place,
    PlannedEdit,
    PlannedWrite,
    WriteKind,
    edit_of,
    insert_line,
)
from syncore.documents.changes import add, increment, remove, rewrite
from syncore.engine.replica import Replica

_LANES = 4


class Editor:
    """Makes planned edits on a replica."""

    def __init__(self, replica: Replica, ledger: Ledger) -> None:
        """Work on the default space."""
        self._replica = replica
        self._ledger = ledger

    async def make(self, edits: Iterable[PlannedEdit], *, on_made: Callable[[], None]) -> None:
        """Make all edits that the ledger does not know; ``on_made`` is called after each."""
        waiting = iter([edit for edit in edits if edit.id not in self._ledger])
        async with asyncio.TaskGroup() as lanes:
            for _ in range(_LANES):
                lanes.create_task(self._make_one_by_one(waiting, on_made))

    async def _make_one_by_one(self, waiting: Iterator[PlannedEdit], on_made: Callable[[], None]) -> None:
        for edit in waiting:
            sights = await look(self._replica, sorted({write.place for write in edit.writes}))
            writes = [await self._settle(write, sights) for write in edit.writes]
            await self._ledger.before(edit.id, writes=writes)
            await self._call(edit, writes)
            await self._ledger.after(edit.id)
            on_made()

    async def _settle(self, write: PlannedWrite, sights: dict[Place, Sight]) -> LedgerWrite:
        """The write as it comes to be, in view of what is there."""
        value = await self._choose_element(write) if write.kind is WriteKind.REMOVE else write.value
        settled = LedgerWrite(place=write.place, field=write.field, kind=write.kind, value=value)
        if write.kind is not WriteKind.REGISTER:
            return settled
        sight = sights[write.place]
        seen = sight.siblings.get(write.field, [])
        return replace(settled, saw=tuple(edit_of(value) or "" for value in seen), token=sight.token)

    async def _choose_element(self, write: PlannedWrite) -> str:
        """An element of a set that is to be removed; where the set is empty, one that was never there."""
        document = await self._replica.collection(write.place.collection).get(write.place.id)
        elements = document.get(write.field)
        if not isinstance(elements, frozenset) or not elements:
            return ""
        return sorted(map(str, elements))[write.draw % len(elements)]

    async def _call(self, edit: PlannedEdit, writes: Sequence[LedgerWrite]) -> None:
        draws = {write.place: write.draw for write in edit.writes}
        if edit.is_transaction:
            async with self._replica.transaction() as transaction:
                for write in writes:
                    await transaction.update(
                        write.place, {write.field: _change(write, draws)}, seen=write.token or None
                    )
            return
        for write in writes:
            await self._replica.collection(write.place.collection).update(
                write.place.id, {write.field: _change(write, draws)}, seen=write.token or None
            )


def _change(write: LedgerWrite, draws: dict[Place, int]) -> object:
    value = write.value
    match write.kind:
        case WriteKind.COUNTER:
            assert isinstance(value, int)
            return increment(value)
        case WriteKind.ADD:
            assert isinstance(value, str)
            return add(value)
        case WriteKind.REMOVE:
            assert isinstance(value, str)
            return remove(value)
        case WriteKind.TEXT:
            line = str(value)
            return rewrite(lambda text: insert_line(str(text), line, draws[write.place]))
        case WriteKind.REGISTER:
            return value
