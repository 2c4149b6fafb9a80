"""The relay's folder: one owner at a time, and small files that are written once and durably.

Owns the lock file and the order of syncs that makes a new file survive a power cut. Must not know what the
files mean. The lock is the operating system's (``flock``): it ends with the process, however that ends, and
is not inherited.
"""

import contextlib
import fcntl
import os
from pathlib import Path
from types import TracebackType
from typing import Self

from syncore.core.errors import Locked, NotWritable, StorageError

LOCK_NAME = "relay.lock"
_FOLDER_MODE = 0o700
_FILE_MODE = 0o600


class StoreFolder:
    """A folder that this process owns from :meth:`open` to :meth:`close`."""

    def __init__(self, path: Path, lock: int) -> None:
        """Take over an open, locked file descriptor; use :meth:`open`."""
        self.path = path
        self._lock: int | None = lock

    @classmethod
    def open(cls, path: Path) -> Self:
        """Make the folder if it is missing, and lock it.

        Raises:
            Locked: another process owns it.
            NotWritable: it cannot be made or written.
        """
        try:
            if not path.is_dir():
                path.mkdir(mode=_FOLDER_MODE, parents=True)
                sync_folder(path.parent)
            lock = os.open(path / LOCK_NAME, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, _FILE_MODE)
        except OSError as error:
            raise NotWritable(f"the store's folder {path} cannot be used: {error.strerror}") from error
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(lock)
            raise Locked(
                f"another relay owns the store {path}", hint="stop it, or use another folder"
            ) from error
        return cls(path, lock)

    def exists(self, name: str) -> bool:
        """Whether a file of this name is there."""
        return (self.path / name).exists()

    def read_file(self, name: str, *, max_bytes: int) -> bytes:
        """At most ``max_bytes`` of a file.

        Raises:
            StorageError: it cannot be read.
        """
        try:
            with (self.path / name).open("rb") as file:
                return file.read(max_bytes)
        except OSError as error:
            raise StorageError(f"{self.path / name} cannot be read: {error.strerror}") from error

    def create_file(self, name: str, content: bytes) -> None:
        """Write a new file that only its owner may read: whole and on the disk, or not there.

        Raises:
            NotWritable: it exists already, or cannot be written.
        """
        target = self.path / name
        draft = self.path / f"{name}.new"
        try:
            with contextlib.suppress(FileNotFoundError):
                draft.unlink()
            descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, _FILE_MODE)
            with os.fdopen(descriptor, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            target.hardlink_to(draft)  # unlike a rename, this fails when the target exists
            draft.unlink()
            sync_folder(self.path)
        except OSError as error:
            raise NotWritable(f"{target} cannot be written: {error.strerror}") from error

    def close(self) -> None:
        """Give up the lock. Idempotent."""
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def sync_folder(path: Path) -> None:
    """Make the names in a folder durable: a file's own sync does not."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
