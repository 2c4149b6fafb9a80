"""What the pure floors and services need from the outside world: one small protocol per dependency.

Every implementation, fakes included, passes the suite of the same name in ``tests/conformance``.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from enum import Enum
from typing import Protocol, TypeVar, runtime_checkable

from syncore.core.queries import QueryAnswer, QueryBounds, QueryScope
from syncore.core.sql_values import Row as Row  # noqa: PLC0414 - known by this name here
from syncore.core.sql_values import SqlValue as SqlValue  # noqa: PLC0414 - the same

T = TypeVar("T")


class Clock(Protocol):
    """Time. Both readings are integers of milliseconds; only ``monotonic_ms`` never jumps."""

    def now_ms(self) -> int:
        """Wall time in milliseconds since 1970; may be wrong and may jump."""
        ...

    def monotonic_ms(self) -> int:
        """Milliseconds since an arbitrary moment; never runs backwards."""
        ...


class Entropy(Protocol):
    """Randomness fit for keys and nonces."""

    def random_bytes(self, size_bytes: int) -> bytes:
        """That many fresh random bytes."""
        ...


class SqlConnection(Protocol):
    """SQL inside one transaction; synchronous, because the transaction runs in one place without a pause.

    Raises (all methods): ``StorageError`` and its kinds, ``IntegrityError`` for a file that SQLite finds
    malformed.
    """

    def execute(self, sql: str, parameters: Sequence[SqlValue] = (), /) -> int:
        """Run one statement; the number of rows it changed."""
        ...

    def execute_many(self, sql: str, rows: Iterable[Sequence[SqlValue]], /) -> None:
        """Run one statement for each row of parameters."""
        ...

    def row(self, sql: str, parameters: Sequence[SqlValue] = (), /) -> Row | None:
        """The first row of a query, or None."""
        ...

    def rows(self, sql: str, parameters: Sequence[SqlValue] = (), /) -> list[Row]:
        """All rows of a query. Bound the query: it is read whole."""
        ...


class Durability(Enum):
    """What a returned write survives."""

    NORMAL = "normal"
    """A crash of the process, not necessarily a power cut."""
    FULL = "full"
    """A power cut too: the log was synced to the disk."""


class Database(Protocol):
    """One SQLite file. ``work`` runs to its end in one transaction, never on two threads at once.

    ``write`` is atomic: when ``work`` or the commit raises, nothing of it is kept. Writes happen one at a
    time in the order of the calls. A cancelled caller does not undo a write that was under way. ``work`` may
    run on another thread, so it must not touch what the event loop touches meanwhile; and it may run on the
    event loop, so it must be quick unless it was announced as large or long.

    Raises (all methods): ``Closed`` after ``close``, ``StorageError`` and its kinds, ``IntegrityError``, and
    what ``work`` raises. A write to a database that was opened read-only raises ``ReadOnly``.
    """

    async def write(
        self, work: Callable[[SqlConnection], T], durability: Durability, *, is_large: bool = False
    ) -> T:
        """Run ``work`` in a write transaction, commit it, and return what it returned.

        With FULL, this and every earlier write are on the disk when the call returns, also if ``work`` wrote
        nothing. ``is_large`` announces more than about a millisecond of work, which would stall the event
        loop.
        """
        ...

    async def read(self, work: Callable[[SqlConnection], T], *, is_long: bool = False) -> T:
        """Run ``work`` in a read transaction: one consistent snapshot, which sees every completed write.

        ``work`` must not write. ``is_long`` announces more than about a millisecond of work.
        """
        ...

    async def close(self) -> None:
        """Finish what runs and release the file. Idempotent."""
        ...


class Analyst(Protocol):
    """Answers SQL that somebody else wrote, on a connection of its own that can only read.

    Queries take turns. Each sees one consistent snapshot, with every write that was completed before. What it
    makes cannot be kept: it changes neither the file nor what the next query sees.

    Raises (all methods): ``Closed`` after ``close``.
    """

    async def ask(
        self,
        sql: str,
        parameters: Sequence[SqlValue] | Mapping[str, SqlValue],
        scope: Callable[[SqlConnection], QueryScope],
        bounds: QueryBounds,
    ) -> QueryAnswer:
        """Run one query.

        ``scope`` runs first, in the same snapshot: it makes the temporary views that the query can read, and
        may run on another thread. A caller who is cancelled ends the query.

        Raises: ``Misused`` where the SQL is wrong, wants more than to read what is shown, or does not end in
        time (``details`` has SQLite's message and, where it is known, the position); ``TooLarge`` where its
        result or its memory is; ``StorageError``, ``IntegrityError``, and what ``scope`` and the functions
        raise.
        """
        ...

    async def close(self) -> None:
        """End what runs and release the file. Idempotent."""
        ...


class FrameChannel(Protocol):
    """A connection that carries whole binary messages, in order, until it breaks."""

    async def send(self, frame: bytes) -> None:
        """Send one message; waits while the other side does not read. Raises ``ConnectionFailed``."""
        ...

    async def receive(self) -> bytes:
        """The next message.

        Raises ``ConnectionFailed`` at the end, ``Malformed`` for text or an oversized message.
        """
        ...

    async def close(self) -> None:
        """Close politely. Idempotent, never raises."""
        ...


class Connector(Protocol):
    """Opens connections to relays."""

    async def connect(self, address: str) -> FrameChannel:
        """A fresh connection to ``ws://host:port`` or ``wss://...``.

        Raises ``ConnectionFailed``, or ``Misused`` for an address that is none.
        """
        ...


@runtime_checkable
class ByteSource(Protocol):
    """Bytes that are read once, from their beginning to their end: a file, a pipe, a download."""

    @property
    def size_bytes(self) -> int | None:
        """How many there are; None if nobody knows."""
        ...

    async def read(self, size_bytes: int) -> bytes:
        """Some of the next bytes, at least one and at most that many; none at the end.

        Raises ``Misused`` for what cannot be read.
        """
        ...


class ByteSink(Protocol):
    """Bytes on their way into a file.

    Raises (all methods but ``discard``): ``StorageError`` and its kinds.
    """

    async def write(self, data: bytes) -> None:
        """Add bytes; waits while they cannot be taken."""
        ...

    async def finish(self) -> None:
        """Keep what was written. After that nothing else may be called."""
        ...

    async def discard(self) -> None:
        """Give up without keeping anything, as far as that can be. Never raises."""
        ...


class KeyFiles(Protocol):
    """The keystore of one replica, outside its file: secrets that are written once and never rewritten.

    Raises (all methods): ``StorageError`` kinds, ``IntegrityError`` for a damaged file, ``Misused`` for a
    name or size that no secret of ours has.
    """

    def read(self, name: str) -> bytes | None:
        """The secret stored under a name, or None."""
        ...

    def write(self, name: str, secret: bytes) -> None:
        """Store a secret durably (file and directory synced) before returning; it must not exist yet."""
        ...

    def read_guard(self) -> bytes | None:
        """The guard's content, or None when there is none."""
        ...

    def write_guard(self, content: bytes) -> None:
        """Replace the guard atomically and durably (file and directory synced)."""
        ...
