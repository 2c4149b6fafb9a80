"""explain, undo and redo."""

import sqlite3

from syncore.storage.protection import protect
from tests.cli.command_line import Machine


def test_undo_and_redo(machine: Machine) -> None:
    """The last change is taken back and done again, and with nothing left that is said."""
    machine.ok("put", "movies", "alien", "title=Alien")
    machine.ok("put", "movies", "alien", "title=Aliens")
    assert machine.ok("undo", "movies", "alien").out == "undone: movies/alien\n"
    assert machine.ok("get", "movies", "alien", "--json").record["title"] == "Alien"
    assert machine.ok("redo", "movies", "alien", "--json").record == {
        "action": "redo",
        "changed": [{"collection": "movies", "id": "alien", "document": {"$id": "alien", "title": "Aliens"}}],
        "left_alone": [],
    }
    assert machine.ok("redo", "movies", "alien").out == "nothing to redo\n"
    machine.ok("undo", "movies", "alien")
    assert machine.ok("undo", "movies", "alien", "--json").record["changed"] == [
        {"collection": "movies", "id": "alien", "document": None}
    ]
    assert machine.ok("undo", "movies", "alien").out == "nothing to undo\n"
    assert machine.ok("undo", "movies", "nobody").out == "nothing to undo\n"


def test_explain(machine: Machine, other: Machine, relay: str) -> None:
    """A field, or every field, is explained with its authors; what does not fit fails the command."""
    machine.ok("put", "movies", "alien", "title=Alien", 'votes={"$counter": 2}')
    assert "private space" in machine.ok("explain", "movies", "alien", "title").out
    machine.ok("share", relay)
    code = str(machine.ok("invite", "--json").record["code"])
    other.ok("join", code)
    other.ok("sync")
    other.ok("put", "movies", "alien", "title=Aliens")
    pending = other.ok("explain", "movies", "alien", "title", "--json").record
    assert (pending["value"], pending["rule"], pending["problems"]) == ("Aliens", "last_write", [])
    assert pending["parts"][0]["origins"][0]["evidence"] == "pending"  # type: ignore[index]
    other.ok("sync")
    machine.ok("sync")
    records = machine.ok("explain", "movies", "alien", "--json").records
    assert [record["field"] for record in records] == ["title", "votes"]
    evidence = [record["parts"][0]["origins"][0]["evidence"] for record in records]  # type: ignore[index]
    assert evidence == ["signed", "signed"]
    assert "invited by 0" in machine.ok("explain", "movies", "alien", "title").out
    assert '* "Aliens"\n' in machine.ok("explain", "movies", "alien", "title").out
    missing = machine.run("explain", "movies", "alien", "year")
    assert (missing.code, "its fields are 'title', 'votes'" in missing.err) == (1, True)
    assert machine.run("explain", "movies", "nobody").code == 1
    machine.ok("put", "movies", "brazil", "title=Brazil")
    machine.ok("delete", "movies", "brazil")
    for field in ([], ["title"]):
        gone = machine.ok("explain", "movies", "brazil", *field, "--json").record
        assert (gone["field"], gone["kind"], gone["rule"]) == (None, None, "update_wins")
        assert gone["parts"][0]["is_deletion"] is True  # type: ignore[index]
    assert "movies/brazil: deleted, by somebody" in machine.ok("explain", "movies", "brazil").out
    with sqlite3.connect(machine.replica) as connection:
        connection.execute("UPDATE segments SET segment = ?", (protect(b"x"),))
    connection.close()
    outcome = machine.run("explain", "movies", "alien", "title")
    assert outcome.code == 6
    assert "WRONG" in outcome.out
    assert "do not fit" in outcome.err
