"""put, get, find and delete."""

import asyncio
import io
import json

import pytest

import syncore
from tests.cli.command_line import Machine


def test_put_and_get(machine: Machine) -> None:
    """What is put can be got, kinds and types included, and a second put updates it."""
    first = machine.ok(
        "put", "movies", "alien", "title=Alien", "year=1979", 'votes={"$counter": 1}', "--json"
    ).record
    assert (first["collection"], first["id"], first["action"]) == ("movies", "alien", "inserted")
    again = machine.ok(
        "put", "movies", "alien", "--increment", "votes=2", "--add", "tags=scifi", "--unset", "year"
    )
    assert again.out == "updated movies/alien\n"
    assert machine.ok("get", "movies", "alien", "--json").record == {
        "$id": "alien",
        "title": "Alien",
        "tags": {"$set": ["scifi"]},
        "votes": {"$counter": 3},
    }
    assert (
        machine.ok("get", "movies", "alien").out
        == "movies/alien\n  tags: {scifi}\n  title: Alien\n  votes: 3\n"
    )


def test_put_from_stdin(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    """A document can come from standard input, and gets a fresh id if it has none."""
    monkeypatch.setattr("sys.stdin", io.StringIO('{"title": "Alien"}'))
    id_ = str(machine.ok("put", "movies", "-", "--json").record["id"])
    assert machine.ok("get", "movies", id_, "--json").record == {"$id": id_, "title": "Alien"}


def test_put_seen(machine: Machine) -> None:
    """With a token, what was written after it was read is kept beside the new value, as a conflict."""
    machine.ok("put", "movies", "alien", "title=Alien")
    token = machine.ok("get", "movies", "alien", "--token", "--json").record["$token"]
    machine.ok("put", "movies", "alien", "title=Aliens")
    machine.ok("put", "movies", "alien", "title=ALIEN", "--seen", str(token))
    assert machine.ok("get", "movies", "alien", "--json").record["$conflicts"] == ["title"]
    assert "(in conflict)" in machine.ok("get", "movies", "alien").out
    assert machine.ok("status", "--json").record["conflicts"] == 1
    assert machine.run("put", "movies", "alien", "title=x", "--seen", "nonsense").code == 1
    assert machine.run("put", "movies", "nobody", "title=x", "--seen", str(token)).code == 1


def test_find(machine: Machine) -> None:
    """Documents are listed in the order of their ids, filtered by fields, limited and counted."""
    for number in range(5):
        machine.ok("put", "movies", f"m{number}", f"n={number % 2}", f"title=T{number}")
    assert [found["$id"] for found in machine.ok("find", "movies", "n=1", "--json").records] == ["m1", "m3"]
    assert [found["$id"] for found in machine.ok("find", "movies", "--limit", "2", "--json").records] == [
        "m0",
        "m1",
    ]
    assert machine.ok("find", "movies", "n=0", "--count").out == "3\n"
    assert machine.ok("find", "movies", "n=0.0", "--count", "--json").record == {"count": 0}
    assert machine.ok("find", "movies", "n=1").out == "id  n  title\nm1  1  T1\nm3  1  T3\n"


def test_find_nothing(machine: Machine) -> None:
    """Nothing found is a success without results."""
    outcome = machine.ok("find", "movies")
    assert (outcome.out, outcome.err) == ("", "syncore: no documents\n")


def test_delete(machine: Machine) -> None:
    """Documents are deleted together, or none of them when one is not there."""
    for id_ in ("a", "b"):
        machine.ok("put", "movies", id_, "n=1")
    assert machine.run("delete", "movies", "a", "nobody").code == 1
    assert machine.ok("find", "movies", "--count").out == "2\n"
    assert machine.ok("delete", "movies", "a", "b").out == "deleted movies/a\ndeleted movies/b\n"
    assert machine.ok("find", "movies", "--count").out == "0\n"
    assert machine.run("get", "movies", "a").code == 1
    assert machine.run("delete", "movies", "a", "b", "--seen", "x").code == 2


def test_terminal_safety(machine: Machine) -> None:
    """A document cannot speak to the terminal that shows it."""
    machine.ok(
        "put", "movies", "x", "--data", json.dumps({"title\u202e": "a\u001b[2J", "\u009b": ["\u009b"]})
    )
    for command in (["get", "movies", "x"], ["find", "movies"]):
        shown = machine.ok(*command).out
        assert all(character.isprintable() or character == "\n" for character in shown)


def test_reading_beside_owner(machine: Machine) -> None:
    """While another program owns the file, reading works and writing says who is in the way."""
    machine.ok("put", "movies", "x", "n=1")

    async def beside() -> None:
        keystore = machine.environment["SYNCORE_KEYSTORE"]
        async with syncore.Replica.open(machine.replica, keystore=keystore, sync=False) as replica:
            await replica.collection("movies").insert({"n": 2}, id="y")
            for command in (["get", "movies", "y"], ["find", "movies"], ["status"], ["digest"]):
                assert (await asyncio.to_thread(machine.run, *command)).code == 0
            outcome = await asyncio.to_thread(machine.run, "put", "movies", "n=3", "--json")
            assert outcome.code == 5
            assert outcome.error["error"] == "Locked"
            assert "syncore watch" in str(outcome.error["hint"])

    asyncio.run(beside())


def test_other_kind(machine: Machine) -> None:
    """A change that does not fit a field is refused, and nothing is written."""
    machine.ok("put", "movies", "x", "n=1")
    outcome = machine.run("put", "movies", "x", "m=1", "--increment", "n=1", "--json")
    assert outcome.code == 1
    assert outcome.error["error"] == "InvalidChange"
    assert machine.ok("get", "movies", "x", "--json").record == {"$id": "x", "n": 1}


def test_finding_with_an_expression(machine: Machine) -> None:
    """--where says what documents are like, --order how they come, --explain how they are found."""
    for name, year in (("alien", 1979), ("aliens", 1986), ("brazil", 1985)):
        machine.ok("put", "movies", name, f"year={year}", "kind=film")

    def found(*arguments: str) -> list[object]:
        return [one["$id"] for one in machine.ok("find", "movies", *arguments, "--json").records]

    assert found("--where", "year > 1980", "--order=-year") == ["aliens", "brazil"]
    assert found("--order", "kind,year", "--limit", "2") == ["alien", "brazil"]
    assert found("kind=film", "--where", 'year = 1985 or year in (1979, "x")') == ["alien", "brazil"]
    assert machine.ok("find", "movies", "--where", "year > 1980", "--count").out == "2\n"
    assert machine.ok("find", "movies", "--count", "--limit", "1").out == "1\n"
    told = machine.ok("find", "movies", "--where", "year > 1980", "--explain")
    assert told.out.startswith("find in movies: year > 1980")
    assert machine.ok("find", "movies", "--explain", "--json").record["explain"]
    wrong = machine.run("find", "movies", "--where", "year >")
    assert (wrong.code, "at character 7: year >-->" in wrong.err) == (1, True)
    assert machine.run("find", "movies", "--explain", "--count").code == 2
