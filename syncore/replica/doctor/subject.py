"""What is examined: one snapshot of a replica file, and what helps to judge it."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from functools import cached_property

from syncore.core.errors import IntegrityError
from syncore.core.identifiers import SpaceId
from syncore.core.ports import Row, SqlConnection
from syncore.crypto.keys import ContentKey
from syncore.documents.resolvers import ResolveFunction
from syncore.documents.rules import ResolverName
from syncore.replica.keystore import Guard
from syncore.replica.space_state import SpaceState, load_spaces
from syncore.storage.space_rows import SpaceRow, SpaceRows

PAGE_ROWS = 64
"""Rows read at once: with the largest blobs some 100 MB, with usual ones some hundred KB."""

Progress = Callable[[str, int, int], None]
"""Told which examination runs, how many rows it has looked at, and of how many (0: unknown)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldKeys:
    """What the keystore of the file holds.

    Attributes:
        signing_key: The device's public signing key; None if it has none.
        content_keys: The content key of a space and epoch, or None.
        guard: The guard, or None.
    """

    signing_key: bytes | None
    content_keys: Callable[[SpaceId, int], ContentKey | None]
    guard: Guard | None


@dataclass(slots=False, kw_only=True)
class Subject:
    """A replica file under examination; one read transaction, so that it stands still.

    Attributes:
        sql: The transaction.
        scratch: Makes an empty database for the time of an examination.
        keys: What the keystore holds; None where there is none for this file.
        resolvers: The application's own resolvers that this program has.
        progress: Told how far it is.
    """

    sql: SqlConnection
    scratch: Callable[[], AbstractContextManager[SqlConnection]]
    keys: HeldKeys | None = None
    resolvers: Mapping[ResolverName, ResolveFunction] = field(default_factory=dict)
    progress: Progress = lambda _name, _done, _total: None

    @cached_property
    def spaces(self) -> list[SpaceRow]:
        """The spaces, as far as their rows read."""
        return SpaceRows(self.sql).all()

    @cached_property
    def states(self) -> dict[int, SpaceState]:
        """The spaces as an open replica knows them.

        Raises:
            IntegrityError, SyncoreError: opening the file for work would fail likewise.
        """
        return load_spaces(self.sql, self.resolvers, {})

    def walk(self, table: str, keys: str, columns: str, *, where: str = "1") -> Iterator[Row]:
        """All rows of a table in the order of its keys, a page at a time; ``columns`` begin with the keys.

        Raises:
            IntegrityError: the pages lead around in a circle, or do not read.
        """
        return walk(self.sql, table, keys, columns, where=where)

    def count(self, table: str) -> int:
        """How many rows a table has."""
        found = self.sql.row(f"SELECT count(*) FROM {table}")  # noqa: S608 - names of ours
        return int(str(found[0])) if found else 0


def walk(sql: SqlConnection, table: str, keys: str, columns: str, *, where: str = "1") -> Iterator[Row]:
    """What :meth:`Subject.walk` does, in any database."""
    names = keys.split(", ")
    counted = sql.row(f"SELECT count(*) FROM {table} WHERE {where}")  # noqa: S608 - names of ours
    left = int(str(counted[0])) if counted else 0
    after: Sequence[object] | None = None
    while True:
        condition = where
        if after is not None:
            condition += f" AND ({keys}) > ({', '.join('?' * len(names))})"
        page = sql.rows(
            f"SELECT {columns} FROM {table} WHERE {condition} ORDER BY {keys} LIMIT {PAGE_ROWS}",  # noqa: S608
            () if after is None else tuple(after),  # type: ignore[arg-type]
        )
        yield from page
        left -= len(page)
        if left < -PAGE_ROWS:
            raise IntegrityError(f"the rows of {table} have no end")
        if len(page) < PAGE_ROWS:
            return
        after = page[-1][: len(names)]
