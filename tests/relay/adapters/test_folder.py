"""The relay's folder."""

from pathlib import Path

import pytest

from relay.adapters.folder import StoreFolder
from syncore.core.errors import Locked, NotWritable, StorageError


def test_a_folder_has_one_owner_until_it_is_closed(tmp_path: Path) -> None:
    """A second opener is told so; after the first closed it may."""
    first = StoreFolder.open(tmp_path / "a" / "b")
    with pytest.raises(Locked):
        StoreFolder.open(tmp_path / "a" / "b")
    first.close()
    first.close()
    StoreFolder.open(tmp_path / "a" / "b").close()


def test_a_file_is_created_once(tmp_path: Path) -> None:
    """A file is never replaced, and a draft that a crash left behind does not matter."""
    with StoreFolder.open(tmp_path) as folder:
        (tmp_path / "key.new").write_bytes(b"half")
        folder.create_file("key", b"whole")
        with pytest.raises(NotWritable):
            folder.create_file("key", b"other")
        assert folder.read_file("key", max_bytes=100) == b"whole"
        assert folder.read_file("key", max_bytes=2) == b"wh"
        with pytest.raises(StorageError):
            folder.read_file("absent", max_bytes=2)


def test_a_path_that_is_no_folder_is_refused(tmp_path: Path) -> None:
    """A file where the folder should be is a clear error."""
    (tmp_path / "file").touch()
    with pytest.raises(NotWritable):
        StoreFolder.open(tmp_path / "file")
