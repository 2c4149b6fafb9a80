"""SQL over a replica: what queries see, in which space, and what is said when they cannot be answered."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from syncore import (
    UNSET,
    ConflictKind,
    DocumentNotFound,
    IntegrityError,
    InvalidValue,
    Misused,
    Replica,
    Text,
    TooLarge,
    splice,
)
from syncore.sql import service


@pytest.fixture
async def replica(tmp_path: Path) -> AsyncIterator[Replica]:
    """A replica with two collections."""
    async with Replica.open(tmp_path / "replica.db", keystore=tmp_path / "keys", sync=False) as replica:
        movies = replica.collection("movies")
        await movies.insert({"title": "Alien", "year": 1979, "gross": Decimal("104.90")}, id="alien")
        await movies.insert({"title": "Ran", "year": 1985, "tags": {"war"}}, id="ran")
        await replica.collection("roles").insert({"film": "alien", "name": "Ripley"}, id="ripley")
        yield replica


async def failure(replica: Replica, query: str, *parameters: object) -> Misused:
    """The error that a query ends with."""
    with pytest.raises(Misused) as caught:
        await replica.sql(query, parameters)
    return caught.value


async def test_joins_and_aggregates(replica: Replica) -> None:
    """Collections are joined, grouped and ordered as any tables, by place or by name of the parameters."""
    joined = await replica.sql("select r.name, m.title from roles r left join movies m on m._id = r.film")
    assert joined == [("Ripley", "Alien")]
    assert await replica.sql("select title from movies where year > :y", {"y": 1980}) == [("Ran",)]
    assert await replica.sql("select count(*), count(gross), max(year) from movies") == [(2, 1, 1985)]


async def test_long_documents_are_read_like_short_ones(replica: Replica) -> None:
    """A document that is stored in parts shows its fields, also after an edit in its middle."""
    notes = replica.collection("notes")
    await notes.insert({"title": "short", "body": Text("a")}, id="a")
    await notes.insert({"title": "long", "body": Text("word " * 20_000), "more": "x" * 50_000}, id="b")
    await notes.update("b", body=splice(50_000, 4, "WORD"))
    found = await replica.sql(
        "select title, length(body), substr(body, 50000, 6), length(more) from notes order by _id"
    )
    assert found == [("short", 1, "", None), ("long", 100_000, " WORD ", 50_000)]


async def test_a_damaged_part_of_a_long_document_is_told(tmp_path: Path) -> None:
    """Whoever asks for it, and nobody else."""
    path = tmp_path / "replica.db"
    async with Replica.open(path, keystore=tmp_path / "keys", sync=False) as replica:
        await replica.collection("notes").insert({"body": "x" * 50_000}, id="a")
        await replica.collection("other").insert({"n": 1}, id="a")
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE projection_parts SET bytes = zeroblob(length(bytes)) WHERE part = 2")
    async with Replica.open(path, keystore=tmp_path / "keys", sync=False) as replica:
        assert await replica.sql("select n from other") == [(1,)]
        with pytest.raises((IntegrityError, Misused)):
            await replica.sql("select length(body) from notes")


async def test_a_query_sees_what_was_committed(replica: Replica) -> None:
    """Writes that were returned are seen, changes and new fields and deletions alike."""
    movies = replica.collection("movies")
    await movies.update("ran", year=1986, director="Kurosawa", title=UNSET)
    assert await replica.sql("select title, year, director from movies where _id = 'ran'") == [
        (None, 1986, "Kurosawa")
    ]
    await movies.delete("alien")
    rows = await replica.sql("select * from movies")
    assert rows.columns == ("_id", "director", "tags", "year")
    assert rows == [("ran", "Kurosawa", frozenset({"war"}), 1986)]


async def test_a_column_becomes_exact_with_its_values(replica: Replica) -> None:
    """One Decimal among ints makes the column exact; without it the column is as it was."""
    movies = replica.collection("movies")
    for _ in range(2):
        await movies.update("ran", year=Decimal("1985.5"))
        assert await replica.sql("select year from movies where year > 1985 order by year") == [
            (Decimal("1985.5"),)
        ]
        assert await replica.sql("select typeof(year) from movies where _id = 'alien'") == [("text",)]
        await movies.update("ran", year=1985)
        assert await replica.sql("select typeof(year) from movies where _id = 'alien'") == [("integer",)]


async def test_an_empty_collection_has_any_column(replica: Replica) -> None:
    """A report does not fail when the last document goes; one over another collection still does."""
    await replica.collection("roles").delete("ripley")
    query = "select r.name, count(r.film), exact_sum(r.fee) from roles r where r.name > 'A'"
    assert await replica.sql(query) == [(None, 0, None)]
    assert (await replica.sql("select * from roles")).columns == ("_id",)
    assert "no such column" in str(await failure(replica, "select naem from movies"))


async def test_settings_make_columns(replica: Replica) -> None:
    """A field that only the collection's settings name is a column, and so is its collection a table."""
    await replica.collection("plans").configure(fields={"cost": "max"})
    assert (await replica.sql("select * from plans")).columns == ("_id", "cost")


async def test_other_spaces_are_not_there(replica: Replica, tmp_path: Path) -> None:
    """Documents of another space are neither rows nor make tables or columns."""
    connection = sqlite3.connect(tmp_path / "replica.db")
    connection.execute("UPDATE documents SET space = 99 WHERE id IN ('ran', 'ripley')")
    connection.commit()
    connection.close()
    rows = await replica.sql("select * from movies")
    assert (rows.columns, len(rows)) == (("_id", "gross", "title", "year"), 1)
    assert "no such table" in str(await failure(replica, "select * from roles"))


async def test_readers_see_the_same(replica: Replica, tmp_path: Path) -> None:
    """Whoever reads a file beside its owner sees the same; internal collections are no tables."""
    path = tmp_path / "replica.db"
    async with Replica.open(path, keystore=tmp_path / "keys", read_only=True) as reader:
        assert await reader.sql("select count(*) from movies") == [(2,)]
        await replica.collection("movies").insert({"title": "Brazil"})
        assert await reader.space.sql("select count(*) from movies") == [(3,)]
    assert "$settings" not in str(await failure(replica, 'select * from "$settings"'))[60:]


async def test_conflicts_are_a_table(replica: Replica) -> None:
    """The inbox has a row for each open conflict, with its siblings, and joins with the rest."""
    movies = replica.collection("movies")
    read = await movies.get("alien")
    await movies.update(read, gross=Decimal(1), seen=read.token)
    await movies.update(read, gross=Decimal("2.50"), seen=read.token)
    [row] = await replica.sql("select * from conflicts join movies using (_id)")
    assert (row["collection"], row["_id"], row["field"], row["kind"]) == (
        "movies",
        "alien",
        "gross",
        "values",
    )
    assert (row["rule"], row["value"], row["problem"]) == ("last_write", Decimal("2.50"), "")
    siblings = row["siblings"]
    assert isinstance(siblings, list)
    [inbox] = await replica.space.conflicts()
    assert inbox.kind is ConflictKind.VALUES
    listed = [one for one in siblings if isinstance(one, dict)]
    assert [one["value"] for one in listed] == [one.value for one in inbox.siblings]
    assert [one["time"] for one in listed] == [one.time for one in inbox.siblings]
    assert await replica.sql("select count(*) from conflicts where value > 2") == [(1,)]
    await inbox.accept()
    assert await replica.sql("select count(*) from conflicts") == [(0,)]


async def test_names_that_differ_in_case_only(replica: Replica) -> None:
    """Neither of two such names keeps it, and the hint says how they are called."""
    await replica.collection("movies").update("ran", Title="RAN", _id="own")
    rows = await replica.sql('select "Title~1", "title~2", "_id~1", _id from movies where _id = \'ran\'')
    assert rows == [("RAN", "Ran", "own", "ran")]
    assert '"Title~1", "title~2"' in (await failure(replica, "select title from movies")).hint
    await replica.collection("MOVIES").insert({"a": 1})
    await replica.collection("conflicts").insert({"a": 2})
    assert '"MOVIES~1", "movies~2"' in (await failure(replica, "select * from movies")).hint
    assert await replica.sql('select a from "conflicts~1"') == [(2,)]


@pytest.mark.parametrize(
    ("query", "message", "hint", "position"),
    [
        ("select titel from movies", "no such column: titel", "title", 7),
        ("select 1\nfrom movis", "(line 2, column 6)", "movies", 14),
        ("select m.titel, 1 from movies m", "no such column: m.titel", "movies has title", 9),
        ("select 1 form movies where", 'near "movies": syntax error', "", 14),
        ("select 'a' from movies where title = 'x", "unrecognized token", "", 37),
        ("select (1", "incomplete input", "", 9),
        ("select nosuch(1)", "no such function: nosuch", "", 7),
        ("select ?", "number of bindings", "", None),
        ("select * from pending", "no such table: pending", "there are", 14),
    ],
)
async def test_errors_say_what_there_is(
    replica: Replica, query: str, message: str, hint: str, position: int | None
) -> None:
    """A wrong query fails with SQLite's own words, the place, and the names that come closest first."""
    error = await failure(replica, query)
    assert message in error.message
    assert hint in error.hint
    assert error.details.get("position") == position


async def test_wrong_calls(replica: Replica) -> None:
    """Arguments that mean nothing are refused before anything runs."""
    for parameters in ("abc", 5, {1, 2}):
        with pytest.raises(Misused, match="parameters"):
            await replica.sql("select ?", parameters)  # type: ignore[arg-type]
    with pytest.raises(InvalidValue):
        await replica.sql("select ?", [object()])
    with pytest.raises(Misused, match="a str"):
        await replica.sql(b"select 1")  # type: ignore[arg-type]
    for limit in (0, True, 10**9):
        with pytest.raises(Misused, match="limit"):
            await replica.sql("select 1", limit=limit)
    for timeout_s in (0, -1, float("nan"), float("inf")):
        with pytest.raises(Misused, match="timeout_s"):
            await replica.sql("select 1", timeout_s=timeout_s)


async def test_results_are_bounded(replica: Replica, monkeypatch: pytest.MonkeyPatch) -> None:
    """With a limit, rows are left out and it is said; without one, too many are an error."""
    rows = await replica.sql("select _id from movies order by 1", limit=1)
    assert rows == [("alien",)]
    assert not rows.is_complete
    monkeypatch.setattr(service, "MAX_ROWS", 1)
    with pytest.raises(TooLarge, match="more than 1 rows"):
        await replica.sql("select _id from movies")


async def test_cancelling(replica: Replica) -> None:
    """A query whose task is cancelled ends, and the replica goes on."""
    endless = "with recursive c(x) as (select 1 union all select x + 1 from c) select count(*) from c, movies"
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.2):
            await replica.sql(endless, timeout_s=1000)
    assert await replica.sql("select count(*) from movies") == [(2,)]


async def test_closing_ends_it(tmp_path: Path) -> None:
    """A closed replica answers nothing, and its file is free."""
    replica = await Replica.open(tmp_path / "x.db", keystore=tmp_path / "keys")
    assert await replica.sql("select 1") == [(1,)]
    await replica.close()
    with pytest.raises(Exception, match="closed"):
        await replica.sql("select 1")
    assert not (tmp_path / "x.db-wal").exists()


async def test_damage_is_damage(replica: Replica, tmp_path: Path) -> None:
    """A stored document that is not what was written is an error of the file, not of the query."""
    connection = sqlite3.connect(tmp_path / "replica.db")
    connection.execute("UPDATE documents SET projection = CAST(projection || x'00' AS BLOB) WHERE id = 'ran'")
    connection.commit()
    connection.close()
    assert await replica.sql("select title from movies where _id = 'alien'") == [("Alien",)]
    with pytest.raises(IntegrityError, match="projection"):
        await replica.sql("select title from movies")


async def test_times_and_dates(replica: Replica) -> None:
    """They compare with each other and with text, across zones, and SQLite's functions read them."""
    when = datetime(2024, 2, 29, 23, 30, tzinfo=UTC)
    events = replica.collection("events")
    await events.insert({"at": when, "day": date(2024, 2, 29)}, id="leap")
    for condition in ("at > '2024-02-29'", "at < '2024-03-01 00:00'", "at = '2024-03-01T00:30:00+01:00'"):
        assert await replica.sql(f"select _id from events where {condition}") == [("leap",)]  # noqa: S608
    assert await replica.sql("select at, day, strftime('%H', at), date(day, '+1 day') from events") == [
        (when, date(2024, 2, 29), "23", "2024-03-01")
    ]
    assert await replica.sql(
        "select text(day) || '!', kind(at), exact(day) = exact(?) from events", [date(2024, 2, 29)]
    ) == [("2024-02-29!", "datetime", 1)]


async def test_text_functions_are_as_sqlites(replica: Replica) -> None:
    """What replaces functions of SQLite's gives what those give."""
    bare = sqlite3.connect(":memory:")
    for expression in (
        *(
            "instr('abc', 'c')",
            "instr(x'0102', x'02')",
            "instr(null, 'a')",
            "instr(12.5, '.')",
            "instr('a', '')",
        ),
        *(
            "replace('aXbX', 'X', 'yy')",
            "replace('a', '', 'b')",
            "replace(null, 'a', 'b')",
            "replace(101, '1', 2)",
        ),
        *(
            "trim('  a ')",
            "trim('xxaxx', 'x')",
            "ltrim('xa', 'x')",
            "rtrim(' a ')",
            "trim(null)",
            "trim('a', '')",
        ),
        *(
            "replace(1.0, '0', 'x')",
            "trim(1e300)",
            "trim(1e-7)",
            "trim(9e999)",
            "trim(-9e999)",
            "trim(0.5)",
            "replace('é', 'é', 'e')",
        ),
    ):
        [expected] = bare.execute(f"select {expression}")
        assert await replica.sql(f"select {expression}") == [expected], expression
    bare.close()
    with pytest.raises(DocumentNotFound):
        await replica.collection("movies").get("nobody")
