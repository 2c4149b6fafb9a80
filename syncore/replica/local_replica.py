"""The local database: spaces, reads, group commit, watchers. Knows no network and no keys.

Every write happens inside one call of the database's ``write``, synchronously and therefore alone: the memory
of a space (its :class:`SpaceState` and cached documents) changes only there. When such a call fails, memory
is made anew from the file. A write that was begun is carried to its end also when its caller is cancelled:
the database does not take it back, so memory has to follow it before the next one begins.
Where that fails too, memory is doubtful, and nothing is done with it before the file could be read.
"""

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from functools import partial
from typing import TypeVar

from syncore.core.errors import Closed, IntegrityError, InvalidToken, ReadOnly, StorageError
from syncore.core.hybrid_clock import HybridTime, observe
from syncore.core.identifiers import DocumentKey, SpaceId, Writer
from syncore.core.limits import MAX_GROUP_COMMITS
from syncore.core.ports import Clock, Database, Durability, Entropy, SqlConnection
from syncore.documents.projection import Projection
from syncore.documents.resolvers import Resolver, registry
from syncore.protocol.control_records import AcceptedRecord
from syncore.replica.committing import LocalCommits
from syncore.replica.constraint_stages import write_build
from syncore.replica.document_work import DocumentWork
from syncore.replica.file_layout import lay_out_file
from syncore.replica.index_building import IndexBuilder
from syncore.replica.index_upkeep import move_indexes
from syncore.replica.permissions import check_may_write, check_space_kind
from syncore.replica.reprojecting import note_functions, reproject_opened, reproject_ruled
from syncore.replica.requests import CommitRequest
from syncore.replica.result_memory import ResultMemory
from syncore.replica.sharing import share_documents
from syncore.replica.space_memory import SpaceMemory
from syncore.replica.space_state import SpaceState, load_spaces, store_new_space
from syncore.replica.times import load_last_time, store_last_time
from syncore.replica.turn import Turn
from syncore.replica.views import Document, changes_in
from syncore.replica.watching import ChangeHub
from syncore.schema.validators import Validator, validator_registry
from syncore.storage.document_rows import DocumentRows
from syncore.storage.schema import check
from syncore.storage.space_rows import SpaceRows

T = TypeVar("T")


class LocalReplica:
    """One open replica file. Make it with :meth:`open`; close it when done."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        entropy: Entropy,
        *,
        is_read_only: bool,
        resolvers: Iterable[Resolver] = (),
        validators: Iterable[Validator] = (),
    ) -> None:
        """Wrap an open database; :meth:`open` does the rest."""
        self.resolvers = registry(resolvers)
        self.validators = validator_registry(validators)
        self.models: dict[str, type] = {}
        self.database = database
        self.clock = clock
        self.entropy = entropy
        self.read_only_reason = "the replica was opened read-only" if is_read_only else ""
        self.spaces: dict[int, SpaceState] = {}
        self.hub = ChangeHub()
        self.results = ResultMemory()
        self.id = b""
        self.committed = asyncio.Event()
        self._memories: dict[int, SpaceMemory] = {}
        self.commits = LocalCommits(clock, entropy, HybridTime(0))
        self._queue: list[CommitRequest] = []
        self._turn = Turn()
        self._moved: dict[int, int] = {}
        self._is_doubtful = False
        self.indexing = IndexBuilder(self)
        self._is_closed = False

    @classmethod
    async def open(
        cls,
        database: Database,
        clock: Clock,
        entropy: Entropy,
        *,
        is_read_only: bool = False,
        resolvers: Iterable[Resolver] = (),
        validators: Iterable[Validator] = (),
    ) -> "LocalReplica":
        """Read the spaces of a file, or lay out an empty one with a private space.

        Raises:
            NotAReplica, NewerFormat, IntegrityError: the file cannot be used; it was not changed.
        """
        replica = cls(
            database,
            clock,
            entropy,
            is_read_only=is_read_only,
            resolvers=resolvers,
            validators=validators,
        )
        if is_read_only:
            await database.read(replica._read_file)
        else:
            await database.write(replica._prepare_file, Durability.FULL)
            await replica.indexing.start()
        return replica

    async def close(self) -> None:
        """End all watchers and release the file. Idempotent."""
        await self.indexing.close()
        self._is_closed = True
        self.results.forget()  # so that queries learn that it is closed
        self.hub.close()
        await self.database.close()

    def space_by_id(self, id_: SpaceId) -> SpaceState | None:
        """The state of a space, or None if this file has no such space."""
        return next((state for state in self.spaces.values() if state.id == id_), None)

    @property
    def default_space(self) -> SpaceState:
        """The space that ``collection()`` means when none is named."""
        return next(state for state in self.spaces.values() if state.row.is_default)

    async def commit(self, request: CommitRequest) -> Mapping[DocumentKey, Document]:
        """Commit a transaction together with those of other callers who wait at this moment.

        Raises:
            LocalError: the transaction cannot be carried out.
            StorageError: the file could not be written, and nothing of the transaction was kept; or, with
                FULL, it was kept and the disk could not be told to sync it.
        """
        self._check_writable()
        check_may_write(self.spaces[request.space])
        self._queue.append(request)
        try:
            await asyncio.sleep(0)  # whoever else commits at this moment shares the transaction
            await self._turn.take()
        except BaseException:
            self._queue = [other for other in self._queue if other is not request]
            raise
        if request.is_done:
            self._turn.give()
        else:
            await self._turn.finish(self._commit_queue())
        if request.failure is not None:
            raise request.failure
        self.committed.set()
        if request.durability is Durability.FULL:
            await self.flush()
        assert request.projections is not None
        id_ = self.spaces[self.current_space(request.space)].id
        return {key: Document(id_, key, projection) for key, projection in request.projections.items()}

    def observe(self, time: HybridTime) -> None:
        """Continue behind a time that another device wrote, within the drift that is allowed."""
        self.commits.last_time = observe(self.commits.last_time, time, self.clock.now_ms())

    def current_space(self, number: int) -> int:
        """The local number of a space now: another one if it was the private space and was shared."""
        return self._moved.get(number, number)

    async def flush(self) -> None:
        """Return when everything committed so far is on the disk and survives a power cut."""
        self._check_writable()
        await self.database.write(lambda _sql: None, Durability.FULL)

    async def change(
        self, space: int, work: Callable[[SqlConnection, SpaceState, DocumentWork], T], *, is_local: bool
    ) -> T:
        """Run a write on a space's memory and file in one transaction, then tell watchers what it changed.

        The transaction is NORMAL and runs on the loop: ``work`` may use everything that belongs to the space.
        """
        self._check_writable()
        await self._turn.take()
        return await self._turn.finish(self._change(space, work, is_local=is_local))

    async def read(self, work: Callable[[SqlConnection], T], *, is_long: bool = False) -> T:
        """Run a query on one consistent snapshot, which shows every commit that was returned.

        ``is_long`` announces more than about a millisecond of work.
        """
        self._check_open()
        return await self.database.read(work, is_long=is_long)

    async def preview(self, space: int, work: Callable[[DocumentWork], T]) -> T:
        """Run something that only looks at the visible documents of a space."""
        self._check_open()
        await self._turn.take()
        try:
            await self._read_if_doubtful()
            return await self.database.read(lambda sql: work(self._document_work(sql, self.spaces[space])))
        finally:
            self._memory(space).documents.trim()
            self._turn.give()

    async def settled(self) -> None:
        """Return when watchers were told of every commit that a read may have shown so far."""
        await self._turn.take()
        self._turn.give()

    async def recall(self) -> None:
        """Return when memory is what the file holds, also after a write that failed half way.

        Raises:
            StorageError, IntegrityError: the file cannot be read.
        """
        if self._is_doubtful:
            await self._turn.take()
            await self._turn.finish(self._read_if_doubtful())

    async def add_space(
        self, id_: SpaceId, writer: Writer, *, is_default: bool, control: Sequence[AcceptedRecord]
    ) -> SpaceState:
        """Add a space that was joined; it has no documents until the sync client has fetched its log.

        Args:
            id_: The space.
            writer: The number that this file writes under.
            is_default: Whether ``collection()`` means this space from now on.
            control: Its control log as far as it was verified.
        """
        self._check_writable()

        def add(sql: SqlConnection) -> int:
            return store_new_space(sql, id_, writer, is_default=is_default, control=control).space

        await self._turn.take()
        number = await self._turn.finish(self._write_spaces(add))
        await self.flush()
        return self.spaces[number]

    async def share_private(
        self, id_: SpaceId, writer: Writer, *, control: Sequence[AcceptedRecord]
    ) -> SpaceState:
        """Turn the private space into the shared space ``id_``, all of it in one transaction.

        Raises:
            TooLarge: a document does not fit into a commit of its own.
        """
        self._check_writable()
        await self._turn.take()
        number = await self._turn.finish(self._share(id_, writer, control))
        await self.flush()
        self.committed.set()
        return self.spaces[number]

    async def _share(self, id_: SpaceId, writer: Writer, control: Sequence[AcceptedRecord]) -> int:
        await self._read_if_doubtful()
        private = self.default_space
        check_space_kind(private, is_private=True)

        def share(sql: SqlConnection) -> int:
            row = store_new_space(sql, id_, writer, is_default=True, control=control)
            state = SpaceState(
                row=row,
                resolvers=self.resolvers,
                validators=self.validators,
                indexes=move_indexes(sql, private.number, row.space),
            )
            rows = DocumentRows(sql, private.number)
            work = self._document_work(sql, state)
            share_documents(rows, self.commits, state=state, work=work, sql=sql)
            reproject_ruled(work)
            rows.remove_space()
            write_build(sql, private.number, None)
            SpaceRows(sql).remove(private.number)
            return row.space

        number = await self._write_spaces(share)
        self._moved[private.number] = number
        self.hub.move(private.number, number)
        return number

    async def _write_spaces(self, work: Callable[[SqlConnection], int]) -> int:
        """Add or remove spaces; memory is made anew in the same transaction, so it cannot fail afterwards."""
        await self._read_if_doubtful()

        def run(sql: SqlConnection) -> tuple[int, dict[int, SpaceState]]:
            return work(sql), load_spaces(sql, self.resolvers, self.validators)

        try:
            number, self.spaces = await self.database.write(run, Durability.NORMAL)
        except BaseException:
            await self._forget_all()
            raise
        self._memories.clear()
        self.results.forget()
        return number

    async def _commit_queue(self) -> None:
        """Commit what waits, space by space: at most one group of each."""
        waiting, self._queue = self._queue[:MAX_GROUP_COMMITS], self._queue[MAX_GROUP_COMMITS:]
        groups: dict[int, list[CommitRequest]] = {}
        for request in waiting:
            space = self.current_space(request.space)
            if space != request.space and any(intent.seen is not None for intent in request.intents):
                request.failure = InvalidToken("the space was shared since this version token was read")
            else:
                groups.setdefault(space, []).append(request)
        for space, requests in groups.items():
            try:
                await self._change(space, partial(self._commit_group, requests), is_local=True)
            except Exception as failure:  # noqa: BLE001 - every caller of the group raises it
                for request in requests:
                    request.projections = None
                    request.failure = request.failure or failure

    def _commit_group(
        self, requests: list[CommitRequest], sql: SqlConnection, state: SpaceState, work: DocumentWork
    ) -> None:
        self.commits.commit_group(requests, state=state, work=work, sql=sql)
        store_last_time(sql, state, self.commits.last_time)

    async def _change(
        self, space: int, work: Callable[[SqlConnection, SpaceState, DocumentWork], T], *, is_local: bool
    ) -> T:
        await self._read_if_doubtful()
        state = self.spaces[space]
        changed: dict[DocumentKey, Projection] = {}
        has_begun: list[bool] = []

        def run(sql: SqlConnection) -> T:
            documents = self._document_work(sql, state)
            result = work(sql, state, documents)
            documents.flush()
            if documents.ruled:
                reproject_ruled(documents)
            changed.update(documents.changed)
            has_begun.append(documents.has_begun_build)
            return result

        try:
            result = await self.database.write(run, Durability.NORMAL)
        except BaseException:
            await self._forget_all()
            raise
        self._memory(space).documents.trim()
        if any(has_begun) and state.build is not None:
            self.indexing.resume()
        self.results.touch(space, changed)
        if self.hub.has_watchers(space):
            self.hub.publish(space, changes_in(state.id, changed, is_local=is_local))
        return result

    async def _forget_all(self) -> None:
        """Make memory anew from the file after a write that failed half way: now, or before its next use."""
        self._memories.clear()
        self.results.forget()
        self._is_doubtful = True
        self.hub.lose()
        with suppress(StorageError, IntegrityError):  # whoever uses it next is told, if that goes on
            await self._read_if_doubtful()

    async def _read_if_doubtful(self) -> None:
        if self._is_doubtful:
            await self.database.read(self._read_file)

    def _document_work(self, sql: SqlConnection, state: SpaceState) -> DocumentWork:
        return DocumentWork(sql, state, self._memory(state.number), state.resolution_context())

    def _memory(self, space: int) -> SpaceMemory:
        memory = self._memories.get(space)
        if memory is None:
            memory = self._memories[space] = SpaceMemory()
        return memory

    def _prepare_file(self, sql: SqlConnection) -> None:
        lay_out_file(sql, self.entropy)
        self._read_file(sql)
        rows = SpaceRows(sql)
        for state in self.spaces.values():
            reproject_opened(self._document_work(sql, state), state, rows)
        note_functions(rows, self.resolvers, self.validators)

    def _read_file(self, sql: SqlConnection) -> None:
        check(sql)
        id_ = SpaceRows(sql).value("replica")
        assert id_ is not None
        spaces = load_spaces(sql, self.resolvers, self.validators)
        self.commits.last_time = load_last_time(sql, spaces.values())
        self.id, self.spaces, self._is_doubtful = id_, spaces, False

    def _check_open(self) -> None:
        if self._is_closed:
            raise Closed("the replica is closed")

    def _check_writable(self) -> None:
        self._check_open()
        if self.read_only_reason:
            raise ReadOnly(self.read_only_reason)
