"""Arguments."""

import subprocess
import sys

import pytest

from syncore.cli import main
from syncore.cli.parser import parse

_COMMANDS = (
    "init",
    "put",
    "get",
    "find",
    "delete",
    "import",
    "sync",
    "watch",
    "presence",
    "status",
    "digest",
    "share",
    "invite",
    "join",
)


def test_options_anywhere() -> None:
    """The options of all commands stand before the command or behind it; an environment gives defaults."""
    for given in (["--json", "--replica", "a", "status"], ["status", "--json", "--replica", "a"]):
        options = parse(given, {"SYNCORE_REPLICA": "b"})
        assert (options.json, str(options.replica)) == (True, "a")
    assert str(parse(["status"], {"SYNCORE_REPLICA": "b"}).replica) == "b"
    assert str(parse(["status"], {}).replica) == "syncore.db"
    assert parse(["status"], {}).json is False


def test_words_anywhere() -> None:
    """FIELD=VALUE words can stand behind options."""
    options = parse(["put", "movies", "--id", "x", "a=1", "--unset", "b", "c=2", "-"], {})
    assert options.words == ["a=1", "c=2", "-"]


@pytest.mark.parametrize(
    "given",
    [
        [],
        ["fly"],
        ["put"],
        ["get", "movies"],
        ["get", "movies", "a", "b"],
        ["find", "movies", "--limit", "0"],
        ["find", "movies", "--limt", "1"],
        ["put", "movies", "--un", "a"],
        ["sync", "--timeout", "nan"],
        ["invite", "--days", "inf"],
        ["invite", "--role", "king"],
    ],
)
def test_wrong_arguments(given: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """Wrong arguments exit with 2 and say so on standard error."""
    assert main(given, {}) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert "error: " in err


@pytest.mark.parametrize("command", _COMMANDS)
def test_help(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Every command is listed, explains itself, and takes the options of all commands."""
    assert main(["--help"], {}) == 0
    assert f"    {command} " in capsys.readouterr().out
    assert main([command, "--help"], {}) == 0
    assert "--json" in capsys.readouterr().out


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    """--version prints the version and nothing else."""
    assert main(["--version"], {}) == 0
    assert capsys.readouterr().out.startswith("syncore ")


def test_quick_start() -> None:
    """Parsing arguments loads nothing of what commands need."""
    program = (
        "import sys; from syncore.cli import main; main(['--help'], {});"
        " heavy = {'asyncio', 'sqlite3', 'pycrdt', 'nacl', 'websockets'};"
        " sys.exit(bool(heavy & {*sys.modules}))"
    )
    assert subprocess.run([sys.executable, "-c", program], capture_output=True, check=False).returncode == 0


def test_demo(capsys: pytest.CaptureFixture[str]) -> None:
    """The demonstration brings its own arguments, and is loaded only when it is asked for."""
    assert main(["demo", "--help"], {}) == 0
    assert "--seed" in capsys.readouterr().out
