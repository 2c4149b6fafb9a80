"""Shows simulated disks to SQLite: an apsw VFS, registered once for all of them.

Owns the translation of SQLite's calls into operations of a :class:`~simulations.disk.disk.Disk` and of its
errors into SQLite's. Must not know databases or transactions. Each opening has a number, and SQLite sees its
files as ``/number/name``, so disks do not see each other.

What SQLite's own VFS for Unix does is done here in the same places: the first sync of a journal or log also
syncs the folder, and so the names of all its files; a deletion syncs the folder when SQLite asks for it.
There is no shared memory, so a log can be used under ``locking_mode = EXCLUSIVE`` only, and a file has one
connection at a time.
"""

import itertools
from collections.abc import Callable
from functools import cache
from typing import Final, cast
from weakref import WeakValueDictionary

import apsw

from simulations.disk.disk import Disk
from simulations.disk.stored_file import StoredFile

_VFS_NAME: Final = "syncore-simulations"
_PAGE_BYTES: Final = 4096
_NAMED_BY_SYNC: Final = apsw.SQLITE_OPEN_MAIN_JOURNAL | apsw.SQLITE_OPEN_SUPER_JOURNAL | apsw.SQLITE_OPEN_WAL
_STATEMENTS: Final = 256
"""Prepared statements kept by a connection; a replica and a relay's store have about a hundred each."""


def connect(disk: Disk, name: str) -> apsw.Connection:
    """A connection to a file of a disk, which is made if it is missing.

    The connection holds the file, not the disk: whoever keeps the one keeps the other.

    Raises:
        apsw.Error: SQLite's own errors, those of the disk among them.
    """
    vfs = _registered()
    _seed_sqlite(disk)
    number = vfs.mount(disk)
    return apsw.Connection(f"/{number}/{name}", vfs=_VFS_NAME, statementcachesize=_STATEMENTS)


@cache
def _registered() -> "_Vfs":
    return _Vfs()


def _seed_sqlite(disk: Disk) -> None:
    """Make what SQLite draws at random, the salts of its logs, depend on the disk alone.

    SQLite has one generator for the process and asks the default VFS to seed it.
    """
    vfs, before = _registered(), apsw.vfs_names()[0]
    vfs.seed = disk.draw
    apsw.set_default_vfs(_VFS_NAME)
    apsw.randomness(0)
    apsw.randomness(1)
    apsw.set_default_vfs(before)
    vfs.seed = bytes


class _Vfs(apsw.VFS):
    """The names of the files of all disks in use."""

    def __init__(self) -> None:
        super().__init__(_VFS_NAME)
        self._numbers = itertools.count(1)
        self._disks: WeakValueDictionary[str, Disk] = WeakValueDictionary()
        self.seed: Callable[[int], bytes] = bytes

    def mount(self, disk: Disk) -> str:
        number = str(next(self._numbers))
        self._disks[number] = disk
        return number

    def xOpen(self, name: apsw.URIFilename | str | None, flags: list[int]) -> apsw.VFSFile:
        path = name.filename() if isinstance(name, apsw.URIFilename) else name
        if path is None:
            raise apsw.CantOpenError("temporary files are kept in memory here")
        disk, own_name = self._resolve(path)
        file = disk.find(own_name)
        if file is None:
            if not flags[0] & apsw.SQLITE_OPEN_CREATE:
                raise apsw.CantOpenError(f"there is no file {own_name}")
            file = disk.create(own_name)
        flags[1] = flags[0]
        opened = _OpenFile(disk, own_name, file, names_wait=bool(flags[0] & _NAMED_BY_SYNC))
        return cast("apsw.VFSFile", opened)  # apsw asks for the methods only, and a base would be a real file

    def xAccess(self, pathname: str, flags: int) -> bool:
        disk, name = self._resolve(pathname)
        return flags != apsw.SQLITE_ACCESS_EXISTS or disk.find(name) is not None

    def xDelete(self, filename: str, syncdir: bool) -> None:  # noqa: FBT001 - SQLite's interface
        disk, name = self._resolve(filename)
        try:
            disk.delete(name)
        except FileNotFoundError as error:
            raise _sqlite_error(apsw.SQLITE_IOERR_DELETE_NOENT, error) from error
        if syncdir:
            disk.sync_folder()

    def xFullPathname(self, name: str) -> str:
        return name

    def xRandomness(self, numbytes: int) -> bytes:
        return self.seed(numbytes)

    def xCurrentTimeInt64(self) -> int:
        return 0  # no statement asks SQLite for the time

    def xGetLastError(self) -> tuple[int, str | None]:
        return 0, None

    def _resolve(self, path: str) -> tuple[Disk, str]:
        _, number, name = path.split("/", 2)
        return self._disks[number], name


class _OpenFile:
    """An open file of a disk: the methods that apsw calls."""

    __slots__ = ("_disk", "_file", "_name", "_names_wait")

    def __init__(self, disk: Disk, name: str, file: StoredFile, *, names_wait: bool) -> None:
        self._disk = disk
        self._name = name
        self._file = file
        self._names_wait = names_wait

    def xRead(self, amount: int, offset: int) -> bytes:
        try:
            return self._disk.read(self._file, self._name, offset, amount)
        except OSError as error:
            raise _sqlite_error(apsw.SQLITE_IOERR_READ, error) from error

    def xWrite(self, data: bytes, offset: int) -> None:
        try:
            self._disk.write(self._file, self._name, offset, data)
        except OSError as error:
            raise _sqlite_error(apsw.SQLITE_FULL, error) from error

    def xTruncate(self, newsize: int) -> None:
        self._disk.truncate(self._file, self._name, newsize)

    def xSync(self, flags: int) -> None:
        del flags  # a file's size is always synced with it
        try:
            self._disk.sync(self._file, self._name)
        except OSError as error:
            raise _sqlite_error(apsw.SQLITE_IOERR_FSYNC, error) from error
        if self._names_wait:
            self._disk.sync_folder()
            self._names_wait = False

    def xFileSize(self) -> int:
        return len(self._file.content)

    def xLock(self, level: int) -> None:
        del level  # one connection at a time: the first lock takes the file
        if self._file.owner is None:
            self._file.owner = self
        elif self._file.owner is not self:
            raise apsw.BusyError("another connection has the file")

    def xUnlock(self, level: int) -> None:
        if level == apsw.SQLITE_LOCK_NONE and self._file.owner is self:
            self._file.owner = None

    def xCheckReservedLock(self) -> bool:
        return self._file.owner not in {None, self}

    def xFileControl(self, op: int, ptr: int) -> bool:
        del op, ptr  # hints and questions that may go unanswered
        return False

    def xDeviceCharacteristics(self) -> int:
        return apsw.SQLITE_IOCAP_POWERSAFE_OVERWRITE

    def xSectorSize(self) -> int:
        return _PAGE_BYTES  # what SQLite takes every disk to have that says nothing

    def xClose(self) -> None:
        self.xUnlock(apsw.SQLITE_LOCK_NONE)


def _sqlite_error(code: int, cause: OSError) -> Exception:
    error = apsw.exception_for(code)
    error.args = (str(cause),)
    return error
