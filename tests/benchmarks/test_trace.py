"""Editing traces: replayed for real, and refused where they are none."""

import gzip
import json
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.trace import NoTrace, read_trace

ROOT = Path(__file__).parents[2]
TRACE = {
    "startContent": "one",
    "endContent": "öne two 🎬!",
    "txns": [
        {"patches": [[3, 0, " two"]]},
        {"patches": [[0, 1, "ö"], [7, 0, " 🎬"]]},
        {"patches": [[9, 0, "!"]]},
    ],
}


def replayed(path: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """What the command does with a file."""
    command = [sys.executable, "-m", "benchmarks", "trace", "--trace", str(path), *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=50, check=False)


def test_a_trace_arrives_at_the_other_replica(tmp_path: Path) -> None:
    """A gzipped trace ends in both replicas as it says, and what was sent and received is counted."""
    path = tmp_path / "trace.json.gz"
    path.write_bytes(gzip.compress(json.dumps(TRACE).encode()))
    done = replayed(path, "--json")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert (found["is_right"], found["transactions"]) == (True, 3)
    assert min(found["sent_bytes"], found["received_bytes"], found["file_bytes"]) > 0


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"nothing", "not an editing trace"),
        (b"\x1f\x8bnothing", "not an editing trace"),
        (b'{"txns": []}', "not an editing trace"),
        (json.dumps(TRACE | {"endContent": "else"}).encode(), "does not lead to the text"),
        (json.dumps(TRACE | {"startContent": ""}).encode(), "edits at 3, and the text has 0"),
        (json.dumps(TRACE | {"numAgents": 2}).encode(), "concurrent edits"),
    ],
)
def test_what_is_no_trace_is_refused(content: bytes, told: str, tmp_path: Path) -> None:
    """A file that is no trace, contradicts itself, or has several authors is refused with the reason."""
    path = tmp_path / "trace.json"
    path.write_bytes(content)
    with pytest.raises(NoTrace, match=told):
        read_trace(path)


def test_a_missing_file_is_told_with_its_own_exit_status(tmp_path: Path) -> None:
    """Status 2 and one line, without a traceback."""
    done = replayed(tmp_path / "nothing.json")
    assert (done.returncode, done.stdout) == (2, "")
    assert "nothing.json is not an editing trace" in done.stderr
    assert "Traceback" not in done.stderr
