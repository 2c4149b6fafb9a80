"""Commands run in this process, and a relay run in another: what tests of the command line share."""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from syncore.cli import main

_LISTENING = re.compile(r"listening on (\S+)  relay key ([0-9a-f]{64})\n")


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a command came to."""

    code: int
    out: str
    err: str

    @property
    def records(self) -> list[dict[str, object]]:
        """Standard output as JSON lines."""
        return [json.loads(line) for line in self.out.splitlines()]

    @property
    def record(self) -> dict[str, object]:
        """Standard output as one JSON line."""
        [record] = self.records
        return record

    @property
    def error(self) -> dict[str, object]:
        """Standard error as one JSON line."""
        error: dict[str, object] = json.loads(self.err)
        return error


class Machine:
    """A folder with a replica and a keystore, and the commands that somebody types there."""

    def __init__(self, folder: Path, capture: pytest.CaptureFixture[str]) -> None:
        folder.mkdir(exist_ok=True)
        self.folder = folder
        self.replica = folder / "replica.db"
        self.environment = {
            "SYNCORE_REPLICA": str(self.replica),
            "SYNCORE_KEYSTORE": str(folder / "keys"),
        }
        self.capture = capture

    def run(self, *arguments: str) -> Outcome:
        """Run a command, whatever it comes to."""
        self.capture.readouterr()
        keystore = ["--keystore", self.environment["SYNCORE_KEYSTORE"]]
        code = main([*keystore, *arguments], self.environment)
        captured = self.capture.readouterr()
        return Outcome(code=code, out=captured.out, err=captured.err)

    def ok(self, *arguments: str) -> Outcome:
        """Run a command that succeeds."""
        outcome = self.run(*arguments)
        assert outcome.code == 0, outcome
        return outcome


@contextmanager
def running_relay(store: Path) -> Iterator[str]:
    """A relay as a process of its own; its address."""
    command = [sys.executable, "-m", "relay", "serve", "--listen", "127.0.0.1:0", "--store", str(store)]
    with (store.parent / "relay.log").open("w") as log:
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True)
    try:
        assert process.stdout is not None
        found = _LISTENING.match(process.stdout.readline())
        assert found is not None, (store.parent / "relay.log").read_text()
        yield found[1]
    finally:
        process.terminate()
        process.communicate(timeout=30)
