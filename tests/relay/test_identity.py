"""The relay's key file."""

from pathlib import Path

import pytest

from relay.adapters.folder import StoreFolder
from relay.identity import KEY_NAME, decode_seed, encode_seed, load_or_create
from relay.schema import FILE_NAME
from syncore.core.errors import IntegrityError, NewerFormat, StorageError
from syncore.core.hashing import checksum


class FixedEntropy:
    """Gives bytes of one value, another one each time."""

    def __init__(self) -> None:
        self.calls = 0

    def random_bytes(self, size_bytes: int) -> bytes:
        """The next value, repeated."""
        self.calls += 1
        return bytes([self.calls]) * size_bytes


def test_a_key_is_made_once_and_found_again(tmp_path: Path) -> None:
    """The second start has the first one's key, and the file is its owner's alone."""
    with StoreFolder.open(tmp_path / "store") as folder:
        made = load_or_create(folder, FixedEntropy())
        found = load_or_create(folder, FixedEntropy())
    assert made.public == found.public
    path = tmp_path / "store" / KEY_NAME
    assert path.stat().st_mode & 0o777 == 0o600
    assert sorted(file.name for file in path.parent.iterdir()) == [KEY_NAME, "relay.lock"]


def test_a_store_without_its_key_gets_no_new_one(tmp_path: Path) -> None:
    """Spaces name the lost key, so starting with another one is refused."""
    with StoreFolder.open(tmp_path) as folder:
        (tmp_path / FILE_NAME).touch()
        with pytest.raises(StorageError, match="not its key"):
            load_or_create(folder, FixedEntropy())


def test_a_damaged_key_is_noticed_wherever_it_is_damaged(tmp_path: Path) -> None:
    """Every flipped byte, every cut and every addition is an IntegrityError, a later version says so."""
    whole = encode_seed(bytes(range(32)))
    assert decode_seed(whole) == bytes(range(32))
    broken = [whole[:cut] for cut in range(len(whole))] + [whole + b"\0"]
    broken += [whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :] for at in range(len(whole))]
    for content in broken:
        with pytest.raises(IntegrityError):
            decode_seed(content)
    later = whole[:8] + b"\2" + whole[9:41]
    with pytest.raises(NewerFormat):
        decode_seed(later + checksum(later))
    with StoreFolder.open(tmp_path) as folder:
        folder.create_file(KEY_NAME, whole[:-1])
        with pytest.raises(IntegrityError):
            load_or_create(folder, FixedEntropy())
