"""What the page on simulations shows runs as it stands there, and what it lists is what there is."""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from simulations.judging import NAMES
from simulations.kept_plans import kept_text, parse_kept
from simulations.scenarios.worlds import SCENARIOS

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs" / "simulations.md").read_text()
SHOP, TESTS, CARELESS = re.findall(r"^```python\n(.*?)^```", TEXT, re.DOTALL | re.MULTILINE)
(KEPT,) = re.findall(r"^```json\n(.*?)^```", TEXT, re.DOTALL | re.MULTILINE)
PYTHON = "../syncore/.venv/bin/python"


def read_commands() -> dict[str, list[str]]:
    """The commands of the page and the lines that it shows of their output."""
    commands: dict[str, list[str]] = {}
    for block in re.findall(r"^```console\n(.*?)^```", TEXT, re.DOTALL | re.MULTILINE):
        for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            command, *shown = part.splitlines()
            commands[command] = [line for line in shown if line != "..."]
    return commands


COMMANDS = read_commands()
SHOWN = [command for command, lines in COMMANDS.items() if lines]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with what the page has a reader write into it."""
    (tmp_path / "shop.py").write_text(SHOP)
    (tmp_path / "test_shop.py").write_text(TESTS)
    (tmp_path / "careless.py").write_text(CARELESS)
    (tmp_path / "careless.json").write_text(KEPT)
    return tmp_path


_PATIENCE_S = 240
"""Several worlds, on a machine that has other things to do."""


def called(arguments: list[str], folder: Path) -> subprocess.CompletedProcess[str]:
    """What Python does with these arguments in a folder."""
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=_PATIENCE_S,
        check=False,
    )


def shape(line: str) -> str:
    """A line without what another version may tell otherwise: numbers, hashes, and the length of gaps."""
    line = re.sub(r"trace [0-9a-f]+", "trace #", line)
    return re.sub(r"\s+", " ", re.sub(r"-?\d+(\.\d+)?", "#", line))


@pytest.mark.timeout(_PATIENCE_S + 10)
@pytest.mark.parametrize("command", SHOWN)
def test_commands_print_what_the_page_shows(command: str, folder: Path) -> None:
    """Every line, but for its numbers; what is shown to fail fails, and the rest passes."""
    python, *arguments = shlex.split(command)
    assert python == PYTHON
    done = called(arguments, folder)
    shown = COMMANDS[command]
    is_failure = any("FAILED" in line for line in shown)
    assert (done.returncode, done.stderr) == (int(is_failure), ""), done.stderr
    printed = {shape(line) for line in done.stdout.splitlines()}
    assert [line for line in shown if shape(line) not in printed] == []


@pytest.mark.timeout(_PATIENCE_S + 10)
def test_the_test_of_the_page_passes(folder: Path) -> None:
    """As pytest runs it in an empty folder beside a checkout."""
    done = called(["-m", "pytest", "-q", "-p", "no:cacheprovider", "test_shop.py"], folder)
    assert done.returncode == 0, done.stdout


def test_the_kept_plan_is_written_as_it_is_shown() -> None:
    """The page shows the format byte for byte."""
    assert kept_text(parse_kept(KEPT)) == KEPT


def rows(title: str) -> dict[str, str]:
    """The first two columns of the table below a heading."""
    section = TEXT.split(f"\n## {title}\n")[1].split("\n## ")[0]
    return dict(re.findall(r"^\| `([^`]*)` \| (.*?) \|$", section, re.MULTILINE))


def test_scenarios_are_those_of_the_source() -> None:
    """Each with the sentence that it says of itself."""
    assert rows("Scenarios") == {name: one.about for name, one in SCENARIOS.items()}


def test_every_checker_is_in_the_page() -> None:
    """By the name that reports show."""
    assert sorted(rows("What has to hold")) == sorted(NAMES)
