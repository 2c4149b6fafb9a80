"""Replica: the object that programs open."""

import asyncio
from collections.abc import Generator, Iterable
from os import PathLike
from pathlib import Path
from types import TracebackType
from typing import NoReturn, overload

from syncore.adapters.clock import SystemClock
from syncore.adapters.entropy import SystemEntropy
from syncore.adapters.key_files import FileKeyFiles, default_keystore_folder
from syncore.adapters.owner_lock import OwnerLock, acquire_owner_lock
from syncore.adapters.sqlite_analyst import SqliteAnalyst
from syncore.adapters.sqlite_database import open_database
from syncore.adapters.websockets_connector import WebsocketsConnector
from syncore.core.arguments import several
from syncore.core.errors import Closed, Misused
from syncore.core.ports import Connector, Durability
from syncore.documents.resolvers import Resolver, registry
from syncore.engine.checkup import CheckReport, check_file
from syncore.engine.collection import Collection
from syncore.engine.composition import compose
from syncore.engine.services import Services
from syncore.engine.space import Space
from syncore.replica.doctor.subject import Progress
from syncore.replica.model_collection import M, ModelCollection
from syncore.replica.transaction import Transaction
from syncore.replica.watching import ChangeStream
from syncore.schema.validators import Validator, validator_registry
from syncore.sql.functions import make_functions
from syncore.sql.rows import SqlRows
from syncore.sql.service import DEFAULT_TIMEOUT_S, Parameters
from syncore.storage.schema import APPLICATION_ID


class Replica:
    """A replica file, open in this process: ``async with Replica.open("movies.db") as replica``."""

    def __init__(self, services: Services, lock: OwnerLock | None, path: Path | None) -> None:
        """Programs use :meth:`open`."""
        self._services = services
        self._lock = lock
        self._path = path

    @staticmethod
    def open(
        path: str | PathLike[str],
        *,
        keystore: str | PathLike[str] | None = None,
        read_only: bool = False,
        sync: bool = True,
        allow_plaintext: bool = False,
        connector: Connector | None = None,
        resolvers: Iterable[Resolver] = (),
        validators: Iterable[Validator] = (),
    ) -> "Opening":
        """Open the replica at ``path``, or make one. Use it in ``async with``, or await it and close it.

        Args:
            path: The replica file.
            keystore: The folder for keys; the user's data folder if none is given. It must not be copied
                along with the file.
            read_only: Open a file without owning it: another process may be writing it.
            sync: Whether to keep shared spaces in sync with their relays while the replica is open.
            allow_plaintext: Also use ``ws://`` to relays on other machines. Content stays sealed, but
                everybody on the way sees which spaces and devices talk; for networks that you trust.
            connector: How relays are reached; websockets if none is given.
            resolvers: Functions of the application's own that settle conflicts, which ``configure()`` names.
            validators: Functions of the application's own that judge documents, which ``configure()`` names.

        Raises (when awaited):
            NotAReplica, NewerFormat: the file is something else; it was not touched.
            Locked: another process owns the file.
            NotWritable, DiskFull, IntegrityError: the disk or the file does not allow it.
        """
        resolvers, validators = several(resolvers, "resolvers"), several(validators, "validators")
        registry(resolvers)  # what cannot be used is refused before there is a file
        validator_registry(validators)
        return Opening(
            path_of(path, "the path of a replica"),
            keystore=None if keystore is None else path_of(keystore, "the keystore"),
            read_only=read_only,
            sync=sync,
            allow_plaintext=allow_plaintext,
            connector=connector,
            resolvers=resolvers,
            validators=validators,
        )

    @property
    def space(self) -> Space:
        """The default space: the private one, until it is shared or an empty replica joins another."""
        return Space(self._services, self._services.local.default_space.number)

    @property
    def spaces(self) -> list[Space]:
        """All spaces of the replica."""
        return [Space(self._services, number) for number in self._services.local.spaces]

    @property
    def has_returned_in_time(self) -> bool:
        """Whether this file was found, when it was opened, to be a copy or an older state of itself."""
        return self._services.has_returned_in_time

    @overload
    def collection(self, name: str) -> Collection: ...

    @overload
    def collection(self, name: type[M]) -> ModelCollection[M]: ...

    def collection(self, name: str | type[M]) -> Collection | ModelCollection[M]:
        """A collection of the default space, by its name or by its model; it need not exist yet.

        Raises:
            Misused: another model with other fields was used for that collection, or it is no model.
            InvalidName: no collection can be called so.
        """
        if isinstance(name, str):
            return Collection(self._services.local, lambda: self._services.local.default_space.number, name)
        return ModelCollection(self._services.local, lambda: self._services.local.default_space.number, name)

    def transaction(self, *, durability: Durability | str = Durability.NORMAL) -> Transaction:
        """A transaction over documents of the default space, for ``async with``."""
        return Transaction(
            self._services.local, lambda: self._services.local.default_space.number, durability
        )

    def watch(self) -> ChangeStream:
        """The changes of the default space that are committed from now on, here or by other devices."""
        return self.space.watch()

    async def sql(
        self,
        query: str,
        parameters: Parameters = (),
        *,
        limit: int | None = None,
        timeout_s: float = DEFAULT_TIMEOUT_S,
    ) -> SqlRows:
        """Query the collections of the default space in SQL, read-only; see :meth:`Space.sql`."""
        return await self.space.sql(query, parameters, limit=limit, timeout_s=timeout_s)

    async def flush(self) -> None:
        """Return when everything committed so far survives a power cut."""
        await self._services.local.flush()

    async def share(self, relay: str) -> Space:
        """Turn the default space, which is private, into a shared one at a relay.

        Documents keep their ids and their content, and lose their history. What was there before is encrypted
        before it leaves the device, like everything after it.

        Args:
            relay: The relay's address, such as ``ws://127.0.0.1:8787``. Its key is taken over as it presents
                itself: compare :attr:`Space.relay_key` with what its operator says where that matters.

        Raises:
            Misused: the default space is shared already, or the address is none.
            ConnectionFailed: no relay answers there.
            Refused: the relay takes no new spaces from this device.
        """
        return Space(self._services, await self._services.share(relay))

    async def join(self, code: str, *, default: bool | None = None) -> Space:
        """Join a space with an invitation code.

        Args:
            code: As ``invite()`` gave it.
            default: Whether it becomes the default space; if None, only when the default space is still
                empty.

        Raises:
            InvalidInvitation: mistyped, expired, used up or unknown; the message says which.
            ConnectionFailed: no relay answers at the invitation's address.
            WrongRelay: another relay answers there than the one that the invitation names.
            Misused: this replica is in that space already.
        """
        return Space(self._services, await self._services.join(code, is_default=default))

    async def check(self, *, progress: Progress | None = None) -> CheckReport:
        """Examine the file as it is at this moment, thoroughly; work goes on meanwhile.

        What :func:`syncore.check_replica` does for a file that no program has open, on a thread of its own.

        Args:
            progress: Called on that thread with the name of the examination, how many rows it has looked at,
                and of how many (0: unknown).

        Raises:
            Misused: it is in no file, as in a simulation.
            StorageError: the file cannot be read.
        """
        local = self._services.local
        if self._path is None:
            raise Misused("the replica is in no file of its own")
        return await asyncio.to_thread(
            check_file,
            self._path,
            lambda _id: self._services.keystore,
            resolvers=local.resolvers,
            progress=progress,
        )

    async def close(self) -> None:
        """Stop syncing and release the file. Idempotent."""
        try:
            await self._services.close()
        finally:
            if self._lock is not None:
                self._lock.release()


class Opening:
    """A replica that is about to be opened: await it, or use it in ``async with``."""

    def __init__(
        self,
        path: Path,
        *,
        keystore: Path | None,
        read_only: bool,
        sync: bool,
        allow_plaintext: bool,
        connector: Connector | None,
        resolvers: tuple[Resolver, ...],
        validators: tuple[Validator, ...],
    ) -> None:
        """Programs use :meth:`Replica.open`."""
        self._resolvers = resolvers
        self._validators = validators
        self._path = path
        self._keystore = keystore
        self._is_read_only = read_only
        self._is_syncing = sync and not read_only
        self._allow_plaintext = allow_plaintext
        self._connector = connector
        self._replica: Replica | None = None

    def __getattr__(self, name: str) -> NoReturn:
        """Explain to whoever forgot to open it."""
        raise AttributeError(
            f"the replica is not open yet: await it, or use it in `async with`, before {name!r}"
        )

    def __await__(self) -> Generator[object, None, Replica]:
        """Open the replica."""
        return self._open().__await__()

    async def __aenter__(self) -> Replica:
        """Open the replica."""
        self._replica = await self._open()
        return self._replica

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Close the replica."""
        if self._replica is None:
            raise Closed("the replica was not opened")
        await self._replica.close()

    async def _open(self) -> Replica:
        lock = None if self._is_read_only else acquire_owner_lock(self._path)
        try:
            return Replica(await self._start(), lock, self._path.expanduser().resolve())
        except BaseException:
            if lock is not None:
                lock.release()
            raise

    async def _start(self) -> Services:
        database = await open_database(
            self._path, application_id=APPLICATION_ID, read_only=self._is_read_only
        )
        folder = self._keystore or default_keystore_folder()
        return await compose(
            database,
            lambda id_: FileKeyFiles(folder / id_.hex()),
            clock=SystemClock(),
            entropy=SystemEntropy(),
            connector=self._connector or WebsocketsConnector(allow_plaintext=self._allow_plaintext),
            is_read_only=self._is_read_only,
            is_syncing=self._is_syncing,
            resolvers=self._resolvers,
            analyst=SqliteAnalyst(database.path, make_functions()),
            validators=self._validators,
        )


def path_of(given: str | PathLike[str], what: str) -> Path:
    """A path, given as text or as itself.

    Raises:
        Misused: it is neither.
    """
    if not isinstance(given, str | PathLike):
        raise Misused(f"{what} is a str or a Path, not {type(given).__name__}")
    return Path(given)
