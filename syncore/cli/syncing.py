"""``sync`` and ``watch``: the commands that talk to relays about documents."""

import argparse
import asyncio
from collections.abc import Coroutine

from syncore.cli.opening import chosen_space, owned
from syncore.cli.output import Output, printable
from syncore.cli.showing import change_json, change_text
from syncore.core.errors import ConnectionFailed
from syncore.engine.replica import Replica
from syncore.engine.space import Space
from syncore.replica.watching import ChangeStream
from syncore.sync.status import SpaceStatus, SyncState

_SHOWN_ID = 8


def sync(options: argparse.Namespace, output: Output) -> int:
    """Exchange changes with relays."""
    return asyncio.run(_follow(options, output) if options.follow else _sync(options, output))


def watch(options: argparse.Namespace, output: Output) -> int:
    """Show changes as they are committed."""
    return asyncio.run(_watch(options, output))


async def sync_once(space: Space, output: Output, *, patience_s: float | None = None) -> SpaceStatus:
    """Return when a space is synced.

    Args:
        space: One of a replica that is syncing.
        output: Shows the progress.
        patience_s: Keep trying for so many seconds; None: until the relay cannot be reached.

    Raises:
        ConnectionFailed: not synced in time, or the relay cannot be reached.
        SyncoreError: what stopped the syncing.
    """
    try:
        async with asyncio.timeout(patience_s):
            return await _until_synced(space, output, is_patient=patience_s is not None)
    except TimeoutError as error:
        raise ConnectionFailed(f"not synced within {patience_s:g} seconds: {space.status()}") from error


def status_record(space: Space, status: SpaceStatus) -> dict[str, object]:
    """How a space stands with its relay, as a line of output."""
    return {
        "space": space.id,
        "state": status.state.value,
        "unsent": status.unsent,
        "set_aside": status.set_aside,
        "progress_percent": status.progress_percent,
        "reason": status.reason,
        "relay_losses": status.relay_losses,
        "sent_bytes": status.sent_bytes,
        "received_bytes": status.received_bytes,
    }


def status_text(space: Space, status: SpaceStatus) -> str:
    """How a space stands with its relay, for people."""
    return f"space {space.id[:_SHOWN_ID]}: {printable(str(status))}"


async def _sync(options: argparse.Namespace, output: Output) -> int:
    async with owned(options, output, sync=True) as replica:
        for space in _shared(replica, options, output):
            status = await sync_once(space, output, patience_s=options.timeout)
            traffic = f"{status.sent_bytes} bytes sent, {status.received_bytes} received"
            output.result(status_record(space, status), f"space {space.id[:_SHOWN_ID]}: synced, {traffic}")
    return 0


async def _follow(options: argparse.Namespace, output: Output) -> int:
    async with owned(options, output, sync=True) as replica:
        spaces = _shared(replica, options, output)
        if spaces:
            await for_a_while(options, *(_show_statuses(space, output) for space in spaces))
    return 0


async def _watch(options: argparse.Namespace, output: Output) -> int:
    async with owned(options, output, sync=True) as replica:
        space = chosen_space(replica, options)
        watched = space if options.collection is None else space.collection(options.collection)
        with_status = [] if space.is_private else [until_stopped(space)]
        async with watched.watch() as changes:
            output.note(f"watching {options.collection or 'all collections'}")
            await for_a_while(options, _show_changes(changes, output, options.limit), *with_status)
    return 0


def _shared(replica: Replica, options: argparse.Namespace, output: Output) -> list[Space]:
    """The spaces to sync."""
    spaces = replica.spaces if options.space is None else [chosen_space(replica, options)]
    shared = [space for space in spaces if not space.is_private]
    if not shared:
        output.note("nothing is shared, so there is nothing to sync")
    return shared


async def for_a_while(options: argparse.Namespace, *work: Coroutine[object, object, None]) -> None:
    """Run until one of them ends, or for as many seconds as was asked for; raise what ended it."""
    tasks = [asyncio.create_task(one) for one in work]
    try:
        done, _ = await asyncio.wait(tasks, timeout=options.timeout, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    for task in done:
        task.result()


async def _until_synced(space: Space, output: Output, *, is_patient: bool) -> SpaceStatus:
    async for status in space.statuses():
        output.progress.show(status_text(space, status))
        match status.state:
            case SyncState.PRIVATE:
                return status
            case SyncState.STOPPED:
                await space.synced()  # which raises what stopped it
            case SyncState.LIVE if status.unsent == 0:
                return status
            case SyncState.OFFLINE if status.reason and not is_patient:
                raise ConnectionFailed(
                    status.reason, hint="`syncore sync --timeout S` keeps trying; what you wrote is kept"
                )
            case _:
                pass
    raise AssertionError("statuses() does not end")


async def _show_statuses(space: Space, output: Output) -> None:
    """Print the status whenever it reads differently; raises what stops the syncing."""
    last = ""
    async for status in space.statuses():
        if status.state is SyncState.STOPPED:
            await space.synced()
        text = status_text(space, status)
        if text != last:
            last = text
            output.result(status_record(space, status), text)
            output.flush()


async def until_stopped(space: Space) -> None:
    """Return never; raises what stops the syncing."""
    async for status in space.statuses():
        if status.state is SyncState.STOPPED:
            await space.synced()


async def _show_changes(changes: ChangeStream, output: Output, limit: int | None) -> None:
    shown = 0
    async for change in changes:
        output.result(change_json(change), change_text(change))
        output.flush()
        shown += 1
        if shown == limit:
            return
