"""Keys and guard over key files."""

import pytest

from syncore.adapters.memory_key_files import MemoryKeyFiles
from syncore.core.errors import IntegrityError
from syncore.core.identifiers import SpaceId
from syncore.crypto.keys import ContentKey
from syncore.replica.keystore import ControlPoint, Guard, Keystore
from tests.replica.world import SeededEntropy

SPACE, OTHER = SpaceId(b"s" * 32), SpaceId(b"t" * 32)


def keystore(files: MemoryKeyFiles | None = None, seed: str = "keystore") -> Keystore:
    """A keystore in memory."""
    return Keystore(files or MemoryKeyFiles(), SeededEntropy(seed))


def test_device_keys_are_made_once() -> None:
    """The first call makes and stores the keys; later ones, after a restart too, give the same."""
    files = MemoryKeyFiles()
    assert keystore(files).device() is None
    made = keystore(files).device_or_new()
    again = keystore(files, "other entropy")
    found = again.device()
    assert found is not None
    assert found.signing.public == again.device_or_new().signing.public == made.signing.public


def test_content_keys_are_kept_by_space_and_epoch() -> None:
    """A key is found again under its own space and epoch alone."""
    keys = keystore()
    keys.add_content_key(SPACE, 1, ContentKey(b"1" * 32))
    keys.add_content_key(SPACE, 2, ContentKey(b"2" * 32))
    found = keys.content_key(SPACE, 2)
    assert found is not None
    assert found.secret_bytes() == b"2" * 32
    assert keys.content_key(SPACE, 3) is None
    assert keys.content_key(OTHER, 1) is None


def test_a_content_key_is_never_replaced() -> None:
    """Storing the same key again does nothing; another one for its epoch is damage."""
    keys = keystore()
    keys.add_content_key(SPACE, 1, ContentKey(b"1" * 32))
    keys.add_content_key(SPACE, 1, ContentKey(b"1" * 32))
    with pytest.raises(IntegrityError):
        keys.add_content_key(SPACE, 1, ContentKey(b"2" * 32))


def test_the_guard_comes_back_as_written() -> None:
    """There is no guard at first, and then the last one."""
    keys = keystore()
    assert keys.guard() is None
    guard = Guard(
        sealed=7,
        control={OTHER: ControlPoint(seq=3, link=b"l" * 32), SPACE: ControlPoint(seq=0, link=b"m" * 32)},
    )
    keys.write_guard(Guard(sealed=6))
    keys.write_guard(guard)
    assert keys.guard() == guard


def test_a_damaged_guard_is_noticed() -> None:
    """A guard of which any byte was changed or lost is a guard or damage, and nothing else."""
    files = MemoryKeyFiles()
    keystore(files).write_guard(Guard(sealed=7, control={SPACE: ControlPoint(seq=3, link=b"l" * 32)}))
    content = files.read_guard()
    assert content is not None
    for position in range(len(content)):
        for damaged in (content[:position], content[:position] + b"\xc1" + content[position + 1 :]):
            files.write_guard(damaged or b"\x00")
            try:
                found = keystore(files).guard()
            except IntegrityError:
                continue
            assert isinstance(found, Guard)
