"""``import``: JSON lines into a collection, some hundred documents a transaction.

Lines are committed in their order. At a line that cannot be imported the import ends, with every line before
it committed; so importing again, from the beginning if the lines carry ids or else from that line, completes
it. The file is read between the turns of the event loop, so that an interrupt never waits for standard input.
"""

import argparse
import asyncio
import json
import sys
from collections.abc import Iterator
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from syncore.cli.lines import Line, line_error, read_batches
from syncore.cli.opening import chosen_space, owned
from syncore.cli.output import Output
from syncore.cli.values import change_to_json, field_to_json
from syncore.codec.json_values import Json
from syncore.core.errors import LocalError, Misused, TooLarge
from syncore.engine.space import Space
from syncore.replica.transaction import Transaction
from syncore.replica.views import Document


@dataclass(slots=True, kw_only=True)
class Tally:
    """What an import has committed so far.

    Attributes:
        lines: Lines that are done, empty ones too.
        inserted: New documents.
        updated: Documents that were changed.
        unchanged: Documents that held everything already; nothing was written for them.
    """

    lines: int = 0
    inserted: int = 0
    updated: int = 0
    unchanged: int = 0

    def __str__(self) -> str:
        """One line for people."""
        return (
            f"{self.lines} lines imported: {self.inserted} inserted, {self.updated} updated,"
            f" {self.unchanged} unchanged"
        )


def import_(options: argparse.Namespace, output: Output) -> int:
    """Import JSON lines."""
    with _opened(options.file) as stream, asyncio.Runner() as runner:
        stack = AsyncExitStack()
        try:
            replica = runner.run(stack.enter_async_context(owned(options, output)))
            importing = Import(chosen_space(replica, options), options.collection)
            try:
                for batch in read_batches(stream, options.id_field):
                    runner.run(importing.commit(batch.lines))
                    importing.tally.lines = batch.end
                    output.progress.show(str(importing.tally))
                    if batch.failure is not None:
                        raise batch.failure
            finally:
                runner.run(replica.flush())
                _report(importing.tally, output)
        finally:
            runner.run(stack.aclose())
    return 0


class Import:
    """Lines on their way into a collection.

    Attributes:
        tally: What is committed.
    """

    def __init__(self, space: Space, collection: str) -> None:
        """Nobody else may write to the space meanwhile."""
        self._space = space
        self._collection = collection
        self.tally = Tally()

    async def commit(self, lines: list[Line]) -> None:
        """Commit lines together, or in halves where they are too large for that.

        Raises:
            LocalError: a line cannot be imported; those before it are committed.
        """
        try:
            failure = await self._commit_together(lines)
        except TooLarge as error:
            if len(lines) == 1:
                raise line_error(lines[0].number, error) from error
            middle = len(lines) // 2
            await self.commit(lines[:middle])
            await self.commit(lines[middle:])
        else:
            if failure is not None:
                raise failure

    async def _commit_together(self, lines: list[Line]) -> LocalError | None:
        """Commit the lines up to the first one that cannot be imported; why it cannot."""
        written: set[str] = set()
        done = Tally()
        failure: LocalError | None = None
        async with self._space.transaction() as transaction:
            for line in lines:
                try:
                    await self._write(transaction, line, written, done)
                except LocalError as error:
                    failure = line_error(line.number, error)
                    break
                done.lines = line.number
        self.tally.lines = max(self.tally.lines, done.lines)
        self.tally.inserted += done.inserted
        self.tally.updated += done.updated
        self.tally.unchanged += done.unchanged
        return failure

    async def _write(self, transaction: Transaction, line: Line, written: set[str], done: Tally) -> None:
        existing = None
        if line.id in written:
            existing = await transaction.get(self._collection, line.id)
        elif line.id is not None:
            existing = await self._space.collection(self._collection).find_one(line.id)
        if existing is None:
            written.add(await transaction.insert(self._collection, line.fields, id=line.id))
            done.inserted += 1
        elif _is_shown(line, existing):
            done.unchanged += 1
        else:
            await transaction.update((self._collection, existing.id), line.fields)
            written.add(existing.id)
            done.updated += 1


def _is_shown(line: Line, document: Document) -> bool:
    """Whether the document holds already what the line says, and nobody disagrees about it."""
    kinds = document.kinds
    return all(
        name in document
        and name not in document.conflicts
        and _canonical(field_to_json(document[name], kinds.get(name))) == _canonical(change_to_json(change))
        for name, change in line.fields.items()
    )


def _canonical(form: Json) -> str:
    """Text to compare by: 1, 1.0 and true differ in it."""
    return json.dumps(form, sort_keys=True)


def _report(tally: Tally, output: Output) -> None:
    record = {
        "lines": tally.lines,
        "inserted": tally.inserted,
        "updated": tally.updated,
        "unchanged": tally.unchanged,
    }
    output.result(record, str(tally))
    output.flush()


@contextmanager
def _opened(name: str) -> Iterator[BinaryIO]:
    if name == "-":
        yield sys.stdin.buffer
        return
    try:
        stream = Path(name).open("rb")  # noqa: SIM115 - closed below; what fails inside is not about opening
    except OSError as error:
        raise Misused(f"{name} cannot be read: {error.strerror}") from error
    with stream:
        yield stream
