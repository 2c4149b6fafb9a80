"""Files and streams that are read or written from one end to the other.

Implements :class:`syncore.core.ports.ByteSource` and :class:`syncore.core.ports.ByteSink`. Calls that may
wait for a disk run in a thread, one for some hundred kilobytes.
"""

import asyncio
import contextlib
import errno
import fcntl
import os
from pathlib import Path
from typing import Final, Protocol

from syncore.core.errors import DiskFull, Locked, Misused, NotWritable, StorageError

PARTIAL_SUFFIX: Final = ".partial"
_FULL: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


class Readable(Protocol):
    """An object that gives bytes: a file that was opened to be read as bytes, or one like it."""

    def read(self, size: int, /) -> bytes:
        """Up to so many bytes; none at the end."""
        ...


class FileSource:
    """A file, opened and closed here."""

    def __init__(self, path: Path) -> None:
        """Open the file.

        Raises:
            Misused: it cannot be read.
        """
        try:
            self._stream = path.open("rb", buffering=0)
            size = os.fstat(self._stream.fileno()).st_size
        except OSError as error:
            raise Misused(f"{path} cannot be read: {error.strerror}") from error
        self._path = path
        self.size_bytes: int | None = size or None

    async def read(self, size_bytes: int) -> bytes:
        """The next bytes."""
        try:
            return await asyncio.to_thread(self._stream.read, size_bytes)
        except OSError as error:
            raise Misused(f"{self._path} cannot be read: {error.strerror}") from error

    def close(self) -> None:
        """Close the file."""
        self._stream.close()


class StreamSource:
    """A stream that somebody else opened, and closes."""

    size_bytes: int | None = None

    def __init__(self, stream: Readable) -> None:
        """Read from ``stream``, in a thread: its ``read`` may wait."""
        self._stream = stream

    async def read(self, size_bytes: int) -> bytes:
        """The next bytes."""
        data: object = await asyncio.to_thread(self._stream.read, size_bytes)
        if not isinstance(data, bytes):
            raise Misused(
                f"the stream gives {type(data).__name__}, not bytes", hint='open the file in mode "rb"'
            )
        return data


class DescriptorSource:
    """A pipe, terminal or file by its descriptor, waited for by the event loop: reading can be cancelled."""

    size_bytes: int | None = None

    def __init__(self, descriptor: int) -> None:
        """Read from ``descriptor``, which is not closed."""
        self._descriptor = descriptor

    async def read(self, size_bytes: int) -> bytes:
        """The next bytes."""
        loop = asyncio.get_running_loop()
        is_there = asyncio.Event()
        try:
            loop.add_reader(self._descriptor, is_there.set)
        except PermissionError:  # a file on a disk, which never keeps anybody waiting for long
            return os.read(self._descriptor, size_bytes)
        try:
            await is_there.wait()
        finally:
            loop.remove_reader(self._descriptor)
        return os.read(self._descriptor, size_bytes)


class ReplacingFile:
    """A file that appears under its name when it is finished, in place of what was there, and not before.

    Until then it is beside it, under the name with ``.partial`` behind; what a killed process left there
    is written over by the next one.
    """

    def __init__(self, path: Path) -> None:
        """Begin the file.

        Raises:
            Locked: another process is writing it.
            StorageError: the folder does not allow it.
        """
        self._path = path
        self._partial = path.with_name(path.name + PARTIAL_SUFFIX)
        if path.is_dir():
            raise NotWritable(f"{path} is a folder", hint="name a file")
        try:
            self._descriptor = os.open(self._partial, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o666)
        except OSError as error:
            raise _translated(error, self._partial) from error
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            os.ftruncate(self._descriptor, 0)
        except BlockingIOError as error:
            os.close(self._descriptor)
            raise Locked(f"{path} is being written by another program", hint="wait for it") from error

    async def write(self, data: bytes) -> None:
        """Add bytes."""
        await asyncio.to_thread(_write_all, self._descriptor, data, self._partial)

    async def finish(self) -> None:
        """Sync the file, give it its name, and sync the folder."""
        await asyncio.to_thread(self._publish)

    async def discard(self) -> None:
        """Remove what was written."""
        with contextlib.suppress(OSError):
            self._partial.unlink(missing_ok=True)
        with contextlib.suppress(OSError):
            os.close(self._descriptor)

    def _publish(self) -> None:
        try:
            os.fsync(self._descriptor)
            self._partial.replace(self._path)
            folder = os.open(self._path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)
        except OSError as error:
            raise _translated(error, self._path) from error
        os.close(self._descriptor)


class GrowingFile:
    """A file that holds at any time what was written to it so far, begun anew."""

    def __init__(self, path: Path) -> None:
        """Begin the file, in place of what was there.

        Raises:
            StorageError: the folder does not allow it.
        """
        self._path = path
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC
        try:
            self._descriptor = os.open(path, flags, 0o666)
        except OSError as error:
            raise _translated(error, path) from error

    async def write(self, data: bytes) -> None:
        """Add bytes."""
        await asyncio.to_thread(_write_all, self._descriptor, data, self._path)

    async def finish(self) -> None:
        """Close the file."""
        os.close(self._descriptor)

    async def discard(self) -> None:
        """Close the file; what it holds stays true."""
        os.close(self._descriptor)


def _write_all(descriptor: int, data: bytes, path: Path) -> None:
    left = memoryview(data)
    try:
        while left:
            left = left[os.write(descriptor, left) :]
    except OSError as error:
        raise _translated(error, path) from error


def _translated(error: OSError, path: Path) -> StorageError:
    if error.errno in _FULL:
        return DiskFull(f"no room for {path}")
    return NotWritable(f"{path} cannot be written: {error.strerror}")
