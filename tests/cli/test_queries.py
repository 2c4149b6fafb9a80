"""sql: a table, JSON lines, CSV."""

import io
import json

import pytest

from syncore.cli.queries import unique
from tests.cli.command_line import Machine

_QUERY = "select title, gross, tags from movies order by gross desc"


@pytest.fixture(autouse=True)
def films(machine: Machine) -> None:
    """Two documents, with a value of each kind that a cell may hold."""
    data = {"title": 'The "end",\n', "gross": {"$decimal": "1.50"}, "tags": {"$set": ["b", "a"]}}
    machine.ok("put", "movies", "a", "--data", json.dumps(data))
    machine.ok("put", "movies", "b", "--data", json.dumps({"title": "Ran", "gross": {"$bytes": "AP8="}}))


def test_table(machine: Machine) -> None:
    """Rows are aligned below their headings; NULL is empty, and nothing speaks to the terminal."""
    shown = machine.ok("sql", "select title, gross from movies where title like 'T%'").out
    assert shown == 'title         gross\nThe "end",\\n  1.50\n'
    assert machine.ok("sql", "select 1 where 0").err == "syncore: no rows\n"


def test_json(machine: Machine) -> None:
    """Each row is an object in which values have the same forms as in documents."""
    first, second = machine.ok("sql", _QUERY, "--json").records
    assert first == {"title": "Ran", "gross": {"$bytes": "AP8="}, "tags": None}
    assert second["gross"] == {"$decimal": "1.50"}
    assert sorted(second["tags"]["$set"]) == ["a", "b"]  # type: ignore[index]
    assert machine.ok("sql", "select 1 as x, 2 as x", "--json").record == {"x": 1, "x~2": 2}
    assert unique(("x", "x~2", "x")) == ["x", "x~2", "x~3"]


def test_csv(machine: Machine) -> None:
    """CSV quotes what has to be quoted, and gives a cell to what it has no form for."""
    lines = machine.ok(
        "sql", "select title, gross, null as n, 1.5 as f from movies order by _id", "--csv"
    ).out
    assert lines == 'title,gross,n,f\n"The ""end"",\n",1.50,,1.5\nRan,AP8=,,1.5\n'
    assert machine.run("sql", "select 1", "--csv", "--json").code == 2


def test_file_parameters_and_limit(machine: Machine) -> None:
    """The file can stand before the query, parameters are values, and what a limit left out is said."""
    where = ["sql", str(machine.replica), "select count(*) as n from movies where gross = ? or title = ?"]
    found = machine.ok(*where, "--param", '{"$decimal": "1.5"}', "--param", "Ran", "--json")
    assert found.record == {"n": 2}
    limited = machine.ok("sql", "select _id from movies", "--limit", "1")
    assert limited.err == "syncore: there are more than 1 rows\n"
    assert machine.run("sql", "a", "b", "c").code == 2


def test_errors(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is wrong with a query is an error of its own, with what there is instead."""
    outcome = machine.run("sql", "select titel from movies", "--json")
    assert outcome.code == 1
    assert outcome.error["error"] == "Misused"
    assert "line 1, column 8" in str(outcome.error["message"])
    assert "title" in str(outcome.error["hint"])
    endless = "with recursive c(x) as (select 1 union all select x + 1 from c) select count(*) from c"
    monkeypatch.setattr("sys.stdin", io.StringIO(endless))
    stopped = machine.run("sql", "-", "--timeout", "0.1")
    assert (stopped.code, stopped.err) == (
        1,
        "syncore: the query was stopped after 0.1 s (narrow it, or give it longer with timeout_s)\n",
    )
    assert machine.run("sql", "drop table documents").code == 1
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"\xff"), encoding="utf-8"))
    assert machine.run("sql", "-").code == 1
