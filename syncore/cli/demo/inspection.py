"""A fresh process that reads one replica file, read-only and without keys: its digest, and all that it shows.

The digest is computed from the stored CRDT states. What is written down beside it, for the verification, is
what programs are shown of every document, and the siblings of the documents that somebody edited.
"""

import argparse
import asyncio
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from syncore.cli.demo.device import say
from syncore.cli.demo.ledger import read_ledger
from syncore.cli.demo.peeking import look, to_json
from syncore.cli.demo.scenario import Json, Place
from syncore.engine.replica import Replica


@dataclass(frozen=True, slots=True, kw_only=True)
class Inspected:
    """What a replica file holds at the end.

    Attributes:
        digest: Of the default space, from stored states.
        shown: The fields of every document, as programs see them.
        siblings: Every value of every register of the documents that were edited.
        conflicts: How many fields have values that were written without seeing each other.
    """

    digest: str
    shown: dict[Place, dict[str, Json]]
    siblings: dict[Place, dict[str, list[Json]]]
    conflicts: int


def read_inspection(path: Path) -> Inspected:
    """What an inspecting process has written down."""
    content: dict[str, Any] = json.loads(path.read_bytes())
    return Inspected(
        digest=content["digest"],
        shown={Place(*place): fields for place, fields in content["shown"]},
        siblings={Place(*place): fields for place, fields in content["siblings"]},
        conflicts=content["conflicts"],
    )


def main(arguments: Sequence[str]) -> int:
    """Run the process; the exit status."""
    parser = argparse.ArgumentParser(prog="syncore.cli.demo inspect")
    parser.add_argument("--replica", type=Path, required=True)
    parser.add_argument("--keystore", type=Path, required=True, help="an empty folder")
    parser.add_argument("--into", type=Path, required=True)
    parser.add_argument("--ledger", type=Path, action="append", default=[])
    options = parser.parse_args(arguments)
    inspected = asyncio.run(_inspect(options))
    content = {
        "digest": inspected.digest,
        "shown": list(inspected.shown.items()),
        "siblings": list(inspected.siblings.items()),
        "conflicts": inspected.conflicts,
    }
    options.into.write_text(json.dumps(content))
    say({"answer": {"digest": inspected.digest}})
    return 0


async def _inspect(options: argparse.Namespace) -> Inspected:
    opening = Replica.open(options.replica, keystore=options.keystore, read_only=True, sync=False)
    async with opening as replica:
        shown: dict[Place, dict[str, Json]] = {}
        conflicts = 0
        for name in await replica.space.collections():
            async for document in replica.collection(name).find():
                shown[Place(name, document.id)] = {field: to_json(value) for field, value in document.items()}
                conflicts += len(document.conflicts)
        sights = await look(replica, sorted(_edited_places(options.ledger)))
        return Inspected(
            digest=await replica.space.digest(),
            shown=shown,
            siblings={place: sight.siblings for place, sight in sights.items()},
            conflicts=conflicts,
        )


def _edited_places(ledgers: Iterable[Path]) -> set[Place]:
    return {write.place for ledger in ledgers for edit in read_ledger(ledger) for write in edit.writes}
