"""Opening a replica: what is refused is refused clearly, and left exactly as it was."""

import asyncio
import hashlib
import resource
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from syncore import Replica
from syncore.core.errors import (
    Closed,
    InvalidValue,
    Locked,
    NewerFormat,
    NotAReplica,
    ReadOnly,
    StorageError,
)
from tests.sync.memory_relay import ADDRESS, relay_in_memory, replica_at
from tests.sync.waiting import synced

ROOT = Path(__file__).resolve().parents[2]


def fingerprints(folder: Path) -> dict[str, str]:
    """Every file of a folder but locks, and what is in it."""
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.suffix != ".lock"
    }


async def insert_and_update(replica: Replica, value: object) -> None:
    """A transaction whose second change may not be allowed."""
    async with replica.transaction() as transaction:
        await transaction.insert("notes", {"fine": 1})
        await transaction.update(("notes", "first"), n=value)


async def made(path: Path) -> None:
    """A replica with one document."""
    async with Replica.open(path, keystore=path.with_suffix(".keys")) as replica:
        await replica.collection("notes").insert({"n": 1}, id="first")


def _text(path: Path) -> None:
    path.write_text("Dear diary\n" * 100)


def _empty_database(path: Path) -> None:
    with sqlite3.connect(path) as database:
        database.execute("create table films (title text)")
    database.close()


def _other_application(path: Path) -> None:
    with sqlite3.connect(path) as database:
        database.execute("pragma application_id = 1234")
        database.execute("create table spaces (title text)")
    database.close()


def _cut_database(path: Path) -> None:
    _empty_database(path)
    path.write_bytes(path.read_bytes()[:50])


@pytest.mark.parametrize("make", [_text, _empty_database, _other_application, _cut_database])
@pytest.mark.parametrize("read_only", [False, True])
async def test_other_files_are_not_touched(tmp_path: Path, make: object, read_only: bool) -> None:  # noqa: FBT001 - a case
    """A file that is no replica is refused, and holds the same bytes afterwards."""
    path = tmp_path / "file.db"
    assert callable(make)
    make(path)
    before = fingerprints(tmp_path)
    with pytest.raises(NotAReplica):
        await Replica.open(path, keystore=tmp_path / "keys", read_only=read_only)
    assert fingerprints(tmp_path) == before


async def test_a_path_that_cannot_be_a_file_is_refused(tmp_path: Path) -> None:
    """A folder, a missing folder and a file as a folder are refused, and nothing is made there."""
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").write_text("x")
    for path in ("folder", "missing/a.db", "file/a.db"):
        with pytest.raises(StorageError):
            await Replica.open(tmp_path / path, keystore=tmp_path / "keys")
    assert fingerprints(tmp_path) == {"file": hashlib.sha256(b"x").hexdigest()}
    assert not (tmp_path / "missing").exists()


async def test_reading_needs_a_file(tmp_path: Path) -> None:
    """Read-only, a file that is not there is not made."""
    with pytest.raises(StorageError):
        await Replica.open(tmp_path / "a.db", keystore=tmp_path / "keys", read_only=True)
    assert fingerprints(tmp_path) == {}


async def test_a_newer_format_is_not_touched(tmp_path: Path) -> None:
    """A file of a later version is refused with advice to upgrade."""
    path = tmp_path / "a.db"
    await made(path)
    with sqlite3.connect(path) as database:
        (version,) = database.execute("pragma user_version").fetchone()
        database.execute(f"pragma user_version = {version + 1}")
        database.execute("pragma wal_checkpoint(truncate)")
    database.close()
    before = path.read_bytes()
    for read_only in (False, True):
        with pytest.raises(NewerFormat, match="upgrade"):
            await Replica.open(path, keystore=tmp_path / "a.keys", read_only=read_only)
        assert path.read_bytes() == before


async def test_one_process_owns_a_file(tmp_path: Path) -> None:
    """A second opener, in this process or another, is told who owns the file; readers may come in."""
    path = tmp_path / "a.db"
    await made(path)
    program = (
        "import asyncio, sys\n"
        "from syncore import Replica\n"
        "async def main():\n"
        "    async with Replica.open(sys.argv[1], keystore=sys.argv[2]):\n"
        "        print('open', flush=True); sys.stdin.readline()\n"
        "asyncio.run(main())\n"
    )
    with subprocess.Popen(  # noqa: ASYNC220 - waiting for it is what the test does
        [sys.executable, "-c", program, str(path), str(tmp_path / "a.keys")],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == "open\n"
        with pytest.raises(Locked, match=str(child.pid)) as caught:
            await Replica.open(path, keystore=tmp_path / "a.keys")
        assert "read_only=True" in str(caught.value)
        async with Replica.open(path, keystore=tmp_path / "a.keys", read_only=True) as reader:
            assert await reader.collection("notes").get("first") is not None
        child.communicate("\n", timeout=20)
    async with Replica.open(path, keystore=tmp_path / "a.keys") as replica:
        with pytest.raises(Locked, match="this program"):
            await Replica.open(path, keystore=tmp_path / "a.keys")
        await replica.collection("notes").update("first", n=2)


async def test_a_killed_owner_holds_nothing(tmp_path: Path) -> None:
    """After an owner was killed the file opens, and holds what it had acknowledged."""
    path = tmp_path / "a.db"
    program = (
        "import asyncio, os, signal, sys\n"
        "from syncore import Replica\n"
        "async def main():\n"
        "    async with Replica.open(sys.argv[1], keystore=sys.argv[2]) as replica:\n"
        "        await replica.collection('notes').insert({'n': 1}, id='first')\n"
        "        os.kill(os.getpid(), signal.SIGKILL)\n"
        "asyncio.run(main())\n"
    )
    command = [sys.executable, "-c", program, str(path), str(tmp_path / "a.keys")]
    process = await asyncio.create_subprocess_exec(*command, cwd=ROOT)
    assert await asyncio.wait_for(process.wait(), 30) == -9
    async with Replica.open(path, keystore=tmp_path / "a.keys") as replica:
        assert await replica.collection("notes").get("first") is not None


async def test_a_reader_beside_a_writer_sees_and_does_not_write(tmp_path: Path) -> None:
    """Opened read-only beside its owner, a file shows every commit and takes none."""
    path = tmp_path / "a.db"
    async with Replica.open(path, keystore=tmp_path / "keys") as writer:
        await writer.collection("notes").insert({"n": 1}, id="first")
        async with Replica.open(path, keystore=tmp_path / "keys", read_only=True) as reader:
            await writer.collection("notes").update("first", n=2)
            document = await reader.collection("notes").get("first")
            assert document is not None
            assert document["n"] == 2
            with pytest.raises(ReadOnly):
                await reader.collection("notes").update("first", n=3)
            with pytest.raises(ReadOnly):
                await reader.share(ADDRESS)
            with pytest.raises(ReadOnly):
                await reader.flush()
            await writer.collection("notes").update("first", n=4)


def test_a_full_disk_loses_nothing_that_was_acknowledged(tmp_path: Path) -> None:
    """When the disk is full a write says so; what was acknowledged is there; with space again all works."""
    if resource.getrlimit(resource.RLIMIT_FSIZE)[0] != resource.RLIM_INFINITY:
        pytest.skip("the size of files is limited already")
    program = (
        "import asyncio, resource, signal, sys\n"
        "from syncore import Replica\n"
        "from syncore.core.errors import DiskFull\n"
        "async def main():\n"
        "    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "    hard = resource.RLIM_INFINITY\n"
        "    async with Replica.open(sys.argv[1], keystore=sys.argv[2]) as replica:\n"
        "        notes, kept = replica.collection('notes'), 0\n"
        "        resource.setrlimit(resource.RLIMIT_FSIZE, (400_000, hard))\n"
        "        try:\n"
        "            while kept < 200:\n"
        "                await notes.insert({'n': kept, 'blob': bytes(9_000)}, id=str(kept))\n"
        "                kept += 1\n"
        "        except DiskFull as error:\n"
        "            assert error.hint\n"
        "        else:\n"
        "            raise AssertionError('never full')\n"
        "        assert kept\n"
        "        for number in range(kept):\n"
        "            assert await notes.get(str(number)) is not None\n"
        "        assert len([note async for note in notes.find()]) == kept\n"
        "        resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))\n"
        "        await notes.insert({'n': kept}, id=str(kept))\n"
        "    async with Replica.open(sys.argv[1], keystore=sys.argv[2]) as replica:\n"
        "        found = [note async for note in replica.collection('notes').find()]\n"
        "        assert len(found) == kept + 1, (len(found), kept)\n"
        "asyncio.run(main())\n"
    )
    command = [sys.executable, "-c", program, str(tmp_path / "a.db"), str(tmp_path / "keys")]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=50, check=False)
    assert done.returncode == 0, done.stderr


def test_a_full_disk_cannot_begin_a_replica(tmp_path: Path) -> None:
    """Without room for a new file opening says so; with room it opens."""
    program = (
        "import asyncio, resource, signal, sys\n"
        "from syncore import Replica\n"
        "from syncore.core.errors import StorageError\n"
        "async def main():\n"
        "    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "    hard = resource.RLIM_INFINITY\n"
        "    resource.setrlimit(resource.RLIMIT_FSIZE, (2_000, hard))\n"
        "    try:\n"
        "        await Replica.open(sys.argv[1], keystore=sys.argv[2])\n"
        "    except StorageError as error:\n"
        "        print(type(error).__name__)\n"
        "    resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))\n"
        "    async with Replica.open(sys.argv[1], keystore=sys.argv[2]) as replica:\n"
        "        await replica.collection('notes').insert({'n': 1})\n"
        "asyncio.run(main())\n"
    )
    command = [sys.executable, "-c", program, str(tmp_path / "a.db"), str(tmp_path / "keys")]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=50, check=False)
    assert (done.returncode, done.stdout) == (0, "DiskFull\n"), done.stderr


async def test_without_its_keys_a_shared_replica_is_read_only(tmp_path: Path) -> None:
    """A shared file without its keystore shows everything, writes nothing, and syncs nothing."""
    async with relay_in_memory() as relay:
        async with replica_at(relay, tmp_path, "a") as replica:
            await replica.collection("notes").insert({"n": 1}, id="first")
            await synced(await replica.share(ADDRESS))
        shutil.move(tmp_path / "keys-a", tmp_path / "elsewhere")
        connections = relay.connections
        async with replica_at(relay, tmp_path, "a") as replica:
            assert await replica.collection("notes").get("first") is not None
            with pytest.raises(ReadOnly):
                await replica.collection("notes").update("first", n=2)
            with pytest.raises((ReadOnly, StorageError)):
                await replica.collection("notes").insert({"n": 2})
            assert "keys" in replica.space.status().reason
        assert relay.connections == connections
        shutil.rmtree(tmp_path / "keys-a", ignore_errors=True)
        shutil.move(tmp_path / "elsewhere", tmp_path / "keys-a")
        async with replica_at(relay, tmp_path, "a") as replica:
            await replica.collection("notes").update("first", n=2)
            await synced(replica.space)
            assert not replica.has_returned_in_time


async def test_a_value_that_cannot_be_kept_changes_nothing(tmp_path: Path) -> None:
    """Inexact values are refused whole: neither the document nor its neighbours in a transaction change."""
    async with Replica.open(tmp_path / "a.db", keystore=tmp_path / "keys") as replica:
        notes = replica.collection("notes")
        await notes.insert({"n": 1}, id="first")
        before = await replica.space.digest()
        for value in (object(), {1: 2}, "\ud800", 1j, [[object()]], range(3)):
            with pytest.raises(InvalidValue):
                await notes.update("first", n=value)
            with pytest.raises(InvalidValue):
                await notes.insert({"x": value})
            with pytest.raises(InvalidValue):
                await insert_and_update(replica, value)
        assert await replica.space.digest() == before


async def test_a_closed_replica_says_so(tmp_path: Path) -> None:
    """After closing, reads, writes and waits raise Closed; closing again does nothing."""
    replica = await Replica.open(tmp_path / "a.db", keystore=tmp_path / "keys")
    await replica.close()
    await replica.close()
    with pytest.raises(Closed):
        await replica.collection("notes").insert({"n": 1})
    with pytest.raises(Closed):
        await replica.collection("notes").get("first")
    with pytest.raises(Closed):
        await replica.share(ADDRESS)


async def test_an_unwritable_keystore_is_said_so(tmp_path: Path) -> None:
    """A keystore that cannot be made fails sharing clearly; the space stays private."""
    (tmp_path / "keys-a").write_text("a file in its place")
    async with relay_in_memory() as relay, replica_at(relay, tmp_path, "a") as replica:
        await replica.collection("notes").insert({"n": 1})
        with pytest.raises(StorageError):
            await replica.share(ADDRESS)
        assert replica.space.is_private
        await replica.collection("notes").insert({"n": 2})
