"""The demo as people run it: real processes, real kills, and nothing left behind."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

SMALL = ["--airports", "120", "--edits", "60"]

pytest.importorskip("airportsdata")


def start(*arguments: str | Path, folder: Path) -> subprocess.Popen[str]:
    """The demo, with ``folder`` for its temporary files."""
    return subprocess.Popen(
        [sys.executable, "-m", "syncore.cli.demo", *map(str, arguments)],
        cwd=ROOT,
        env={**os.environ, "TMPDIR": str(folder)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def finish(demo: subprocess.Popen[str], timeout_s: float = 55) -> tuple[str, str]:
    """What the demo printed; one that hangs is stopped, not left behind."""
    try:
        return demo.communicate(timeout=timeout_s)
    except subprocess.TimeoutExpired:
        demo.terminate()
        output, progress = demo.communicate(timeout=20)
        raise AssertionError(f"the demo was not done in {timeout_s} seconds:\n{output}{progress}") from None


def processes_of(folder: Path) -> list[str]:
    """The command lines of processes that work in a folder."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            line = path.read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue  # it has ended meanwhile
        if str(folder) in line:
            found.append(line)
    return found


def test_a_small_demo_succeeds_and_cleans_up(tmp_path: Path) -> None:
    """Exit status 0, one JSON object with what scripts look for, no files and no processes left."""
    demo = start(*SMALL, "--json", folder=tmp_path)
    output, progress = finish(demo)
    assert demo.returncode == 0, progress
    record = json.loads(output)
    assert set(record) == {
        "converged",
        "acknowledged_lost",
        "relay_plaintext_hits",
        "seconds",
        "devices",
    }
    assert record["converged"] is True
    assert record["acknowledged_lost"] == 0
    assert record["relay_plaintext_hits"] == 0
    assert [row["documents"] for row in record["devices"]] == [121] * 3
    assert [row["edits_made"] for row in record["devices"]] == [60] * 3
    assert len({row["digest"] for row in record["devices"]}) == 1
    assert all(row["fresh_digest"] == row["digest"] for row in record["devices"])
    assert "killed" in progress
    assert list(tmp_path.iterdir()) == []
    assert processes_of(tmp_path) == []


def test_two_devices_and_their_files_are_kept_when_asked_for(tmp_path: Path) -> None:
    """``--keep`` leaves replicas, ledgers, logs and the relay's store, and is refused where something is."""
    kept = tmp_path / "kept"
    demo = start(*SMALL, "--devices", "2", "--seed", "7", "--keep", kept, folder=tmp_path)
    output, progress = finish(demo)
    assert demo.returncode == 0, output + progress
    assert sum(line.startswith("ok ") for line in output.splitlines()) == 3
    assert sum(line.startswith("d") and "121" in line for line in output.splitlines()) == 2
    for name in ("d1/replica.db", "d2/ledger.jsonl", "relay/relay.db", "logs/relay.log"):
        assert (kept / name).exists()
    again = start(*SMALL, "--keep", kept, folder=tmp_path)
    _, complaint = finish(again)
    assert again.returncode != 0
    assert "not empty" in complaint


@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM])
def test_stopping_the_demo_leaves_nothing_behind(tmp_path: Path, stop: signal.Signals) -> None:
    """Ctrl-C or SIGTERM in the middle kills the relay and the devices, and removes the files."""
    demo = start(*SMALL, "--edits", "5000", folder=tmp_path)
    assert demo.stderr is not None
    for line in demo.stderr:
        if "the relay was killed" in line:
            break
    assert processes_of(tmp_path)
    demo.send_signal(stop)
    _, complaint = finish(demo)
    assert demo.returncode == (130 if stop is signal.SIGINT else 1), complaint
    assert "Traceback" not in complaint
    assert processes_of(tmp_path) == []
    assert list(tmp_path.iterdir()) == []
