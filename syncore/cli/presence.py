"""``presence``: who is here now, and showing something of oneself."""

import argparse
import asyncio
from datetime import datetime

from syncore.cli.changes import json_or_text
from syncore.cli.opening import chosen_space, owned
from syncore.cli.output import Output, printable, table
from syncore.cli.showing import cell
from syncore.cli.syncing import for_a_while, until_stopped
from syncore.codec.json_values import datetime_text, value_from_json, value_to_json
from syncore.core.errors import ConnectionFailed
from syncore.core.limits import MAX_PRESENCE_TTL_MS, MIN_PRESENCE_TTL_MS
from syncore.engine.presence import DEFAULT_TTL_S
from syncore.engine.space import Space
from syncore.protocol.presence_table import Present
from syncore.sync.status import SyncState

LISTEN_S = 2.0
"""How long to listen, unless told otherwise: those who are here answer a newcomer within a second or so."""
CONNECT_S = 10.0
"""How long to wait for the relay before that."""
_SHOWN_SESSION = 8


def presence(options: argparse.Namespace, output: Output) -> int:
    """Show who is here."""
    if options.ttl is not None and options.set is None:
        options.refuse("--ttl is for what is shown with --set")
    shortest, longest = MIN_PRESENCE_TTL_MS // 1_000, MAX_PRESENCE_TTL_MS // 1_000
    if options.ttl is not None and not shortest <= options.ttl <= longest:
        options.refuse(f"argument --ttl: must be {shortest} to {longest} seconds, not {options.ttl:g}")
    return asyncio.run(_presence(options, output))


async def _presence(options: argparse.Namespace, output: Output) -> int:
    async with owned(options, output, sync=True) as replica:
        space = chosen_space(replica, options)
        if options.set is not None:
            ttl_s = DEFAULT_TTL_S if options.ttl is None else options.ttl
            await space.presence.set(value_from_json(json_or_text(options.set)), ttl=ttl_s)
        changes = space.presence.changes()
        await anext(changes)  # begins to listen, and refuses what cannot be
        await _until_live(space)
        if options.follow:
            await for_a_while(options, _show_changes(space, output), until_stopped(space))
        else:
            await asyncio.sleep(LISTEN_S if options.timeout is None else options.timeout)
            _print(space, space.presence.others, output)
    return 0


async def _until_live(space: Space) -> None:
    """Return once the space is live.

    Raises:
        ConnectionFailed: not in time.
        SyncoreError: what stopped the syncing.
    """
    try:
        async with asyncio.timeout(CONNECT_S):
            async for status in space.statuses():
                if status.state is SyncState.LIVE:
                    return
                if status.state is SyncState.STOPPED:
                    await space.synced()  # which raises what stopped it
    except TimeoutError as error:
        raise ConnectionFailed(f"not connected within {CONNECT_S:g} seconds: {space.status()}") from error


async def _show_changes(space: Space, output: Output) -> None:
    async for others in space.presence.changes():
        _print(space, others, output)
        output.flush()


def _print(space: Space, others: tuple[Present, ...], output: Output) -> None:
    record: dict[str, object] = {"space": space.id, "present": [_json(one) for one in others]}
    output.result(record, _text(others))


def _json(one: Present) -> dict[str, object]:
    return {
        "device": one.device,
        "session": one.session,
        "value": value_to_json(one.value),
        "since": datetime_text(one.since),
        "last_heard": datetime_text(one.last_heard),
    }


def _text(others: tuple[Present, ...]) -> str:
    if not others:
        return "nobody else is here"
    rows = [
        [str(one.device), one.session[:_SHOWN_SESSION], _time(one.since), printable(cell(one.value))]
        for one in others
    ]
    return table(rows, ["device", "session", "since", "shows"])


def _time(moment: datetime) -> str:
    return datetime_text(moment.replace(microsecond=0))
