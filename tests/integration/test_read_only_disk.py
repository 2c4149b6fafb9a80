"""A disk that cannot be written, for real: a file system that is mounted read-only, in a namespace."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

CHILD = """
import asyncio, subprocess, sys
from pathlib import Path
from syncore import NotWritable, Replica

folder = Path(sys.argv[1])
path, keys = folder / "disk" / "a.db", folder / "keys"

async def fill():
    async with Replica.open(path, keystore=keys) as replica:
        await replica.collection("notes").insert({"text": "kept"}, id="a")

async def look():
    try:
        await Replica.open(path, keystore=keys)
    except NotWritable as error:
        print("refused:", error.hint != "")
    try:
        await Replica.open(folder / "disk" / "new.db", keystore=keys)
    except NotWritable as error:
        print("refused:", error.hint != "")
    async with Replica.open(path, keystore=keys, read_only=True) as replica:
        print((await replica.collection("notes").get("a"))["text"])

asyncio.run(fill())
before = path.read_bytes()
subprocess.run(["mount", "-o", "remount,ro", str(folder / "disk")], check=True)
asyncio.run(look())
print(path.read_bytes() == before)
"""


def _may_mount() -> bool:
    unshare = shutil.which("unshare")
    if unshare is None:
        return False
    tried = subprocess.run(
        [unshare, "-m", "mount", "-t", "tmpfs", "none", "/mnt"], capture_output=True, check=False
    )
    return tried.returncode == 0


@pytest.mark.skipif(not _may_mount(), reason="mounting a read-only disk needs root and Linux namespaces")
def test_a_read_only_disk(tmp_path: Path) -> None:
    """A replica on it cannot be opened to write, nor made; it can be read, and no byte of it changes."""
    (tmp_path / "disk").mkdir()
    (tmp_path / "child.py").write_text(CHILD)
    steps = f"mount -t tmpfs none {tmp_path}/disk && {sys.executable} {tmp_path}/child.py {tmp_path}"
    done = subprocess.run(
        [shutil.which("unshare") or "", "-m", "sh", "-c", steps],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env={"PYTHONPATH": str(ROOT), "PATH": "/usr/sbin:/usr/bin:/sbin:/bin"},
        timeout=50,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.split("\n") == ["refused: True", "refused: True", "kept", "True", ""]
