"""``explain``, ``undo`` and ``redo``: where a document comes from, and the way back."""

import argparse
import asyncio
from collections.abc import Iterable

from syncore.cli.opening import chosen_space, looked_at, owned
from syncore.cli.output import Output, printable
from syncore.cli.showing import explanation_json, explanation_text
from syncore.core.errors import IntegrityError
from syncore.exchange.json_lines import document_json
from syncore.replica.undoing import UndoOutcome


def explain(options: argparse.Namespace, output: Output) -> int:
    """Show where what a document shows comes from."""
    return asyncio.run(_explain(options, output))


def undo(options: argparse.Namespace, output: Output) -> int:
    """Take back the last change of a document."""
    return asyncio.run(_take_back(options, output, "undo"))


def redo(options: argparse.Namespace, output: Output) -> int:
    """Do again what was undone last."""
    return asyncio.run(_take_back(options, output, "redo"))


async def _explain(options: argparse.Namespace, output: Output) -> int:
    problems = 0
    async with looked_at(options) as replica:
        space = chosen_space(replica, options)
        place = (options.collection, options.id)
        document = await space.collection(options.collection).find_one(options.id)
        names: Iterable[str | None] = (options.field,)
        if options.field is None and document:
            names = document
        for name in names:
            explanation = await space.explain(place, name)
            problems += len(explanation.problems)
            output.result(explanation_json(explanation), explanation_text(explanation))
    if problems:
        raise IntegrityError(
            f"{problems} things do not fit what the segments held here say",
            hint="compare `syncore digest` with another device; the file may have been changed from outside",
        )
    return 0


async def _take_back(options: argparse.Namespace, output: Output, verb: str) -> int:
    async with owned(options, output) as replica:
        collection = chosen_space(replica, options).collection(options.collection)
        take_back = collection.undo if verb == "undo" else collection.redo
        outcome = await take_back(options.id)
        await replica.flush()
    _show(outcome, output, verb)
    return 0


def _show(outcome: UndoOutcome, output: Output, verb: str) -> None:
    changed = [
        {"collection": collection, "id": id_, "document": document and document_json(document)}
        for (collection, id_), document in outcome.documents.items()
    ]
    left = [
        {"collection": one.collection, "id": one.id, "field": one.field, "reason": one.reason}
        for one in outcome.left_alone
    ]
    done = {"undo": "undone", "redo": "done again"}[verb]
    lines = [f"{done}: {printable(collection)}/{printable(id_)}" for collection, id_ in outcome.documents]
    lines += [f"left alone: {printable(str(one))}" for one in outcome.left_alone]
    if outcome.was_empty:
        lines.append(f"nothing to {verb}")
    output.result({"action": verb, "changed": changed, "left_alone": left}, "\n".join(lines))
