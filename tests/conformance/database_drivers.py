"""The drivers of the database port: what every one of them must pass is in ``test_database.py``.

A driver is an opener ``(path, *, application_id, read_only) -> Database``, possibly a coroutine, given by
name, so that a child process can find it too.
"""

import inspect
from importlib import import_module
from pathlib import Path

from syncore.core.ports import Database

APPLICATION_ID = 0x53594E31
DRIVERS = {
    "threaded": "syncore.adapters.sqlite_database:open_database",
    "inline": "syncore.adapters.sqlite_inline:open_inline_database",
}


async def open_driver(name: str, path: Path, *, read_only: bool = False) -> Database:
    """Open a file with the driver of a name."""
    module, function = DRIVERS[name].split(":")
    opened = getattr(import_module(module), function)(
        path, application_id=APPLICATION_ID, read_only=read_only
    )
    database: Database = await opened if inspect.isawaitable(opened) else opened
    return database
