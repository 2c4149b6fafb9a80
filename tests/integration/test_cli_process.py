"""The command line as processes: two machines, a relay, signals and pipes."""

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.cli.command_line import running_relay

pytestmark = pytest.mark.timeout(
    180
)  # every command is a process of its own, and starts slowly on a busy machine

_SECONDS = 60
_ROOT = Path(__file__).parents[2]


class Shell:
    """A folder with a replica and its keys, and the processes that work there."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        self.folder = folder
        self._options = ["--replica", str(folder / "replica.db"), "--keystore", str(folder / "keys")]
        self.run("init")

    def run(self, *arguments: str) -> str:
        """Run a command that succeeds; its output."""
        done = subprocess.run(
            self.command(*arguments), cwd=_ROOT, capture_output=True, text=True, check=False, timeout=_SECONDS
        )
        assert done.returncode == 0, (arguments, done.stderr)
        return done.stdout

    def command(self, *arguments: str) -> list[str]:
        """The command line of a command."""
        return [sys.executable, "-m", "syncore.cli", *arguments, *self._options]

    @contextmanager
    def start(self, *arguments: str) -> Iterator[subprocess.Popen[str]]:
        """A running command, ended at the end of the block if it is still there."""
        process = subprocess.Popen(
            self.command(*arguments),
            cwd=_ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        with process:
            try:
                yield process
            finally:
                process.kill()


def test_two_machines(tmp_path: Path) -> None:
    """Two machines share, join, write and sync through a relay, and end with equal digests."""
    with running_relay(tmp_path / "store") as relay:
        one, two = Shell(tmp_path / "one"), Shell(tmp_path / "two")
        one.run("put", "movies", "alien", "title=Alien", 'votes={"$counter": 1}')
        one.run("share", relay)
        two.run("join", one.run("invite").strip())
        one.run("put", "movies", "alien", "--increment", "votes=2")
        two.run("put", "movies", "alien", "--increment", "votes=4", "--add", "tags=scifi")
        for shell in (one, two, one):
            shell.run("sync", "--timeout", "30")
        assert json.loads(two.run("get", "movies", "alien", "--json")) == {
            "$id": "alien",
            "tags": {"$set": ["scifi"]},
            "title": "Alien",
            "votes": {"$counter": 7},
        }
        assert one.run("digest") == two.run("digest")


def test_watch(tmp_path: Path) -> None:
    """A watch shows what another machine commits, as it comes in, and lets others read meanwhile."""
    with running_relay(tmp_path / "store") as relay:
        one, two = Shell(tmp_path / "one"), Shell(tmp_path / "two")
        one.run("share", relay)
        two.run("join", one.run("invite").strip())
        with two.start("watch", "movies", "--limit", "2") as watch:
            assert watch.stdout is not None
            assert watch.stderr is not None
            assert watch.stderr.readline() == "syncore: watching movies\n"
            one.run("put", "books", "dune", "title=Dune")
            one.run("put", "movies", "alien", "title=Alien")
            one.run("sync", "--timeout", "30")
            assert watch.stdout.readline() == "movies/alien title=Alien\n"
            assert "title: Alien" in two.run("get", "movies", "alien")
            one.run("delete", "movies", "alien")
            one.run("sync", "--timeout", "30")
            assert watch.stdout.readline() == "movies/alien deleted\n"
            assert watch.wait(_SECONDS) == 0


def test_interrupted_watch(tmp_path: Path) -> None:
    """Ctrl-C ends a watch with 130, without a word, and releases the replica."""
    one = Shell(tmp_path / "one")
    with one.start("watch") as watch:
        assert watch.stderr is not None
        assert watch.stderr.readline() == "syncore: watching all collections\n"
        watch.send_signal(signal.SIGINT)
        assert watch.wait(_SECONDS) == 130
        assert watch.stderr.read() == ""
    one.run("put", "movies", "alien", "title=Alien")


def test_interrupted_import(tmp_path: Path) -> None:
    """Ctrl-C ends an import that waits for standard input, at once and with what is in."""
    one = Shell(tmp_path / "one")
    with one.start("import", "movies", "-") as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write('{"n": 1}\n' * 600)
        process.stdin.flush()
        while one.run("find", "movies", "--count") != "500\n":
            assert process.poll() is None
        process.send_signal(signal.SIGINT)
        assert process.wait(_SECONDS) == 130
        assert process.stdout.read() == "500 lines imported: 500 inserted, 0 updated, 0 unchanged\n"


def test_reader_leaves(tmp_path: Path) -> None:
    """When whoever reads the output leaves, the command ends quietly."""
    one = Shell(tmp_path / "one")
    (tmp_path / "lines").write_text("".join(f'{{"n": {n}, "text": "{"x" * 200}"}}\n' for n in range(2_000)))
    one.run("import", "movies", str(tmp_path / "lines"))
    with one.start("find", "movies", "--json") as find:
        assert find.stdout is not None
        assert find.stderr is not None
        find.stdout.readline()
        find.stdout.close()
        assert find.wait(_SECONDS) == 141
        assert find.stderr.read() == ""
