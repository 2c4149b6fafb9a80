"""Tests of syncore.adapters.memory_key_files; what every keystore does is in the suite of ``KeyFiles``."""

import pytest

from syncore.adapters.key_files import FileKeyFiles
from syncore.adapters.memory_key_files import MemoryKeyFiles
from syncore.core.errors import NotWritable, SyncoreError
from syncore.core.ports import KeyFiles


def filled() -> MemoryKeyFiles:
    """A keystore that holds a secret and a guard."""
    keystore = MemoryKeyFiles()
    keystore.write("device", b"secret")
    keystore.write_guard(b"1")
    return keystore


def test_a_copy_holds_what_the_disk_held_and_goes_its_own_way() -> None:
    """A copy has the secrets and the guard of its moment; neither side sees what the other writes later."""
    original = filled()
    copy = original.copy()
    original.write("later", b"of the original")
    original.write_guard(b"2")
    copy.write("other", b"of the copy")
    assert (copy.read("device"), copy.read_guard()) == (b"secret", b"1")
    assert (copy.read("later"), original.read("other")) == (None, None)
    assert (original.read("later"), original.read_guard()) == (b"of the original", b"2")
    with pytest.raises(NotWritable):
        copy.write("device", b"another")


def test_keystores_share_nothing() -> None:
    """Two simulated disks do not see each other."""
    filled()
    assert (MemoryKeyFiles().read("device"), MemoryKeyFiles().read_guard()) == (None, None)


def refusal(keystore: KeyFiles, name: str, secret: bytes) -> tuple[type[SyncoreError], str]:
    """What a keystore says to a secret that it does not take."""
    with pytest.raises(SyncoreError) as caught:
        keystore.write(name, secret)
    return type(caught.value), caught.value.message


@pytest.mark.parametrize(
    ("name", "secret"), [("device", b"another"), ("../up", b""), ("", b""), ("long", bytes(10_000_000))]
)
def test_refusals_are_those_of_files(
    tmp_path_factory: pytest.TempPathFactory, name: str, secret: bytes
) -> None:
    """What files on a disk refuse is refused here with the same error and the same words."""
    files = FileKeyFiles(tmp_path_factory.mktemp("keystore"))
    files.write("device", b"secret")
    assert refusal(filled(), name, secret) == refusal(files, name, secret)
