"""Indexes made, built in the background in small steps, and dropped the same way; constraints before them.

An index is kept true from the moment it is made, and complete when every document that was there before has
been looked at, in the order of ids. How far that is stands in the file, so it goes on after a restart.
"""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Final, Protocol, TypeVar

from syncore.core.errors import Closed, Misused, SyncoreError
from syncore.core.identifiers import check_name
from syncore.core.ports import SqlConnection
from syncore.documents.projection_encoding import decode_projection
from syncore.query.definitions import encode_definition
from syncore.query.text_definitions import TextDefinition, encode_text_definition
from syncore.replica.constraint_building import advance
from syncore.replica.document_work import DocumentWork
from syncore.replica.index_tables import AnyDefinition, make_table
from syncore.replica.index_upkeep import HeldIndex, held
from syncore.replica.space_state import SpaceState
from syncore.storage.document_rows import DocumentRows
from syncore.storage.index_rows import IndexRow, IndexRows, IndexStage
from syncore.storage.text_rows import TextRows

T = TypeVar("T")
Step = Callable[[SqlConnection, SpaceState, DocumentWork], None]

MAX_INDEXES: Final = 32
"""Indexes of one collection: each costs every insert a few microseconds and a key."""
_STEP: Final = 100
"""Documents of one step: about a millisecond, which is what the event loop may wait."""
_DELETED_STEP: Final = 1_000


class Store(Protocol):
    """The replica whose indexes are built."""

    spaces: dict[int, SpaceState]

    async def read(self, work: Callable[[SqlConnection], T]) -> T:
        """Run a query."""
        ...

    async def change(
        self, space: int, work: Callable[[SqlConnection, SpaceState, DocumentWork], T], *, is_local: bool
    ) -> T:
        """Run a write."""
        ...


class IndexBuilder:
    """Builds and drops the indexes of one replica, and looks at its documents when constraints changed.

    It does so in a task that lives while there is work.
    """

    def __init__(self, store: Store) -> None:
        """Nothing is done before :meth:`start` or :meth:`resume`."""
        self._store = store
        self._task: asyncio.Task[None] | None = None
        self._stepped = asyncio.Event()
        self._problem: SyncoreError | None = None
        self._is_closed = False

    async def start(self) -> None:
        """Go on with what was not done when the file was closed, if there is anything."""
        if await self._store.read(self._next) is not None:
            self.resume()

    def resume(self) -> None:
        """Look for work, and do it."""
        if self._is_closed or (self._task is not None and not self._task.done()):
            return
        self._problem = None
        self._task = asyncio.get_running_loop().create_task(self._run(), name="syncore: building")

    async def close(self) -> None:
        """Stop between two steps. Idempotent."""
        self._is_closed = True
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])
        self._tell()

    async def step(self) -> None:
        """Wait until something was done.

        Raises:
            SyncoreError: nothing more will be, for this reason.
        """
        if self._is_closed:
            raise Closed("the replica is closed; building goes on when it is opened again")
        if self._problem is not None:
            raise self._problem
        if self._task is None or self._task.done():
            self.resume()
        await self._stepped.wait()

    async def _run(self) -> None:
        try:
            while (work := await self._store.read(self._next)) is not None:
                space, step = work
                await self._store.change(space, step, is_local=True)
                self._tell()
                await asyncio.sleep(0)
        except SyncoreError as error:
            self._problem = error  # raised to whoever waits; the next opening tries again
        finally:
            self._tell()

    def _next(self, sql: SqlConnection) -> tuple[int, Step] | None:
        for number, state in self._store.spaces.items():
            if state.build is not None:
                return number, lambda _sql, _state, work: advance(work)
            for row in IndexRows(sql, number).all():
                if row.stage is not IndexStage.COMPLETE:
                    return number, partial(_advance, row.number)
        return None

    def _tell(self) -> None:
        """Wake who waits for a step, and be ready for the next."""
        self._stepped.set()
        self._stepped = asyncio.Event()


def make_index(
    sql: SqlConnection, state: SpaceState, collection: str, name: str | None, definition: AnyDefinition
) -> HeldIndex:
    """An index with this name and content: the one that is there, or a new one that has to be built.

    Raises:
        Misused: another index has this name, or there are too many.
        InvalidName: the name cannot be one.
    """
    name = check_name(str(definition) if name is None else name, "the name of an index")
    there = state.indexes.get(collection, ())
    encoded = (
        encode_text_definition(definition)
        if isinstance(definition, TextDefinition)
        else encode_definition(definition)
    )
    for index in there:
        if index.row.name == name:
            if index.row.definition != encoded:
                raise Misused(
                    f"{collection} has another index {name!r}: {index.definition}",
                    hint="drop it first, or give this one another name",
                )
            return index
    if len(there) >= MAX_INDEXES:
        raise Misused(f"{collection} has {MAX_INDEXES} indexes already", hint="drop one that is not needed")
    made = held(IndexRows(sql, state.number).add(collection, name, encoded))
    make_table(sql, made.row, definition)
    state.indexes[collection] = (*there, made)
    return made


def drop_index(sql: SqlConnection, state: SpaceState, collection: str, name: str) -> None:
    """Use an index no more; its entries are deleted in the background.

    Raises:
        Misused: there is none with this name.
    """
    there = state.indexes.get(collection, ())
    found = next((index for index in there if index.row.name == name), None)
    if found is None:
        names = ", ".join(repr(index.row.name) for index in there)
        raise Misused(f"{collection} has no index {name!r}", hint=f"there are: {names}" if names else "")
    IndexRows(sql, state.number).note(replace(found.row, stage=IndexStage.DROPPED))
    state.indexes[collection] = tuple(index for index in there if index is not found)


def _advance(number: int, sql: SqlConnection, state: SpaceState, _: DocumentWork) -> None:
    """Do one step of building or deleting an index, as the file has it now."""
    rows = IndexRows(sql, state.number)
    row = next((row for row in rows.all() if row.number == number), None)
    if row is None or row.stage is IndexStage.COMPLETE:
        return
    if row.stage is IndexStage.DROPPED:
        if isinstance(held(row).definition, TextDefinition):
            TextRows(sql, number).drop()
            rows.remove(number)
        else:
            rows.delete_some(number, _DELETED_STEP)
        return
    built = _build(DocumentRows(sql, state.number), rows, TextRows(sql, number), held(row))
    rows.note(built)
    state.indexes[row.collection] = tuple(
        replace(index, row=built) if index.row.number == number else index
        for index in state.indexes.get(row.collection, ())
    )


def _build(documents: DocumentRows, rows: IndexRows, words: TextRows, index: HeldIndex) -> IndexRow:
    """Look at the next documents; the index as it is then."""
    row = index.row
    page = documents.numbered_page(row.collection, after=row.built_to, limit=_STEP)
    if isinstance(index.definition, TextDefinition):
        for document, found in page:
            texts = index.definition.texts_of(decode_projection(found.projection).values)
            if texts is not None and not words.has(document):
                words.insert(document, texts)
    else:
        definition = index.definition
        rows.insert(
            row.number,
            [
                (key, document)
                for document, found in page
                for key in definition.keys_of(decode_projection(found.projection).values, found.key.id)
            ],
        )
    if len(page) < _STEP:
        return replace(row, stage=IndexStage.COMPLETE, built_to="", built=row.built + len(page))
    return replace(row, built_to=page[-1][1].key.id, built=row.built + len(page))
