"""The tutorial, done from its beginning to its end in an empty folder with its two files."""

import asyncio
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.docs.examples import read_examples, run_all

DOCS = Path(__file__).parents[2] / "docs"
TEXT = (DOCS / "tutorial.md").read_text()
EXAMPLES = read_examples(TEXT)


def board_of(airport: str, folder: Path) -> str:
    """What the program at the end prints."""
    done = subprocess.run(
        [sys.executable, "board.py", airport, "--once"],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(DOCS.parent)},
        capture_output=True,
        text=True,
        timeout=40,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.timeout(120)
async def test_the_tutorial_prints_what_it_says(
    address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every block that is typed prints what its comments say, and the program at the end shows that board."""
    folder = tmp_path / "tutorial"
    shutil.copytree(DOCS / "tutorial", folder)
    monkeypatch.chdir(folder)
    monkeypatch.setenv("SYNCORE_KEYSTORE", str(tmp_path / "keys"))
    *typed, program = EXAMPLES
    await run_all(typed, "tutorial", address)
    (folder / "board.py").write_text(program.source)
    (shown,) = re.findall(r"board\.py JFK --once\n(.*?)```", TEXT, re.DOTALL)
    assert await asyncio.to_thread(board_of, "JFK", folder) == shown
