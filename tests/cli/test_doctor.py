"""``syncore doctor``: what it says of sound files, of damaged ones, and of files of others."""

import sqlite3
from contextlib import closing

from tests.cli.command_line import Machine


def test_a_sound_file_is_said_to_be_sound(machine: Machine) -> None:
    """Without damage it says so with the number of documents, and ends with 0."""
    machine.ok("put", "movies", "alien", "title=Alien")
    assert machine.ok("doctor").out == "sound: 1 documents, and all that belongs to them\n"
    summary = machine.ok("doctor", str(machine.replica), "--json").record
    assert summary == {"is_sound": True, "damages": 0, "documents": 1}


def test_damage_is_told_with_its_place_and_meaning(machine: Machine) -> None:
    """What is damaged comes with where, what it means and what mends it, and ends with 6; as JSON too."""
    machine.ok("put", "movies", "alien", "title=Alien")
    with closing(sqlite3.connect(machine.replica)) as connection:
        connection.execute("UPDATE documents SET projection = x'00112233445566778899'")
        connection.commit()
    shown = machine.run("doctor")
    assert shown.code == 6
    assert "damaged: documents, movies/alien: projection: its checksum does not hold" in shown.out
    assert "To mend it: it is computed from the documents' states" in shown.out
    told = machine.run("doctor", "--json")
    assert told.code == 6
    assert told.records[0]["table"] == "documents"
    assert told.records[0]["mend"] == "states"
    assert told.records[-1]["is_sound"] is False


def test_repair_says_what_it_did(machine: Machine) -> None:
    """What was mended, and where the damaged file is; after that there is nothing to repair."""
    machine.ok("put", "movies", "alien", "title=Alien")
    with closing(sqlite3.connect(machine.replica)) as connection:
        connection.execute("UPDATE documents SET projection = x'00112233445566778899'")
        connection.commit()
    told = machine.ok("doctor", "--repair").out
    assert "mended: movies/alien: what it shows was computed anew" in told
    assert f"the damaged file is kept as {machine.replica}.damaged" in told
    assert told.endswith("sound: 1 documents, and all that belongs to them\n")
    assert "title: Alien" in machine.ok("get", "movies", "alien").out
    assert machine.ok("doctor", "--repair", "--json").record["mended"] == []


def test_what_cannot_be_repaired_is_said(machine: Machine) -> None:
    """The state of a private document is held once: the command refuses and ends with 6."""
    machine.ok("put", "movies", "alien", "title=Alien")
    with closing(sqlite3.connect(machine.replica)) as connection:
        connection.execute("UPDATE states SET state = x'00112233445566778899'")
        connection.commit()
    told = machine.run("doctor", "--repair")
    assert told.code == 6
    assert "not repaired: what is damaged is held nowhere else in this file; the file is as" in told.out


def test_what_is_no_replica_is_said_to_be_none(machine: Machine) -> None:
    """Another file, or none, is the wrong argument and not damage."""
    other = machine.folder / "other.txt"
    other.write_text("something else " * 20)
    assert machine.run("doctor", str(other)).code == 5
    assert machine.run("doctor", str(machine.folder / "nothing.db")).code == 5
