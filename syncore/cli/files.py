"""``init``, ``status`` and ``digest``: the commands about the replica as a whole."""

import argparse
import asyncio

from syncore.cli.facts import membership, set_aside_reasons
from syncore.cli.opening import chosen_space, looked_at
from syncore.cli.output import Output, printable
from syncore.engine.replica import Replica
from syncore.engine.space import Space


def init(options: argparse.Namespace, output: Output) -> int:
    """Make a replica file."""
    return asyncio.run(_init(options, output))


def status(options: argparse.Namespace, output: Output) -> int:
    """Show the spaces of the replica."""
    return asyncio.run(_status(options, output))


def digest(options: argparse.Namespace, output: Output) -> int:
    """Print the digest of each space."""
    return asyncio.run(_digest(options, output))


async def _init(options: argparse.Namespace, output: Output) -> int:
    is_new = not options.replica.exists()
    async with Replica.open(options.replica, keystore=options.keystore, sync=False):
        pass
    path = str(options.replica)
    output.result(
        {"replica": path, "is_new": is_new},
        f"made {printable(path)}" if is_new else f"{printable(path)} is a replica already",
    )
    return 0


async def _status(options: argparse.Namespace, output: Output) -> int:
    async with looked_at(options) as replica:
        for space in await _shown(replica, options):
            record = await _describe(space, is_default=space == replica.space)
            if options.digest:
                record["digest"] = await space.digest()
            output.result(record, "\n".join(_lines(record)))
    return 0


async def _digest(options: argparse.Namespace, output: Output) -> int:
    async with looked_at(options) as replica:
        for space in await _shown(replica, options):
            found = await space.digest()
            output.result({"space": space.id, "digest": found}, f"{found}  {_name(space.id)}")
    return 0


async def _shown(replica: Replica, options: argparse.Namespace) -> list[Space]:
    """The spaces to show, the default one first; of no concern is an empty private one beside them."""
    default = chosen_space(replica, options)
    if options.space is not None:
        return [default]
    others = [space for space in replica.spaces if space != default]
    return [default, *[space for space in others if not space.is_private or await space.collections()]]


async def _describe(space: Space, *, is_default: bool) -> dict[str, object]:
    documents = conflicts = 0
    for name in await space.collections():
        async for document in space.collection(name).find():
            documents += 1
            conflicts += bool(document.conflicts)
    record: dict[str, object] = {
        "space": space.id,
        "state": "private" if space.is_private else "shared",
        "is_default": is_default,
        "documents": documents,
        "conflicts": conflicts,
    }
    lacking = space.status().lacking_rules
    if lacking:
        record["lacking_rules"] = list(lacking)
    member = membership(space)
    if member is not None:
        record |= {
            "unsent": space.status().unsent,
            "set_aside": await set_aside_reasons(space),
            "role": member.role,
            "devices": member.devices,
            "device_key": member.device_key,
            "relay": space.relay,
            "relay_key": space.relay_key,
        }
    return record


def _lines(record: dict[str, object]) -> list[str]:
    """A space for people."""
    shown = dict(record)
    head = f"space {_name(str(shown.pop('space')))}: {shown.pop('state')}"
    if shown.pop("is_default"):
        head += ", the default"
    reasons = shown.pop("set_aside", [])
    lacking = shown.pop("lacking_rules", [])
    lines = [
        head,
        *(f"  {name.replace('_', ' ')}: {value}" for name, value in shown.items() if value is not None),
    ]
    if isinstance(reasons, list):
        lines += [f"  cannot be sent: {printable(str(reason))}" for reason in reasons]
    if isinstance(lacking, list):
        lines += [f"  the last write is shown: {printable(str(sentence))}" for sentence in lacking]
    return lines


def _name(space: str) -> str:
    return space if space.strip("0") else "private"
