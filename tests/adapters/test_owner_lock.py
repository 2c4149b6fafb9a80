"""The owner lock: one process owns a replica file, for as long as it lives."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from syncore.adapters.owner_lock import acquire_owner_lock
from syncore.core.errors import Locked, NotWritable

ROOT = Path(__file__).resolve().parents[2]
HOLD = """
import sys
from syncore.adapters.owner_lock import acquire_owner_lock
held = acquire_owner_lock(sys.argv[1])
print("held", flush=True)
sys.stdin.read()
"""


def test_a_second_opening_in_one_process_is_refused(tmp_path: Path) -> None:
    """While a lock is held its own process cannot get it again either; after its release it can."""
    replica = tmp_path / "a.db"
    with acquire_owner_lock(replica) as lock:
        with pytest.raises(Locked) as caught:
            acquire_owner_lock(str(replica))
        assert caught.value.details["pid"] == os.getpid()
        assert "this program" in caught.value.message
        assert lock.path == tmp_path / "a.db.lock"
    lock.release()
    acquire_owner_lock(replica).release()
    assert not replica.exists()


def test_the_owner_is_named_and_its_death_frees_the_replica(tmp_path: Path) -> None:
    """The message names the process that owns the replica; when that is killed, the next one gets
    the lock.
    """
    replica = tmp_path / "a.db"
    command = [sys.executable, "-c", HOLD, str(replica)]
    with subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as owner:
        assert owner.stdout is not None
        assert owner.stdout.readline() == "held\n"
        with pytest.raises(Locked) as caught:
            acquire_owner_lock(replica)
        assert caught.value.details["pid"] == owner.pid
        assert str(owner.pid) in str(caught.value)
        assert "read_only" in caught.value.hint
        owner.send_signal(signal.SIGKILL)
    assert (tmp_path / "a.db.lock").read_text() == f"{owner.pid}\n"
    with acquire_owner_lock(replica):
        assert (tmp_path / "a.db.lock").read_text() == f"{os.getpid()}\n"


@pytest.mark.parametrize("content", [b"", b"4194304999999\n", b"-1", b"\xff" * 100_000, "٣".encode()])
def test_what_is_in_the_side_file_decides_nothing(tmp_path: Path, content: bytes) -> None:
    """Stale or strange content neither keeps anybody out nor breaks the message of who comes second."""
    side_file = tmp_path / "a.db.lock"
    side_file.write_bytes(content)
    with acquire_owner_lock(tmp_path / "a.db"):
        side_file.write_bytes(content)
        with pytest.raises(Locked) as caught:
            acquire_owner_lock(tmp_path / "a.db")
        assert caught.value.details["pid"] in {None, 4194304999999}
    assert side_file.read_bytes() == b""


def test_one_replica_has_one_lock_under_all_its_names(tmp_path: Path) -> None:
    """Links to a replica, there already or not, lead to the lock of the file itself."""
    (tmp_path / "link.db").symlink_to(tmp_path / "a.db")
    with acquire_owner_lock(tmp_path / "a.db"), pytest.raises(Locked):
        acquire_owner_lock(tmp_path / "link.db")
    with acquire_owner_lock(tmp_path / "link.db"), pytest.raises(Locked):
        acquire_owner_lock(tmp_path / "a.db")


def test_a_side_file_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    """A missing folder, a folder in the side file's place, and a NUL in the name raise NotWritable."""
    (tmp_path / "b.db.lock").mkdir()
    for wrong in (tmp_path / "none" / "a.db", tmp_path / "b.db", tmp_path / "c\0.db", tmp_path / ("x" * 252)):
        with pytest.raises(NotWritable):
            acquire_owner_lock(wrong)


def test_only_the_owner_reads_the_side_file(tmp_path: Path) -> None:
    """The side file is made for the user alone."""
    with acquire_owner_lock(tmp_path / "a.db") as lock:
        assert lock.path.stat().st_mode & 0o077 == 0
