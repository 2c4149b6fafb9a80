"""From arguments to an exit status."""

from pathlib import Path

import pytest

from syncore.cli import main
from tests.cli.command_line import Machine


def test_missing_replica(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """No command but init makes a file, and the error says what to do."""
    machine = Machine(tmp_path, capsys)
    for command in (["put", "movies", "a=1"], ["get", "movies", "x"], ["status"], ["sync"], ["join", "x"]):
        outcome = machine.run(*command)
        assert outcome.code == 5
        assert "syncore init" in outcome.err
    assert not machine.replica.exists()


def test_error_as_json(machine: Machine) -> None:
    """With --json an error is an object on standard error, and standard output stays empty."""
    outcome = machine.run("get", "movies", "nothing", "--json")
    assert (outcome.code, outcome.out) == (1, "")
    assert outcome.error["error"] == "DocumentNotFound"


def test_interrupt(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C ends a command with 130 and without a traceback."""

    def interrupt(_options: object, _output: object) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr("syncore.cli.files.status", interrupt)
    outcome = machine.run("status")
    assert (outcome.code, outcome.out, outcome.err) == (130, "", "")


def test_not_a_replica(machine: Machine) -> None:
    """A file that is something else is left alone."""
    machine.replica.write_bytes(b"precious")
    assert machine.run("put", "movies", "a=1").code == 5
    assert machine.run("init").code == 5
    assert machine.run("find", "movies").code == 5
    assert machine.replica.read_bytes() == b"precious"


def test_environment_of_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without an environment of its own, main reads that of the process."""
    monkeypatch.setenv("SYNCORE_REPLICA", str(tmp_path / "x.db"))
    assert main(["init"]) == 0
    assert (tmp_path / "x.db").exists()
