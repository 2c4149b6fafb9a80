"""What a query may do on its connection, and when it has to stop.

The connection cannot write (``mode=ro`` and ``query_only``). SQLite asks the authorizer about everything that
a statement wants when it is compiled (https://www.sqlite.org/c3ref/set_authorizer.html): reading the views
that are shown is allowed, and so is whatever those views read; no pragma, no other database, no transaction,
no function that reaches outside. While it runs, SQLite looks up every few instructions
(https://www.sqlite.org/c3ref/progress_handler.html), and stops when its time, its memory or its caller is
gone. A single instruction is bounded by the limits below.
"""

import sqlite3
import sys
from collections.abc import Callable
from time import monotonic
from typing import Final

from syncore.core.errors import Closed, Misused, SyncoreError, TooLarge
from syncore.core.limits import KIB, MIB
from syncore.core.queries import QueryScope, SqlFunctions
from syncore.core.sql_values import SqlValue

if sys.platform != "win32":  # which has none: there the time limit is all that stops what hoards memory
    import resource

MAX_GROWTH_BYTES: Final = 512 * MIB
"""How far the process's peak memory may rise while a query runs: room for sorting a million documents."""
LOOK_EVERY: Final = 100
"""Instructions between two looks: some rows, each of which may hold a value of the greatest length."""
LIMITS: Final = {
    sqlite3.SQLITE_LIMIT_LENGTH: 16 * MIB,  # any value: a hundred of them fit into memory between two looks
    sqlite3.SQLITE_LIMIT_SQL_LENGTH: 128 * KIB,  # a query: parsing is not interrupted
    sqlite3.SQLITE_LIMIT_EXPR_DEPTH: 200,  # recursion on a thread's stack
    sqlite3.SQLITE_LIMIT_COMPOUND_SELECT: 100,
    sqlite3.SQLITE_LIMIT_LIKE_PATTERN_LENGTH: 1_000,  # LIKE takes the product of both lengths, in one step
    sqlite3.SQLITE_LIMIT_ATTACHED: 0,
    sqlite3.SQLITE_LIMIT_WORKER_THREADS: 0,
}
_ALLOWED: Final = {sqlite3.SQLITE_SELECT, sqlite3.SQLITE_RECURSIVE}
_TABLE_FUNCTIONS: Final = {"json_each", "json_tree"}
_REFUSED_FUNCTIONS: Final = {"load_extension", "sqlite_log"}
_REFUSED_FAMILIES: Final = ("fts", "rtree", "geopoly")
"""Functions of modules that have no tables here; some take pointers or run SQL of their own."""

_SQLITES_OWN: Final = ("sqlite_", "pragma_", "dbstat", *_REFUSED_FAMILIES)
"""What tables begin with that SQLite has by itself."""


class Sandbox:
    """The bounds of the query under way, on one connection.

    Attributes:
        stopped: Why the query was stopped; None while it was not.
        failure: What a function raised; None while none did.
        refused: The table that the query wanted to read and may not.
    """

    def __init__(self, connection: sqlite3.Connection, functions: SqlFunctions) -> None:
        """Set limits and functions, once for a connection."""
        self.stopped: SyncoreError | None = None
        self.failure: BaseException | None = None
        self.refused = ""
        self._connection = connection
        self._inner_functions = functions.inner
        self._scope = QueryScope(shown=frozenset(), inner=frozenset(), tables=frozenset())
        self._stored: frozenset[str] = frozenset()
        self._deadline = self._seconds = 0.0
        self._peak_bytes = 0
        self._is_cancelled: Callable[[], bool] = bool
        for limit, value in LIMITS.items():
            connection.setlimit(limit, value)
        self._register(functions)
        # What makes them asks the authorizer for more than reading, once for a connection.
        connection.execute("SELECT 1 FROM json_each('[]'), json_tree('[]')").close()

    def watch(self, *, seconds: float, is_cancelled: Callable[[], bool]) -> None:
        """From now on, stop what runs when its time, its memory or its caller is gone."""
        self.stopped = self.failure = None
        self.refused = ""
        self._is_cancelled = is_cancelled
        self._peak_bytes = _peak_bytes()
        self._seconds = seconds
        self._deadline = monotonic() + seconds
        self._connection.set_progress_handler(self._look, LOOK_EVERY)

    def close_in(self, scope: QueryScope) -> None:
        """From now on, allow what ``scope`` says, and nothing else."""
        self._scope = scope
        found = self._connection.execute("SELECT lower(name) FROM main.sqlite_schema").fetchall()
        shown = {name.lower() for name in scope.shown}
        self._stored = frozenset(name for (name,) in found if name not in shown)
        self._connection.execute("PRAGMA query_only = 1")
        self._connection.set_authorizer(self._authorize)

    def open_up(self) -> None:
        """Allow our own statements again."""
        self._connection.set_progress_handler(None, 0)
        self._connection.set_authorizer(None)
        self._connection.execute("PRAGMA query_only = 0")

    def _authorize(
        self, action: int, first: str | None, second: str | None, database: str | None, within: str | None
    ) -> int:
        if action in _ALLOWED:
            return sqlite3.SQLITE_OK
        if action == sqlite3.SQLITE_FUNCTION and self._may_call((second or "").lower(), within):
            return sqlite3.SQLITE_OK
        if action == sqlite3.SQLITE_READ:
            if self._may_read(first, database, within) or (
                not second and self._may_count(first or "", database)
            ):
                return sqlite3.SQLITE_OK
            self.refused = first or ""
        return sqlite3.SQLITE_DENY

    def _may_call(self, name: str, within: str | None) -> bool:
        if name in self._inner_functions:
            return within in self._scope.inner
        return name not in _REFUSED_FUNCTIONS and not name.startswith(_REFUSED_FAMILIES)

    def _may_read(self, table: str | None, database: str | None, within: str | None) -> bool:
        if database == "temp":
            return table in self._scope.shown or table in self._scope.inner
        if within in self._scope.inner and table in self._scope.tables:
            return True
        return table in _TABLE_FUNCTIONS

    def _may_count(self, name: str, database: str | None) -> bool:
        """Whether rows may be counted of what the query calls so, when it reads no column.

        SQLite says nothing more then, so it can be a table of the file as well as one of the query's own.
        """
        lower = name.lower()
        return database in {None, "temp"} and lower not in self._stored and not lower.startswith(_SQLITES_OWN)

    def _look(self) -> int:
        """Whether to go on (0)."""
        if self._is_cancelled():
            self.stopped = Closed("the query was ended, and so was what it was for")
        elif monotonic() > self._deadline:
            self.stopped = Misused(
                f"the query was stopped after {self._seconds:g} s",
                hint="narrow it, or give it longer with timeout_s",
                timeout_s=self._seconds,
            )
        elif _peak_bytes() - self._peak_bytes > MAX_GROWTH_BYTES:
            self.stopped = TooLarge(
                f"the query was stopped when it had taken {MAX_GROWTH_BYTES // MIB} MiB of memory",
                hint="sort or join less, or select fewer columns",
            )
        return int(self.stopped is not None)

    def _register(self, functions: SqlFunctions) -> None:
        for name, (count, call) in functions.scalars.items():
            self._connection.create_function(name, count, self._watched(call), deterministic=True)
        for name, (count, make) in functions.aggregates.items():
            self._connection.create_aggregate(name, count, _watched_aggregate(make, self._note))
        for name, compare in functions.collations.items():
            self._connection.create_collation(name, compare)

    def _watched(self, call: Callable[..., SqlValue]) -> Callable[..., SqlValue]:
        def watched(*arguments: SqlValue) -> SqlValue:
            try:
                return call(*arguments)
            except BaseException as error:
                self._note(error)
                raise

        return watched

    def _note(self, error: BaseException) -> None:
        if self.failure is None:
            self.failure = error


def _watched_aggregate(make: Callable[[], object], note: Callable[[BaseException], None]) -> type:
    """A class that SQLite's module makes one object of for each group."""

    class Watched:
        def __init__(self) -> None:
            self._group = make()

        def step(self, *arguments: SqlValue) -> None:
            try:
                self._group.step(*arguments)  # type: ignore[attr-defined]
            except BaseException as error:
                note(error)
                raise

        def finalize(self) -> SqlValue:
            try:
                found: SqlValue = self._group.finalize()  # type: ignore[attr-defined]
            except BaseException as error:
                note(error)
                raise
            return found

    return Watched


def _peak_bytes() -> int:
    """The most memory that the process ever held, 0 where nobody knows."""
    if sys.platform == "win32":
        return 0
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * KIB
