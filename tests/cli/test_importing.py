"""Importing JSON lines."""

import io
import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from syncore.exchange.batch_writing import BatchWriter
from syncore.exchange.importing import BATCH_ROWS
from syncore.exchange.rows import Item
from tests.cli.command_line import Machine

NONE = {"kept": 0, "rejected": 0}


def _file(machine: Machine, *lines: object) -> str:
    path = machine.folder / "lines.jsonl"
    path.write_text("".join(f"{line if isinstance(line, str) else json.dumps(line)}\n" for line in lines))
    return str(path)


def test_again(machine: Machine) -> None:
    """Importing again writes only what changed."""
    file = _file(machine, *({"n": number, "title": f"T{number}"} for number in range(BATCH_ROWS + 3)))
    counts = {"lines": 503, "inserted": 503, "updated": 0, "unchanged": 0, **NONE}
    assert machine.ok("import", "movies", file, "--id-field", "n", "--json").record == counts
    machine.ok("put", "movies", "7", "title=other")
    digest = machine.ok("digest").out
    counts = {"lines": 503, "inserted": 0, "updated": 1, "unchanged": 502, **NONE}
    assert machine.ok("import", "movies", file, "--id-field", "n", "--json").record == counts
    assert machine.ok("digest").out != digest
    assert machine.ok("import", "movies", file, "--id-field", "n").out == (
        "503 lines imported: 0 inserted, 0 updated, 503 unchanged\n"
    )


def test_lossless(machine: Machine, other: Machine, tmp_path: Path) -> None:
    """What find exports can be imported elsewhere without loss."""
    data = {
        "n": {"$counter": 2},
        "t": {"$text": "é"},
        "l": {"$list": [1, {"$bytes": "AA=="}]},
        "s": {"$set": [1, "a"]},
        "d": {"$datetime": "2026-01-31T12:00:00+01:00[Europe/Berlin]"},
        "f": 1.0,
        "$fields": {"$id": 1},
    }
    machine.ok("put", "movies", "x", "--data", json.dumps(data))
    exported = machine.ok("find", "movies", "--json").out
    (tmp_path / "exported.jsonl").write_text(exported)
    other.ok("import", "movies", str(tmp_path / "exported.jsonl"))
    assert other.ok("find", "movies", "--json").out == exported
    assert json.loads(exported) == {"$id": "x", **data}


def test_bad_line(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    """At a line that holds no document, everything before it is in, and both are said."""
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b'{"a": 1}\n{"a": 2}\n{"a"\n{"a": 4}\n')))
    outcome = machine.run("import", "movies", "-")
    assert outcome.code == 1
    assert outcome.out == "2 lines imported: 2 inserted, 0 updated, 0 unchanged\n"
    assert outcome.err.startswith("syncore: line 3: ")
    assert machine.ok("find", "movies", "--count").out == "2\n"


def test_bad_document(machine: Machine) -> None:
    """At a line that does not fit the document that is there, everything before it is in."""
    machine.ok("put", "movies", "x", "n=1")
    file = _file(machine, {"$id": "a"}, {"$id": "x", "n": {"$counter": 1}}, {"$id": "b"})
    outcome = machine.run("import", "movies", file, "--json")
    assert outcome.code == 1
    assert outcome.record == {"lines": 1, "inserted": 1, "updated": 0, "unchanged": 0, **NONE}
    assert outcome.error["error"] == "InvalidChange"
    assert str(outcome.error["message"]).startswith("line 2: ")
    assert machine.run("get", "movies", "b").code == 1


def test_same_document_twice(machine: Machine) -> None:
    """Lines of one transaction may be about one document; the last one holds."""
    file = _file(machine, {"$id": "x", "n": 1}, {"$id": "x", "n": 2}, {"$id": "x", "n": 2})
    counts = {"lines": 3, "inserted": 1, "updated": 1, "unchanged": 1, **NONE}
    assert machine.ok("import", "movies", file, "--json").record == counts
    assert machine.ok("get", "movies", "x", "--json").record["n"] == 2


def test_types_are_changes(machine: Machine) -> None:
    """1, 1.0, true and a counter at 1 are different contents."""
    machine.ok("put", "movies", "x", "n=1")
    for form in (1.0, True):
        assert (
            machine.ok("import", "movies", _file(machine, {"$id": "x", "n": form}), "--json").record[
                "updated"
            ]
            == 1
        )


def test_large_lines(machine: Machine) -> None:
    """Lines too large for one transaction are committed in several; one too large alone is named."""
    large = {"list": [0.5] * 40_000}  # 200 kB of JSON, 360 kB encoded
    file = _file(machine, *({**large, "$id": str(number)} for number in range(3)))
    assert machine.ok("import", "movies", file, "--json").record["inserted"] == 3
    outcome = machine.run("import", "movies", _file(machine, {}, {"list": [0.5] * 60_000}), "--json")
    assert outcome.code == 1
    assert str(outcome.error["message"]).startswith("line 2: ")
    assert outcome.record["inserted"] == 1


def test_no_file(machine: Machine) -> None:
    """A file that cannot be read is an error, and no file is made."""
    outcome = machine.run("import", "movies", str(machine.folder / "nothing"))
    assert outcome.code == 1
    assert "cannot be read" in outcome.err
    assert machine.run("import", "movies", str(machine.folder)).code == 1


def test_interrupted(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    """An interrupted import says what is in, and the replica is closed in good order."""
    write = BatchWriter.write

    async def interrupt(self: BatchWriter, items: Sequence[Item]) -> None:
        if self.committed.end:
            raise KeyboardInterrupt
        await write(self, items)

    monkeypatch.setattr(BatchWriter, "write", interrupt)
    outcome = machine.run("import", "movies", _file(machine, *[{}] * 600))
    assert outcome.code == 130
    assert outcome.out == "500 lines imported: 500 inserted, 0 updated, 0 unchanged\n"
    assert machine.ok("find", "movies", "--count").out == "500\n"


def test_conflict_is_settled(machine: Machine) -> None:
    """A line that agrees with what a field in conflict shows is written, and settles it."""
    machine.ok("put", "movies", "x", "n=1")
    token = machine.ok("get", "movies", "x", "--token", "--json").record["$token"]
    machine.ok("put", "movies", "x", "n=2")
    machine.ok("put", "movies", "x", "n=3", "--seen", str(token))
    shown = machine.ok("get", "movies", "x", "--json").record
    assert shown["$conflicts"] == ["n"]
    assert machine.ok("import", "movies", _file(machine, shown), "--json").record["updated"] == 1
    assert machine.ok("get", "movies", "x", "--json").record == {"$id": "x", "n": shown["n"]}
