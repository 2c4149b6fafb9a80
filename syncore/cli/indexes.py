"""``index list``, ``add`` and ``drop``: what makes queries of this replica fast."""

import argparse
import asyncio

from syncore.cli.opening import chosen_space, looked_at, owned
from syncore.cli.output import Output, printable, table
from syncore.query.expression_parsing import parse_expression
from syncore.replica.indexes import IndexKind, IndexStatus


def list_(options: argparse.Namespace, output: Output) -> int:
    """List the indexes of a collection, or of all that have documents or settings."""
    return asyncio.run(_list(options, output))


def add(options: argparse.Namespace, output: Output) -> int:
    """Make an index, and build it."""
    return asyncio.run(_add(options, output))


def drop(options: argparse.Namespace, output: Output) -> int:
    """Use an index no more."""
    return asyncio.run(_drop(options, output))


async def _list(options: argparse.Namespace, output: Output) -> int:
    found: list[tuple[str, IndexStatus]] = []
    async with looked_at(options) as replica:
        space = chosen_space(replica, options)
        if options.collection is None:
            names = sorted({*await space.collections(), *await space.settings()})
        else:
            names = [options.collection]
        for name in names:
            found += [(name, status) for status in await space.collection(name).indexes()]
    if output.is_json:
        for name, status in found:
            output.result(_json(name, status))
    elif found:
        rows = [[name, one.name, one.content, _state(one)] for name, one in found]
        output.text(table(rows, ["collection", "name", "content", "state"]))
    else:
        output.note("no indexes")
    return 0


async def _add(options: argparse.Namespace, output: Output) -> int:
    condition = None if options.where is None else parse_expression(options.where)
    async with owned(options, output) as replica:
        collection = chosen_space(replica, options).collection(options.collection)
        index = await collection.create_index(
            *options.fields,
            name=options.name,
            each=options.each,
            where=condition,
            kind=IndexKind.HASH if options.hash else IndexKind.ORDERED,
        )
        async for progress in index:
            output.progress.show(f"{progress.built} of {progress.total} documents indexed")
        status = await index.built()
        await replica.flush()
    place = f"{printable(options.collection)}: {printable(status.name)}"
    output.result({**_json(options.collection, status), "action": "built"}, f"built {place}")
    return 0


async def _drop(options: argparse.Namespace, output: Output) -> int:
    async with owned(options, output) as replica:
        await chosen_space(replica, options).collection(options.collection).drop_index(options.name)
        await replica.flush()
    record = {"collection": options.collection, "name": options.name, "action": "dropped"}
    output.result(record, f"dropped {printable(options.collection)}: {printable(options.name)}")
    return 0


def _json(collection: str, status: IndexStatus) -> dict[str, object]:
    return {
        "collection": collection,
        "name": status.name,
        "content": status.content,
        "is_complete": status.is_complete,
        "built": status.built,
    }


def _state(status: IndexStatus) -> str:
    return "complete" if status.is_complete else f"{status.built} documents so far"
