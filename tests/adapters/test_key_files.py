"""Tests of syncore.adapters.key_files: what only files on a disk can get wrong."""

import errno
import json
import os
import stat
import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from syncore.adapters.key_files import FileKeyFiles, default_keystore_folder
from syncore.core.errors import DiskFull, IntegrityError, NewerFormat, NotWritable, StorageError, SyncoreError

VECTORS: dict[str, Any] = json.loads(
    (Path(__file__).parent.parent / "vectors" / "key_files.json").read_text(encoding="utf-8")
)
KIND_SECRET = 1
HOME = Path("/home/ada")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where the keystore will be."""
    return tmp_path / "keystore" / "replica"


def place(folder: Path, kind: int, content: bytes) -> Path:
    """Put a file where the secret `device` or the guard is expected."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / ("device.key" if kind == KIND_SECRET else "guard")
    path.write_bytes(content)
    path.chmod(0o600)
    return path


def read(folder: Path, kind: int) -> bytes | None:
    """Read what `place` put there."""
    keystore = FileKeyFiles(folder)
    return keystore.read("device") if kind == KIND_SECRET else keystore.read_guard()


def mode_of(path: Path) -> int:
    """The permission bits of a file or folder."""
    return stat.S_IMODE(path.stat().st_mode)


@pytest.mark.parametrize("vector", VECTORS["files"])
def test_files_are_those_of_the_format(folder: Path, vector: dict[str, Any]) -> None:
    """A secret and a guard are written as their golden files, and read from them."""
    payload, content = bytes.fromhex(vector["payload"]), bytes.fromhex(vector["content"])
    path = place(folder, vector["kind"], content)
    assert read(folder, vector["kind"]) == payload
    path.unlink()
    if vector["kind"] == KIND_SECRET:
        FileKeyFiles(folder).write("device", payload)
    else:
        FileKeyFiles(folder).write_guard(payload)
    assert path.read_bytes() == content


@pytest.mark.parametrize("vector", VECTORS["damaged"], ids=lambda vector: vector["why"])
def test_damaged_files_are_recognised(folder: Path, vector: dict[str, Any]) -> None:
    """A file that is not what was written is an integrity error, never a secret."""
    place(folder, vector["kind"], bytes.fromhex(vector["content"]))
    with pytest.raises(IntegrityError):
        read(folder, vector["kind"])


@pytest.mark.parametrize("vector", VECTORS["newer"])
def test_newer_files_are_recognised(folder: Path, vector: dict[str, Any]) -> None:
    """A whole file in a later version of the format is not called damaged."""
    place(folder, vector["kind"], bytes.fromhex(vector["content"]))
    with pytest.raises(NewerFormat):
        read(folder, vector["kind"])


@pytest.mark.parametrize("kind", [1, 2])
def test_every_flipped_bit_and_every_cut_is_noticed(folder: Path, kind: int) -> None:
    """No bit of a file can be turned over, nothing cut off or appended, without an integrity error."""
    content = bytes.fromhex(next(vector["content"] for vector in VECTORS["files"] if vector["kind"] == kind))
    damaged = [content[:size] for size in range(len(content))] + [
        content + b"\0",
        content * 2,
        bytes(100_000),
    ]
    for position in range(len(content) * 8):
        changed = bytearray(content)
        changed[position // 8] ^= 1 << position % 8
        damaged.append(bytes(changed))
    for other in damaged:
        place(folder, kind, other)
        with pytest.raises(IntegrityError):
            read(folder, kind)


def test_files_are_for_the_owner_alone(folder: Path) -> None:
    """Files have mode 0600 and every folder that was made 0700, whatever the umask allows."""
    previous = os.umask(0)
    try:
        FileKeyFiles(folder).write("device", b"secret")
        FileKeyFiles(folder).write_guard(b"1")
    finally:
        os.umask(previous)
    assert mode_of(folder / "device.key") == mode_of(folder / "guard") == 0o600
    assert mode_of(folder) == mode_of(folder.parent) == 0o700


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o602, 0o610, 0o777])
def test_a_secret_that_others_can_reach_is_refused(folder: Path, mode: int) -> None:
    """A secret readable or writable by group or others is not used, and the hint says how to mend it."""
    FileKeyFiles(folder).write("device", b"secret")
    path = folder / "device.key"
    path.chmod(mode)
    with pytest.raises(StorageError) as caught:
        FileKeyFiles(folder).read("device")
    assert caught.value.hint == f"chmod 600 {path}"
    path.chmod(0o600)
    assert FileKeyFiles(folder).read("device") == b"secret"


def test_reading_makes_no_folder(folder: Path) -> None:
    """Looking into a keystore that is not there leaves nothing behind."""
    assert FileKeyFiles(folder).read("device") is None
    assert FileKeyFiles(folder).read_guard() is None
    assert not folder.parent.exists()


def test_writing_leaves_no_temporary_file(folder: Path) -> None:
    """After successes and refusals the folder holds the named files alone."""
    keystore = FileKeyFiles(folder)
    keystore.write("device", b"secret")
    keystore.write_guard(b"1")
    keystore.write_guard(b"2")
    with pytest.raises(NotWritable):
        keystore.write("device", b"other")
    assert sorted(path.name for path in folder.iterdir()) == ["device.key", "guard"]


def test_an_unfinished_write_does_not_matter(folder: Path) -> None:
    """The temporary file of a crashed program hinders neither reading nor writing."""
    folder.mkdir(parents=True)
    (folder / ".new-abc").write_bytes(b"half")
    keystore = FileKeyFiles(folder)
    assert keystore.read("device") is None
    keystore.write("device", b"secret")
    assert keystore.read("device") == b"secret"


def test_one_of_many_concurrent_writers_wins(folder: Path) -> None:
    """Of eight writers of one name exactly one succeeds, and its secret is the one that is kept."""
    kept: list[bytes] = []
    start = threading.Barrier(8)

    def write(secret: bytes) -> None:
        start.wait()
        try:
            FileKeyFiles(folder).write("device", secret)
        except NotWritable:
            return
        kept.append(secret)

    threads = [threading.Thread(target=write, args=(bytes([number]) * 32,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [FileKeyFiles(folder).read("device")] == kept


class Recorder:
    """Stands in for the operating system's calls that make a write durable, and keeps their order."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.calls: list[str] = []
        for name in ("fsync", "link", "replace"):
            monkeypatch.setattr(os, name, self.recording(name, getattr(os, name)))

    def recording(self, name: str, real: Callable[..., object]) -> Callable[..., object]:
        """The real call, noted before it is made."""

        def call(*arguments: Any, **options: Any) -> object:  # noqa: ANN401 - whatever the call takes
            self.calls.append(name if name != "fsync" else self.synced(arguments[0]))
            return real(*arguments, **options)

        return call

    @staticmethod
    def synced(descriptor: int) -> str:
        """What is synced: a file or a folder."""
        return "sync folder" if stat.S_ISDIR(os.fstat(descriptor).st_mode) else "sync file"


def test_writes_are_synced_in_order(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file is synced before it gets its name, and its folder after; so is the folder above a new one."""
    folder.parent.mkdir()
    recorder = Recorder(monkeypatch)
    FileKeyFiles(folder).write("device", b"secret")
    assert recorder.calls == ["sync folder", "sync file", "link", "sync folder"]
    recorder.calls.clear()
    FileKeyFiles(folder).write_guard(b"1")
    assert recorder.calls == ["sync file", "replace", "sync folder"]


def failing(number: int) -> Callable[..., object]:
    """A call to the operating system that fails with this errno."""

    def call(*_arguments: object, **_options: object) -> object:
        raise OSError(number, os.strerror(number))

    return call


@pytest.mark.parametrize(
    ("number", "kind"),
    [
        (errno.ENOSPC, DiskFull),
        (errno.EDQUOT, DiskFull),
        (errno.EACCES, NotWritable),
        (errno.EROFS, NotWritable),
        (errno.EIO, StorageError),
    ],
)
def test_a_failing_disk_is_a_storage_error(
    folder: Path, monkeypatch: pytest.MonkeyPatch, number: int, kind: type[StorageError]
) -> None:
    """The operating system's refusals are translated, what was there stays, and no half file is left."""
    keystore = FileKeyFiles(folder)
    keystore.write_guard(b"1")
    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", failing(number))
        for write in (partial(keystore.write, "device", b"secret"), partial(keystore.write_guard, b"2")):
            with pytest.raises(StorageError) as caught:
                write()
            assert type(caught.value) is kind
    assert keystore.read("device") is None
    assert keystore.read_guard() == b"1"
    assert [path.name for path in folder.iterdir()] == ["guard"]


@pytest.mark.parametrize("number", [errno.EPERM, errno.EOPNOTSUPP])
def test_file_systems_without_links_work_too(
    folder: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    """Where a file cannot be linked it is renamed, still without overwriting."""
    monkeypatch.setattr(os, "link", failing(number))
    keystore = FileKeyFiles(folder)
    keystore.write("device", b"secret")
    with pytest.raises(NotWritable):
        keystore.write("device", b"other")
    assert keystore.read("device") == b"secret"
    assert [path.name for path in folder.iterdir()] == ["device.key"]


def test_a_file_in_the_folders_place_is_a_storage_error(folder: Path) -> None:
    """A keystore path that leads through a file is refused on reading and writing, by our own errors."""
    folder.parent.write_bytes(b"a file")
    keystore = FileKeyFiles(folder)
    for use in (
        partial(keystore.read, "device"),
        partial(keystore.write, "device", b""),
        keystore.read_guard,
    ):
        with pytest.raises(StorageError):
            use()


def test_a_folder_in_a_files_place_is_a_storage_error(folder: Path) -> None:
    """A folder under a secret's or the guard's name is refused by our own errors."""
    (folder / "device.key").mkdir(parents=True)
    (folder / "guard").mkdir()
    keystore = FileKeyFiles(folder)
    for use in (
        partial(keystore.read, "device"),
        partial(keystore.write, "device", b""),
        keystore.read_guard,
        partial(keystore.write_guard, b""),
    ):
        with pytest.raises(SyncoreError):
            use()


@pytest.mark.parametrize(
    ("environment", "platform", "expected"),
    [
        ({}, "linux", HOME / ".local/share/syncore/keystore"),
        ({"XDG_DATA_HOME": "/data"}, "linux", Path("/data/syncore/keystore")),
        ({"XDG_DATA_HOME": "relative"}, "linux", HOME / ".local/share/syncore/keystore"),
        ({"XDG_DATA_HOME": ""}, "linux", HOME / ".local/share/syncore/keystore"),
        ({"XDG_DATA_HOME": "/data", "SYNCORE_KEYSTORE": "/keys"}, "linux", Path("/keys")),
        ({"SYNCORE_KEYSTORE": ""}, "linux", HOME / ".local/share/syncore/keystore"),
        ({"XDG_DATA_HOME": "/data"}, "darwin", HOME / "Library/Application Support/syncore/keystore"),
        ({"LOCALAPPDATA": "/local"}, "win32", Path("/local/syncore/keystore")),
        ({}, "win32", HOME / "AppData/Local/syncore/keystore"),
        ({"LOCALAPPDATA": "/local", "SYNCORE_KEYSTORE": "/keys"}, "win32", Path("/keys")),
    ],
)
def test_the_keystore_is_where_the_platform_expects_it(
    environment: dict[str, str], platform: str, expected: Path
) -> None:
    """Our own variable comes first, then what the platform says, then its default below home."""
    assert default_keystore_folder(environment, platform=platform, home=HOME) == expected


def test_the_process_says_where_the_keystore_is(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without arguments the process's own environment decides."""
    monkeypatch.setenv("SYNCORE_KEYSTORE", "/from/the/environment")
    assert default_keystore_folder() == Path("/from/the/environment")
