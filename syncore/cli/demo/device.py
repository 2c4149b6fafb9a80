"""A device of the demo: one process with one replica file, which does what it is told line by line.

Owns the conversation on standard input and output: each request is a JSON object with ``do``; the answer is
one with ``answer`` or ``error``, and between them come objects with ``made`` while edits go on. Knows nothing
of other devices, or of who is going to be killed. The end of standard input ends the process.
"""

import argparse
import asyncio
import json
import sys
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from syncore.cli.demo.airports import COLLECTION, load_airports
from syncore.cli.demo.editing import Editor
from syncore.cli.demo.failures import first_failure
from syncore.cli.demo.ledger import Ledger
from syncore.cli.demo.peeking import closed_writers, log_offset
from syncore.cli.demo.scenario import HEADING, SHARED_TEXT, TEXT_FIELD, Place, plan_edits
from syncore.cli.demo.wholeness import WholenessWatch
from syncore.core.errors import SyncoreError
from syncore.documents.changes import Text
from syncore.engine.replica import Replica
from syncore.sync.status import SyncState

_IMPORTED_TOGETHER = 200
_REPORT_EVERY = 10

Answer = dict[str, object]


class Device:
    """What a device can be told to do."""

    def __init__(self, replica: Replica, ledger: Ledger, name: str) -> None:
        """Act on the default space of an open replica."""
        self._replica = replica
        self._ledger = ledger
        self._name = name
        self._watch: WholenessWatch | None = None
        self._requests: Mapping[str, Callable[[dict[str, Any]], Awaitable[Answer]]] = {
            "share": self._share,
            "import": self._import,
            "invite": self._invite,
            "join": self._join,
            "sync": self._sync,
            "edit": self._edit,
            "reach": self._reach,
            "report": self._report,
        }

    async def answer(self, request: dict[str, Any]) -> Answer:
        """Carry out one request."""
        return await self._requests[request["do"]](request)

    async def close(self) -> None:
        """Stop watching."""
        if self._watch is not None:
            await self._watch.close()

    async def _start_watching(self) -> None:
        """Watch from now on whether transactions show as a whole."""
        self._watch = WholenessWatch(self._replica)
        await self._watch.check_everything()
        self._watch.start()

    async def _share(self, request: dict[str, Any]) -> Answer:
        space = await self._replica.share(request["relay"])
        return {"space": space.id}

    async def _import(self, request: dict[str, Any]) -> Answer:
        airports = load_airports(request["limit"])
        await self._ledger.before(f"{self._name}#text", imported=[SHARED_TEXT])
        texts = self._replica.collection(SHARED_TEXT.collection)
        await texts.insert({TEXT_FIELD: Text(HEADING)}, id=SHARED_TEXT.id)
        await self._ledger.after(f"{self._name}#text")
        collection = self._replica.collection(COLLECTION)
        codes = list(airports)
        for start in range(0, len(codes), _IMPORTED_TOGETHER):
            part = codes[start : start + _IMPORTED_TOGETHER]
            edit = f"{self._name}#import-{start}"
            await self._ledger.before(edit, imported=[Place(COLLECTION, code) for code in part])
            async with asyncio.TaskGroup() as inserts:
                for code in part:
                    inserts.create_task(collection.insert(airports[code], id=code))
            await self._ledger.after(edit)
        return {"documents": len(codes) + 1}

    async def _invite(self, request: dict[str, Any]) -> Answer:
        return {"code": await self._replica.space.invite(uses=request["uses"])}

    async def _join(self, request: dict[str, Any]) -> Answer:
        space = await self._replica.join(request["code"])
        return {"space": space.id}

    async def _sync(self, _request: dict[str, Any]) -> Answer:
        await self._replica.space.synced()
        if self._watch is None:
            await self._start_watching()
        return {"offset": log_offset(self._replica)}

    async def _edit(self, request: dict[str, Any]) -> Answer:
        if self._watch is None:
            await self._start_watching()
        planned = plan_edits(
            seed=request["seed"], device=self._name, count=request["count"], airports=request["airports"]
        )
        made = sum(edit.id in self._ledger for edit in planned)

        def count() -> None:
            nonlocal made
            made += 1
            if made % _REPORT_EVERY == 0:
                say({"made": made, **self._traffic()})

        await Editor(self._replica, self._ledger).make(planned, on_made=count)
        return {"made": made}

    async def _reach(self, request: dict[str, Any]) -> Answer:
        """Wait until the relay's log is in up to an offset, and nothing of ours waits to be sent."""
        async for status in self._replica.space.statuses():
            if status.state is SyncState.STOPPED:
                raise SyncoreError(f"syncing has stopped: {status.reason}")
            if log_offset(self._replica) >= request["offset"] and not status.unsent:
                break
        return {"offset": log_offset(self._replica)}

    async def _report(self, _request: dict[str, Any]) -> Answer:
        assert self._watch is not None, "whoever reports has synced before"
        await self._watch.finish()
        status = self._replica.space.status()
        return {
            "digest": await self._replica.space.digest(),
            "closed_writers": closed_writers(self._replica),
            "set_aside": status.set_aside,
            "half_visible": self._watch.half_visible,
            "transactions_watched": self._watch.seen,
            **self._traffic(),
        }

    def _traffic(self) -> Answer:
        status = self._replica.space.status()
        return {"sent": status.sent_bytes, "received": status.received_bytes}


def say(message: Answer) -> None:
    """Write one line to whoever started the process."""
    sys.stdout.write(json.dumps(message) + "\n")
    sys.stdout.flush()


def main(arguments: Sequence[str]) -> int:
    """Run the process; the exit status."""
    parser = argparse.ArgumentParser(prog="syncore.cli.demo device")
    parser.add_argument("--name", required=True)
    parser.add_argument("--replica", type=Path, required=True)
    parser.add_argument("--keystore", type=Path, required=True)
    parser.add_argument("--ledger", type=Path, required=True)
    options = parser.parse_args(arguments)
    status = 0
    try:
        asyncio.run(_serve(options))
    except* SyncoreError as failures:
        error = first_failure(failures)
        say({"error": f"{type(error).__name__}: {error}"})
        status = 1
    return status


async def _serve(options: argparse.Namespace) -> None:
    reader = asyncio.StreamReader()
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    ledger = Ledger.open(options.ledger)
    async with Replica.open(options.replica, keystore=options.keystore) as replica:
        device = Device(replica, ledger, options.name)
        say({"answer": {"returned": replica.has_returned_in_time}})
        try:
            while line := await reader.readline():
                say({"answer": await device.answer(json.loads(line))})
        finally:
            await device.close()
    ledger.close()
