"""What every analyst keeps to: it answers, it only reads, it ends, and it is as before afterwards."""

# ruff: noqa: ASYNC240 - the files that these tests look at are small, and nobody else waits for the loop

import asyncio
import sqlite3
import threading
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path

import pytest

from syncore.adapters import sqlite_sandbox
from syncore.adapters.sqlite_analyst import SqliteAnalyst
from syncore.core.errors import Closed, IntegrityError, Misused, TooLarge
from syncore.core.limits import MIB
from syncore.core.ports import Analyst, SqlConnection
from syncore.core.queries import QueryAnswer, QueryBounds, QueryScope, SqlFunctions
from syncore.core.sql_values import SqlValue

BOUNDS = QueryBounds(seconds=20, rows=100, result_bytes=100_000)
HELD = threading.Event()


def broken(_: SqlValue) -> SqlValue:
    """A function that finds damage."""
    raise IntegrityError("damaged")


class Longest:
    """An aggregate of an application."""

    def __init__(self) -> None:
        self.found: SqlValue = None

    def step(self, *arguments: SqlValue) -> None:
        """Keep the longest text."""
        if self.found is None or len(str(arguments[0])) > len(str(self.found)):
            self.found = arguments[0]

    def finalize(self) -> SqlValue:
        """What was kept."""
        return self.found


FUNCTIONS = SqlFunctions(
    scalars={
        "twice": (1, lambda value: value * 2),
        "secret": (1, lambda value: value),
        "broken": (1, broken),
    },
    aggregates={"longest": (1, Longest)},
    collations={"by_length": lambda first, second: len(first) - len(second)},
    inner=frozenset({"secret"}),
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A file with a table that is shown in part and one that is not shown."""
    path = tmp_path / "a file #1?.db"
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("CREATE TABLE item (number INTEGER PRIMARY KEY, body TEXT, is_hidden INTEGER)")
        connection.executemany(
            "INSERT INTO item VALUES (?, ?, ?)", [(1, "a", 0), (2, "bbb", 0), (3, "no", 1)]
        )
        connection.execute("CREATE TABLE pending (body TEXT)")
        connection.execute("INSERT INTO pending VALUES ('internal')")
    connection.close()
    return path


@pytest.fixture
async def analyst(path: Path) -> AsyncIterator[Analyst]:
    """An analyst of that file."""
    analyst = SqliteAnalyst(path, FUNCTIONS)
    yield analyst
    await analyst.close()


def scope(sql: SqlConnection) -> QueryScope:
    """Show the items that are not hidden."""
    sql.execute(
        "CREATE TEMP VIEW x1 AS SELECT number, secret(body) AS body FROM main.item WHERE NOT is_hidden"
    )
    sql.execute("CREATE TEMP VIEW items AS SELECT * FROM temp.x1")
    return QueryScope(shown=frozenset({"items"}), inner=frozenset({"x1"}), tables=frozenset({"item"}))


async def ask(analyst: Analyst, sql: str, parameters: Sequence[SqlValue] = ()) -> QueryAnswer:
    """Ask within the usual bounds."""
    return await analyst.ask(sql, parameters, scope, BOUNDS)


async def test_a_query_is_answered(analyst: Analyst) -> None:
    """Rows come with the names of their columns, parameters are bound by place and by name."""
    answer = await ask(analyst, "SELECT number AS n, body FROM items WHERE number > ?", [1])
    assert answer == QueryAnswer(columns=("n", "body"), rows=[(2, "bbb")], is_complete=True)
    named = await analyst.ask("SELECT :a || :b", {"a": "x", "b": "y"}, scope, BOUNDS)
    assert named.rows == [("xy",)]


async def test_functions_aggregates_and_collations_are_there(analyst: Analyst) -> None:
    """What was handed in can be called, also by views; the inner ones by views alone."""
    assert (await ask(analyst, "SELECT twice(21), longest(body) FROM items")).rows == [(42, "bbb")]
    ordered = await ask(analyst, "SELECT body FROM items ORDER BY body COLLATE by_length DESC")
    assert ordered.rows == [("bbb",), ("a",)]
    with pytest.raises(Misused, match="secret"):
        await ask(analyst, "SELECT secret(1)")


async def test_rows_are_counted(analyst: Analyst) -> None:
    """No more rows come than are wanted, and the answer says whether there were more."""
    few = QueryBounds(seconds=20, rows=1, result_bytes=1000)
    assert (await analyst.ask("SELECT number FROM items", (), scope, few)).is_complete is False
    assert (await analyst.ask("SELECT number FROM items LIMIT 1", (), scope, few)).is_complete is True


async def test_bytes_are_counted(analyst: Analyst) -> None:
    """A result that is too large is refused, not cut."""
    with pytest.raises(TooLarge, match="larger than 100000 bytes"):
        await ask(analyst, "SELECT zeroblob(60000) UNION ALL SELECT zeroblob(60000)")


REFUSED = [
    *("INSERT INTO item VALUES (9, 'x', 0)", "UPDATE item SET body = ''", "DELETE FROM item"),
    *("DROP TABLE item", "CREATE TABLE x (a)", "CREATE TEMP TABLE x (a)", "CREATE TEMP VIEW y AS SELECT 1"),
    *(
        "DROP VIEW items",
        "ALTER TABLE item ADD COLUMN x",
        "REINDEX",
        "ANALYZE",
        "VACUUM",
        "VACUUM INTO 'x.db'",
    ),
    *("ATTACH ':memory:' AS other", "DETACH main", "BEGIN", "COMMIT", "ROLLBACK", "SAVEPOINT x", "RELEASE x"),
    *(
        "PRAGMA writable_schema = 1",
        "PRAGMA query_only = 0",
        "PRAGMA user_version = 7",
        "PRAGMA table_info(item)",
    ),
    *(
        "PRAGMA trusted_schema = 1",
        "PRAGMA wal_checkpoint",
        "PRAGMA hard_heap_limit = 1",
        "PRAGMA cache_size",
    ),
    *(
        "CREATE VIRTUAL TABLE f USING fts5(a)",
        "CREATE TEMP TRIGGER t AFTER INSERT ON item BEGIN SELECT 1; END",
    ),
    *(
        "SELECT * FROM pending",
        "SELECT * FROM item",
        "SELECT * FROM main.item",
        "SELECT count(*) FROM pending",
    ),
    *("SELECT count(*) FROM main.pending", "SELECT 1 FROM PENDING", "SELECT is_hidden FROM main.item"),
    *("SELECT * FROM sqlite_schema", "SELECT * FROM sqlite_master", "SELECT * FROM temp.sqlite_schema"),
    *(
        "SELECT count(*) FROM sqlite_temp_master",
        "SELECT count(*) FROM sqlite_schema",
        "SELECT * FROM temp.x1x",
    ),
    *(
        "SELECT * FROM pragma_table_info('item')",
        "SELECT * FROM pragma_database_list",
        "SELECT * FROM dbstat",
    ),
    *("SELECT count(*) FROM sqlite_stmt", "SELECT * FROM sqlite_stmt", "SELECT * FROM fts5vocab"),
    *("SELECT load_extension('x')", "SELECT sqlite_log(1, 'x')", "SELECT fts3_tokenizer('simple')"),
    *("SELECT rtreecheck('main', 'item')", "SELECT readfile('/etc/passwd')", "SELECT writefile('x', 'y')"),
    *(
        "WITH items AS (SELECT * FROM pending) SELECT * FROM items",
        "SELECT 1; DELETE FROM item",
        "",
        "-- nothing",
    ),
    *(
        "WITH x1 AS (SELECT * FROM pending) SELECT * FROM x1",
        "WITH items AS (SELECT secret(1)) SELECT * FROM items",
    ),
    *("WITH items AS (SELECT * FROM main.item) SELECT * FROM items", "SELECT (SELECT body FROM pending)"),
    *(
        "SELECT number FROM items WHERE EXISTS (SELECT 1 FROM pending WHERE body LIKE 'i%')",
        "EXPLAIN DROP TABLE item",
    ),
    *(
        "SELECT 1 UNION SELECT body FROM pending",
        "SELECT * FROM items, pending",
        "SELECT items.rowid FROM pending items",
    ),
    *(
        "INSERT INTO items VALUES (1, 'x') RETURNING *",
        "REPLACE INTO item VALUES (1, 2, 3)",
        "SELECT 'a' MATCH 'b'",
    ),
    *("SELECT regexp('a', 'b')", "SELECT edit('x')", "SELECT 1 FROM json_each('[')", "SELECT \x00 1"),
]


@pytest.mark.parametrize("sql", REFUSED, ids=repr)
async def test_nothing_but_reading_what_is_shown(analyst: Analyst, path: Path, sql: str) -> None:
    """Whatever else a query wants is refused, changes no byte, and leaves the connection as it was."""
    before = path.read_bytes()
    with pytest.raises(Misused):
        await ask(analyst, sql)
    assert path.read_bytes() == before
    assert (await ask(analyst, "SELECT number FROM items")).rows == [(1,), (2,)]


TABLES = ", ".join(f"d d{number}" for number in range(30))
JOIN = f"WITH d(x) AS (VALUES (1), (2), (3), (4)) SELECT sum(d1.x) FROM {TABLES}"  # noqa: S608
BOMBS = [
    "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) SELECT count(*) FROM c",
    "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) SELECT max(x) FROM c ORDER BY 1",
    "WITH RECURSIVE c(x) AS (VALUES (0) UNION ALL SELECT x + 1 FROM c) SELECT 1 FROM c WHERE x < 0",
    JOIN,
]


@pytest.mark.parametrize("sql", BOMBS)
async def test_what_does_not_end_is_ended(analyst: Analyst, sql: str) -> None:
    """A query without end is stopped when its time is over, and the next one is answered."""
    with pytest.raises(Misused, match=r"stopped after 0\.05 s"):
        await analyst.ask(sql, (), scope, QueryBounds(seconds=0.05, rows=10, result_bytes=1000))
    assert (await ask(analyst, "SELECT 1")).rows == [(1,)]


@pytest.mark.parametrize(
    "sql",
    [
        *("SELECT randomblob(1000000000)", "SELECT zeroblob(1000000000)", "SELECT printf('%9000000d', 1)"),
        *("SELECT hex(zeroblob(16000000))", "SELECT replace(hex(zeroblob(4000000)), '0', 'xxx')"),
        "SELECT 1" + " + 1" * 300,
        "SELECT " + "(" * 2000 + "1" + ")" * 2000,
        "SELECT 1" + " UNION SELECT 1" * 200,
        "SELECT '" + "x" * 200_000 + "'",
    ],
    ids=lambda sql: sql[:40],
)
async def test_what_is_too_large_is_refused(analyst: Analyst, sql: str) -> None:
    """Values, expressions and texts of queries that would take the machine's memory or stack are refused."""
    with pytest.raises((Misused, TooLarge)):
        await ask(analyst, sql)
    assert (await ask(analyst, "SELECT 1")).rows == [(1,)]


async def test_memory_is_watched(analyst: Analyst, monkeypatch: pytest.MonkeyPatch) -> None:
    """A query that piles up memory is stopped long before the machine has no more."""
    monkeypatch.setattr(sqlite_sandbox, "MAX_GROWTH_BYTES", 32 * MIB)
    pile = "WITH RECURSIVE c(x) AS (VALUES (1) UNION ALL SELECT x + 1 FROM c WHERE x < 100000)"
    with pytest.raises(TooLarge, match="MiB of memory"):
        await ask(analyst, f"{pile} SELECT count(*) FROM (SELECT zeroblob(1000000) b FROM c ORDER BY b)")  # noqa: S608
    assert (await ask(analyst, "SELECT 1")).rows == [(1,)]


async def test_cancelling_ends_a_query(analyst: Analyst) -> None:
    """A caller who goes takes the query along, at once, and the connection stays usable."""
    bounds = QueryBounds(seconds=1_000, rows=1, result_bytes=1_000)  # longer than a test may take
    asking = asyncio.ensure_future(analyst.ask(BOMBS[0], (), scope, bounds))
    await ask_something_else(analyst, asking)
    with pytest.raises(asyncio.CancelledError):
        await asking
    assert (await ask(analyst, "SELECT 1")).rows == [(1,)]


async def ask_something_else(analyst: Analyst, asking: "asyncio.Future[QueryAnswer]") -> None:
    """Let the query begin, then cancel it, twice; whoever waits behind it gets his turn."""
    waiting = asyncio.ensure_future(ask(analyst, "SELECT 2"))
    for _ in range(3):
        await asyncio.sleep(0.01)
    asking.cancel()
    await asyncio.sleep(0)
    asking.cancel()
    assert (await waiting).rows == [(2,)]


async def test_one_who_waits_can_go(analyst: Analyst) -> None:
    """Cancelling a caller whose turn has not come leaves the query under way alone."""
    first = asyncio.ensure_future(ask(analyst, "SELECT count(*) FROM items a, items b"))
    second = asyncio.ensure_future(ask(analyst, "SELECT 2"))
    await asyncio.sleep(0)
    second.cancel()
    assert (await first).rows == [(4,)]


@pytest.mark.parametrize("kind", [IntegrityError, TooLarge])
async def test_what_a_function_raises_is_raised(path: Path, kind: type[Exception]) -> None:
    """The error of a function, an aggregate or the scope comes out as it is."""

    def fail(_: SqlValue) -> SqlValue:
        raise kind("so it is")

    class Failing(Longest):
        def step(self, *_: SqlValue) -> None:
            raise kind("so it is")

    analyst = SqliteAnalyst(
        path, SqlFunctions(scalars={"fail": (1, fail)}, aggregates={"failing": (1, Failing)})
    )

    def failing_scope(_: SqlConnection) -> QueryScope:
        raise kind("so it is")

    nothing: Callable[[SqlConnection], QueryScope] = lambda _: QueryScope(  # noqa: E731 - one expression
        shown=frozenset(), inner=frozenset(), tables=frozenset()
    )
    for sql in ("SELECT fail(1)", "SELECT failing(1)"):
        with pytest.raises(kind, match="so it is"):
            await analyst.ask(sql, (), nothing, BOUNDS)
    with pytest.raises(kind, match="so it is"):
        await analyst.ask("SELECT 1", (), failing_scope, BOUNDS)
    assert (await analyst.ask("SELECT 1", (), nothing, BOUNDS)).rows == [(1,)]
    await analyst.close()


async def test_a_query_sees_what_was_committed_before(analyst: Analyst, path: Path) -> None:
    """Each query has a snapshot of its own, with everything that was committed before it."""
    assert (await ask(analyst, "SELECT count(*) FROM items")).rows == [(2,)]
    with sqlite3.connect(path) as connection:
        connection.execute("INSERT INTO item VALUES (4, 'new', 0)")
    connection.close()
    assert (await ask(analyst, "SELECT count(*) FROM items")).rows == [(3,)]


async def test_laying_out_is_bounded_too(analyst: Analyst) -> None:
    """What a query can read is looked for within its time, and in vain if that takes longer."""

    def endless(sql: SqlConnection) -> QueryScope:
        sql.rows(BOMBS[0])
        raise AssertionError

    with pytest.raises(Misused, match="stopped after"):
        await analyst.ask("SELECT 1", (), endless, QueryBounds(seconds=0.05, rows=1, result_bytes=1))
    assert (await ask(analyst, "SELECT 1")).rows == [(1,)]


async def test_closing_ends_what_runs(analyst: Analyst) -> None:
    """Nobody who closes waits for a query to end by itself, and who asked is told."""
    asking = asyncio.ensure_future(ask(analyst, BOMBS[0]))
    await asyncio.sleep(0.05)
    await analyst.close()
    with pytest.raises(Closed):
        await asking


async def test_closing(analyst: Analyst) -> None:
    """Closing twice is closing once; afterwards nothing is answered."""
    await ask(analyst, "SELECT 1")
    await analyst.close()
    await analyst.close()
    with pytest.raises(Closed):
        await ask(analyst, "SELECT 1")
