"""``share``, ``invite`` and ``join``: the commands by which a second device comes in."""

import argparse
import asyncio

from syncore.cli.opening import chosen_space, owned
from syncore.cli.output import Output, printable
from syncore.cli.syncing import sync_once
from syncore.core.errors import Misused
from syncore.engine.space import Space


def share(options: argparse.Namespace, output: Output) -> int:
    """Turn the private space into a shared one."""
    return asyncio.run(_share(options, output))


def invite(options: argparse.Namespace, output: Output) -> int:
    """Print an invitation code."""
    return asyncio.run(_invite(options, output))


def join(options: argparse.Namespace, output: Output) -> int:
    """Join a space."""
    return asyncio.run(_join(options, output))


async def _share(options: argparse.Namespace, output: Output) -> int:
    async with owned(options, output, sync=True) as replica:
        output.progress.show("encrypting what is there")
        space = await replica.share(options.relay)
        await sync_once(space, output)
        output.result(_record(space), f"shared as space {space.id}\n{_relay_lines(space)}")
    output.note("let others in with `syncore invite`")
    return 0


async def _invite(options: argparse.Namespace, output: Output) -> int:
    async with owned(options, output, sync=True) as replica:
        space = chosen_space(replica, options)
        if space.is_private:
            raise Misused("the space is private", hint="share it first, with `syncore share RELAY`")
        await sync_once(space, output)  # who belongs to the space may have changed meanwhile
        code = await space.invite(role=options.role, uses=options.uses, days=options.days)
    record = {
        "code": code,
        "role": options.role,
        "uses": options.uses,
        "days": options.days,
        "space": space.id,
    }
    output.result(record, code)
    times = "once" if options.uses == 1 else f"{options.uses} times"
    output.note(f"whoever has this code can join as {options.role}, {times}, within {options.days:g} days")
    return 0


async def _join(options: argparse.Namespace, output: Output) -> int:
    async with owned(options, output, sync=True) as replica:
        space = await replica.join(options.code, default=True if options.default else None)
        await sync_once(space, output)
        is_default = space == replica.space
        output.result(
            {**_record(space), "is_default": is_default}, f"joined space {space.id}\n{_relay_lines(space)}"
        )
        if not is_default:
            output.note(f"it is not the default space: use it with --space {space.id[:8]}")
    return 0


def _record(space: Space) -> dict[str, object]:
    return {"space": space.id, "relay": space.relay, "relay_key": space.relay_key}


def _relay_lines(space: Space) -> str:
    return f"relay {printable(space.relay or '')}\nrelay key {space.relay_key}"
