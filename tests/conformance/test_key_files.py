"""What every implementation of the KeyFiles port does."""

from collections.abc import Callable
from pathlib import Path

import pytest

from simulations.disk.disk import Disk
from simulations.disk.key_files import DiskKeyFiles
from syncore.adapters.key_files import MAX_KEY_FILE_BYTES, MAX_KEY_NAME_CHARACTERS, FileKeyFiles
from syncore.adapters.memory_key_files import MemoryKeyFiles
from syncore.core.errors import Misused, NotWritable
from syncore.core.ports import KeyFiles

Reopen = Callable[[], KeyFiles]


@pytest.fixture(params=["files", "memory", "disk"])
def reopen(request: pytest.FixtureRequest, tmp_path: Path) -> Reopen:
    """Opens one keystore, again and again: what a restarted program does."""
    if request.param == "files":
        return lambda: FileKeyFiles(tmp_path / "not" / "there" / "yet")
    if request.param == "disk":
        disk = Disk()
        return lambda: DiskKeyFiles(disk)
    memory = MemoryKeyFiles()
    return lambda: memory


def test_nothing_is_there_at_first(reopen: Reopen) -> None:
    """A fresh keystore holds no secret and no guard."""
    assert reopen().read("device") is None
    assert reopen().read_guard() is None


@pytest.mark.parametrize("secret", [b"", b"\0", bytes(range(256)), bytes(MAX_KEY_FILE_BYTES)], ids=len)
def test_secrets_come_back_exactly(reopen: Reopen, secret: bytes) -> None:
    """Any bytes up to the limit are kept, and are still there when the keystore is opened again."""
    reopen().write("device", secret)
    assert reopen().read("device") == secret


def test_secrets_are_kept_by_name(reopen: Reopen) -> None:
    """Each name has its own secret; names that resemble each other or the guard are no exception."""
    names = [
        "device",
        "device.key",
        "device-1",
        "device_1",
        "guard",
        "guard.key",
        "0",
        "x" * MAX_KEY_NAME_CHARACTERS,
    ]
    keystore = reopen()
    keystore.write_guard(b"the guard")
    for name in names:
        keystore.write(name, name.encode())
    assert [reopen().read(name) for name in names] == [name.encode() for name in names]
    assert reopen().read_guard() == b"the guard"


@pytest.mark.parametrize("second", [b"another", b"first"])
def test_a_secret_is_never_overwritten(reopen: Reopen, second: bytes) -> None:
    """Writing a name a second time is refused, and the first secret stays."""
    reopen().write("device", b"first")
    with pytest.raises(NotWritable):
        reopen().write("device", second)
    assert reopen().read("device") == b"first"


def test_the_guard_is_replaced(reopen: Reopen) -> None:
    """The guard holds what was written last, whatever its length."""
    for content in (b"1", b"", b"a longer one than before", b"2"):
        reopen().write_guard(content)
        assert reopen().read_guard() == content


@pytest.mark.parametrize(
    "name",
    [
        "",
        ".",
        "..",
        "a/b",
        "/a",
        "../a",
        "a\\b",
        ".a",
        "a\0",
        "a b",
        "A",
        "a\n",
        "é",
        "c:a",
        "x" * (MAX_KEY_NAME_CHARACTERS + 1),
    ],
)
def test_names_that_could_lead_elsewhere_are_refused(reopen: Reopen, name: str) -> None:
    """A name with a separator, or that some file system takes for another, is a mistake of the caller."""
    with pytest.raises(Misused):
        reopen().write(name, b"secret")
    with pytest.raises(Misused):
        reopen().read(name)


def test_too_long_contents_are_refused(reopen: Reopen) -> None:
    """What is too long for a key is refused before anything is written."""
    with pytest.raises(Misused):
        reopen().write("device", bytes(MAX_KEY_FILE_BYTES + 1))
    with pytest.raises(Misused):
        reopen().write_guard(bytes(MAX_KEY_FILE_BYTES + 1))
    assert reopen().read("device") is None
    assert reopen().read_guard() is None
