"""How commands get at the replica: to write it, or only to look at it.

A command that only reads opens the file read-only, so it works while another program owns the file, needs no
keys and is in nobody's way. No command but ``init`` makes a file: a mistyped path must not.
"""

import argparse
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from syncore.cli.facts import can_write
from syncore.cli.output import Output
from syncore.core.errors import Misused, ReadOnly, StorageError
from syncore.engine.replica import Replica
from syncore.engine.space import Space


@asynccontextmanager
async def owned(options: argparse.Namespace, output: Output, *, sync: bool = False) -> AsyncIterator[Replica]:
    """The replica, to be written.

    Raises:
        StorageError: there is none, another program owns it, or the disk does not allow it.
        ReadOnly: the keys of its shared spaces are not in the keystore.
    """
    _check_presence(options)
    async with Replica.open(
        options.replica, keystore=options.keystore, sync=sync, allow_plaintext=options.allow_plaintext
    ) as replica:
        if not can_write(replica):
            raise ReadOnly("the keys of the replica's shared spaces are missing")
        if replica.has_returned_in_time:
            output.note(
                "this file is a copy or an older state of itself; what was not sent goes out under a new name"
            )
        yield replica


@asynccontextmanager
async def looked_at(options: argparse.Namespace) -> AsyncIterator[Replica]:
    """The replica, to be read.

    Raises:
        StorageError: there is none.
    """
    _check_presence(options)
    async with Replica.open(options.replica, keystore=options.keystore, read_only=True) as replica:
        yield replica


def chosen_space(replica: Replica, options: argparse.Namespace) -> Space:
    """The space that ``--space`` names, or the default one.

    Raises:
        Misused: no space has an id that begins like this, or several have.
    """
    if options.space is None:
        return replica.space
    found = [space for space in replica.spaces if space.id.startswith(options.space.lower())]
    if len(found) != 1:
        what = "several spaces have ids that begin" if found else "no space has an id that begins"
        raise Misused(f"{what} with {options.space!r}", hint="`syncore status` lists them")
    return found[0]


def _check_presence(options: argparse.Namespace) -> None:
    if not options.replica.expanduser().exists():
        raise StorageError(f"there is no replica {options.replica}", hint="make one with `syncore init`")
