"""invalid, and configure --schema."""

import json

from tests.cli.command_line import Machine

SCHEMA = {"type": "object", "required": ["name"], "properties": {"name": {"type": "string"}}}


def test_documents_that_do_not_fit(machine: Machine) -> None:
    """A schema is read from a file; what does not fit it is refused, and listed where it was there before."""
    machine.ok("put", "people", "old", "name=7")
    machine.ok("put", "others", "x", "name=7")
    assert "every document fits" in machine.ok("invalid").err
    file = machine.folder / "schema.json"
    file.write_text(json.dumps(SCHEMA), encoding="utf-8")
    assert "schema of version 1" in machine.ok("configure", "people", "--schema", str(file)).out
    assert machine.run("put", "people", "new", "name=8").code == 1
    [record] = machine.ok("invalid", "--json").records
    assert (record["collection"], record["id"]) == ("people", "old")
    problems = record["problems"]
    assert isinstance(problems, list)
    assert problems[0]["path"] == ["name"]
    assert machine.ok("invalid", "people").out.startswith("people/old\n  name: expected ")
    assert machine.ok("invalid", "others").out == ""
    assert machine.ok("settings", "people", "--json").record["schema"] is not None
    machine.ok("configure", "people", "--schema", "unset")
    assert machine.ok("invalid").out == ""


def test_files_that_hold_no_schema(machine: Machine) -> None:
    """A file that is not there, no JSON, no object or no schema is named, and nothing is set."""
    file = machine.folder / "schema.json"
    missing = machine.run("configure", "people", "--schema", str(file), "--json")
    assert (missing.code, missing.error["error"]) == (5, "StorageError")
    for content in (b"{", b"[]", b"\xff", b'{"type": "nothing"}', b" " * 10_000_000):
        file.write_bytes(content)
        wrong = machine.run("configure", "people", "--schema", str(file), "--json")
        assert (wrong.code, wrong.error["error"]) == (1, "InvalidSchema")
    assert "no collection has settings" in machine.ok("settings").err
