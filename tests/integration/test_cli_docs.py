"""The examples of docs/cli.md, run one after the other by a shell against a real relay."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.command_line import running_relay

_DOCUMENT = Path(__file__).parents[2] / "docs" / "cli.md"
_BLOCK = re.compile(r"^```console\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_STATUS = re.compile(r"  # exit status (\d+)$")
_LOCAL_COMMANDS = (
    "init",
    "put",
    "get",
    "find",
    "sql",
    "delete",
    "import",
    "status",
    "digest",
    "undo",
    "redo",
    "explain",
)
_COMMANDS = (*_LOCAL_COMMANDS, "sync", "watch", "presence", "share", "invite", "join")


def _examples() -> list[tuple[str, int, str]]:
    """Every command line, its exit status, and its output ("" where the document shows none)."""
    examples: list[tuple[str, int, str]] = []
    for block in _BLOCK.findall(_DOCUMENT.read_text(encoding="utf-8")):
        for line in block.splitlines(keepends=True):
            if line.startswith("$ "):
                command = line[2:].rstrip("\n")
                status = _STATUS.search(command)
                examples.append((_STATUS.sub("", command), int(status[1]) if status else 0, ""))
            else:
                command, code, output = examples[-1]
                examples[-1] = (command, code, output + line)
    return examples


@pytest.mark.timeout(300)
def test_examples(tmp_path: Path) -> None:
    """Every example does what the document says, and prints what it shows."""
    bin_folder = tmp_path / "bin"
    bin_folder.mkdir()
    program = bin_folder / "syncore"
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m syncore.cli "$@"\n')
    program.chmod(0o755)
    environment = {
        **os.environ,
        "PATH": f"{bin_folder}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": str(_DOCUMENT.parents[1]),
        "SYNCORE_KEYSTORE": str(tmp_path / "keys"),
    }
    environment.pop("SYNCORE_REPLICA", None)
    with running_relay(tmp_path / "store") as relay:
        for command, status, shown in _examples():
            done = subprocess.run(
                ["/bin/sh", "-c", command.replace("127.0.0.1:8787", relay.removeprefix("ws://"))],
                cwd=tmp_path,
                env=environment,
                capture_output=True,
                text=True,
                check=False,
                timeout=60,
            )
            assert done.returncode == status, (command, done.stderr)
            if shown:
                assert done.stdout == shown, command


def test_every_command() -> None:
    """Every command has an example."""
    shown = " ".join(command for command, _, _ in _examples())
    assert [name for name in _COMMANDS if f"syncore {name}" not in shown] == []
