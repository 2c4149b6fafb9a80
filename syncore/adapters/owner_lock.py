"""The lock by which one process owns a replica file, on ``<replica>.lock`` beside it.

The operating system releases it with the process, however that ends. The side file is never removed (removing
it would let two processes hold locks on two files of one name) and holds the owner's process id in ASCII, for
people only: what is in it decides nothing. A process made by ``fork`` shares its parent's lock.
"""

import errno
import os
import sys
from os import PathLike
from pathlib import Path
from types import TracebackType
from typing import Self

from syncore.adapters.sqlite_opening import resolve_path
from syncore.core.errors import Locked, NotWritable, StorageError

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

_MODE = 0o600
_MAX_CONTENT_BYTES = 32
_LOCKED_BYTE = 1 << 30  # Windows locks bytes, also against reading: one beyond the content
_TAKEN = {errno.EWOULDBLOCK, errno.EAGAIN, errno.EACCES, errno.EDEADLK}
_FORBIDDEN = {
    errno.EACCES,
    errno.EPERM,
    errno.EROFS,
    errno.ENOENT,
    errno.ENOTDIR,
    errno.EISDIR,
    errno.ENAMETOOLONG,
}


class OwnerLock:
    """A lock that is held; made by :func:`acquire_owner_lock`."""

    def __init__(self, path: Path, descriptor: int) -> None:
        """Take over the descriptor of the locked side file."""
        self.path = path
        self._descriptor: int | None = descriptor

    def release(self) -> None:
        """Let the next process own the replica. Idempotent."""
        if self._descriptor is None:
            return
        descriptor, self._descriptor = self._descriptor, None
        try:
            os.ftruncate(descriptor, 0)
        finally:
            os.close(descriptor)  # which releases the lock

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self.release()


def acquire_owner_lock(replica: str | PathLike[str]) -> OwnerLock:
    """Own the replica file at a path until the lock is released or the process ends; never waits.

    Raises:
        Locked: another opener, in this process or another, owns it; ``details["pid"]`` says who.
        NotWritable: the path cannot be a file, or the side file cannot be made.
        StorageError: the file system has no locks.
    """
    path = Path(f"{resolve_path(replica)}.lock")
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, _MODE)
    except OSError as error:
        raise _not_opened(path, error) from error
    try:
        _lock(descriptor)
        os.ftruncate(descriptor, 0)
        os.write(descriptor, b"%d\n" % os.getpid())
    except OSError as error:
        failure = _not_locked(path, descriptor, error)
        os.close(descriptor)
        raise failure from error
    return OwnerLock(path, descriptor)


def _lock(descriptor: int) -> None:
    """Lock the open file, as distinct from the process: two openings in one process conflict too."""
    if sys.platform == "win32":
        os.lseek(descriptor, _LOCKED_BYTE, os.SEEK_SET)
        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        os.lseek(descriptor, 0, os.SEEK_SET)
    else:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)


def _not_opened(path: Path, error: OSError) -> StorageError:
    if error.errno in _FORBIDDEN:
        return NotWritable(
            f"{path} cannot be made: {error}", hint="check that the folder exists and may be written"
        )
    return StorageError(f"{path} cannot be opened: {error}")


def _not_locked(path: Path, descriptor: int, error: OSError) -> StorageError:
    if error.errno in _TAKEN:
        pid = _owner(descriptor)
        if pid == os.getpid():
            return Locked(
                f"this program has the replica {str(path).removesuffix('.lock')} open already",
                hint="use the one that is open; a replica can have any number of users in one program",
                pid=pid,
            )
        who = f"process {pid}" if pid else "another process"
        return Locked(f"{who} owns the replica {str(path).removesuffix('.lock')}", pid=pid)
    return StorageError(f"{path} cannot be locked: {error}", hint="use a local disk")


def _owner(descriptor: int) -> int | None:
    """The process id in the side file, unless it was being written just now."""
    os.lseek(descriptor, 0, os.SEEK_SET)
    content = os.read(descriptor, _MAX_CONTENT_BYTES).strip()
    return int(content) if content.isdigit() else None
