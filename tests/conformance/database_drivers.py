"""The drivers of the database port by name; what each must pass is in ``test_database.py``.

To add a driver, add its opener here: the tests, and the child processes that they start, find it by its name.
"""

from collections.abc import Awaitable, Callable
from pathlib import Path

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


DRIVERS: dict[str, Callable[[Path, bool], Awaitable[Database]]] = {
    "threaded": open_threaded,
    "inline": open_inline,
}


async def open_driver(name: str, path: Path, *, read_only: bool = False) -> Database:
    """Open a file with the driver of a name."""
    return await DRIVERS[name](path, read_only)
