"""The drivers of the database port by name; what each must pass is in ``test_database.py``.

To add a driver, add its opener here: the tests, and the child processes that they start, find it by its name.
The simulated driver has no files: where a test says a folder, it has a disk in memory.
"""

from collections.abc import Awaitable, Callable
from pathlib import Path

from simulations.disk.database import open_simulated_database
from simulations.disk.disk import Disk
from syncore.adapters.sqlite_database import open_database
from syncore.adapters.sqlite_inline import open_inline_database
from syncore.core.ports import Database

APPLICATION_ID = 0x53594E31


async def open_threaded(path: Path, read_only: bool) -> Database:  # noqa: FBT001 - called by position only
    """The driver of programs."""
    return await open_database(path, application_id=APPLICATION_ID, read_only=read_only)


async def open_inline(path: Path, read_only: bool) -> Database:  # noqa: FBT001 - called by position only
    """The driver of tools and tests."""
    return open_inline_database(path, application_id=APPLICATION_ID, read_only=read_only)


async def open_simulated(path: Path, read_only: bool) -> Database:  # noqa: FBT001 - called by position only
    """The driver of simulations."""
    assert not read_only
    return await open_simulated_database(disk_of(path.parent), path.name, application_id=APPLICATION_ID)


FILE_DRIVERS: dict[str, Callable[[Path, bool], Awaitable[Database]]] = {
    "threaded": open_threaded,
    "inline": open_inline,
}
DRIVERS = FILE_DRIVERS | {"simulated": open_simulated}
_DISKS: dict[Path, Disk] = {}


async def open_driver(name: str, path: Path, *, read_only: bool = False) -> Database:
    """Open a file with the driver of a name."""
    return await DRIVERS[name](path, read_only)


def disk_of(folder: Path) -> Disk:
    """The disk that stands for a folder."""
    return _DISKS.setdefault(folder, Disk())


def store_file(name: str, path: Path, content: bytes) -> None:
    """Put a file where a driver will look for it."""
    if name in FILE_DRIVERS:
        path.write_bytes(content)
    else:
        disk_of(path.parent).put(path.name, content)


def stored_files(name: str, folder: Path) -> dict[str, bytes]:
    """The contents of a folder; but for the index of a log, which whoever reads may change."""
    if name in FILE_DRIVERS:
        return {
            found.name: found.read_bytes() for found in folder.iterdir() if not found.name.endswith("-shm")
        }
    disk = disk_of(folder)
    return {found: disk.content(found) for found in disk.names}
