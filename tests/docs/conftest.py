"""What the tests of the documentation share: a relay process."""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture
def address(tmp_path: Path) -> Iterator[str]:
    """The address of a relay process on a port of its own."""
    command = [
        sys.executable,
        "-m",
        "relay",
        "serve",
        "--listen",
        "127.0.0.1:0",
        "--store",
        str(tmp_path / "relay"),
    ]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, cwd=ROOT
    ) as process:
        try:
            assert process.stdout is not None
            found = re.search(r"ws://\S+", process.stdout.readline())
            assert found is not None, "the relay did not start"
            yield found.group(0)
        finally:
            process.terminate()
