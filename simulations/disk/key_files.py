"""A keystore on a simulated disk: what a machine's death and a flipped bit do to the rest, they do to it.

The twin of :mod:`syncore.adapters.key_files`, with the same refusals and the same bytes.
"""

from pathlib import Path

from simulations.disk.disk import Disk
from syncore.adapters.key_files import (
    GUARD_NAME,
    KEY_SUFFIX,
    KIND_GUARD,
    KIND_SECRET,
    already_stored,
    check_key_name,
    check_key_size,
    os_errors_translated,
    unwrap_key_file,
    wrap_key_file,
)
from syncore.core.errors import StorageError


class DiskKeyFiles:
    """``KeyFiles`` over the blobs of a disk.

    Args:
        disk: Where they are.
        folder: Stands before the names of the blobs of this keystore.
    """

    def __init__(self, disk: Disk, folder: str = "keys") -> None:
        self._disk = disk
        self._folder = Path(folder)

    def read(self, name: str) -> bytes | None:
        """The secret stored under a name, or None."""
        check_key_name(name)
        return self._read(name + KEY_SUFFIX, KIND_SECRET)

    def write(self, name: str, secret: bytes) -> None:
        """Store a secret durably; it must not exist yet."""
        check_key_name(name)
        check_key_size(secret)
        if self._disk.blob(str(self._folder / (name + KEY_SUFFIX))) is not None:
            raise already_stored(name)
        self._write(name + KEY_SUFFIX, secret, KIND_SECRET)

    def read_guard(self) -> bytes | None:
        """The guard's content, or None when there is none."""
        return self._read(GUARD_NAME, KIND_GUARD)

    def write_guard(self, content: bytes) -> None:
        """Replace the guard atomically and durably."""
        check_key_size(content)
        self._write(GUARD_NAME, content, KIND_GUARD)

    def _read(self, name: str, kind: int) -> bytes | None:
        path = self._folder / name
        with os_errors_translated(path, denied=StorageError):
            content = self._disk.blob(str(path))
        return None if content is None else unwrap_key_file(content, kind, path)

    def _write(self, name: str, payload: bytes, kind: int) -> None:
        path = self._folder / name
        with os_errors_translated(path):
            self._disk.replace_blob(str(path), wrap_key_file(payload, kind))
