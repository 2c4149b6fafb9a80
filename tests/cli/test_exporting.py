"""Exporting at the command line, and importing CSV there."""

from pathlib import Path

from tests.cli.command_line import Machine


def test_round_trip(machine: Machine, other: Machine, tmp_path: Path) -> None:
    """What is exported is imported elsewhere as it was; the name says the format."""
    machine.ok("put", "films", "a", "title=Alien", "--add", "tags=x")
    machine.ok("put", "films", "b", "title=")
    for name, more in (
        ("films.jsonl", ()),
        ("films.csv", ("--type", "tags=json")),
        ("films.tsv", ("--type", "tags=json")),
    ):
        file = str(tmp_path / name)
        record = machine.ok("export", "films", file, "--json").record
        assert record == {"documents": 2, "bytes": (tmp_path / name).stat().st_size, "file": file}
        other.ok("import", name, file, *more)
        assert other.ok("find", name, "--json").out == machine.ok("find", "films", "--json").out
    assert "\t" in (tmp_path / "films.tsv").read_text()


def test_standard_output(machine: Machine) -> None:
    """A dash writes to standard output, and nothing else."""
    machine.ok("put", "films", "a", "n=1")
    assert machine.ok("export", "films", "-").out == '{"$id": "a", "n": 1}\n'
    assert machine.ok("export", "films", "-", "--format", "csv", "--field", "n").out == "$id,n\r\na,1\r\n"


def test_options(machine: Machine, tmp_path: Path) -> None:
    """What is about CSV is refused for JSON lines, and what names nothing is refused."""
    file = tmp_path / "x.csv"
    file.write_text("1;NA\n")
    lines = str(tmp_path / "x.jsonl")
    Path(lines).write_text("{}\n")
    assert "is about CSV" in machine.run("import", "films", lines, "--type", "a=integer").err
    assert "about CSV" in machine.run("export", "films", lines, "--field", "a").err
    assert "names no type" in machine.run("import", "films", str(file), "--type", "a").err
    given = ("--columns", "$id,n", "--delimiter", ";", "--missing", "NA", "--encoding", "cp1252")
    machine.ok("import", "films", str(file), *given)
    assert machine.ok("get", "films", "1", "--json").record == {"$id": "1"}
