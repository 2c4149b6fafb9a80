"""``invalid``, and what ``configure --schema`` reads: documents and the schemas that they are to fit."""

import argparse
import asyncio
from pathlib import Path

from syncore.cli.opening import chosen_space, looked_at
from syncore.cli.output import Output, printable
from syncore.codec.json_values import Json, parse_json
from syncore.core.errors import InvalidSchema, InvalidValue, StorageError
from syncore.core.limits import MAX_SCHEMA_BYTES
from syncore.core.problems import Problem

_MAX_FILE_BYTES = 4 * MAX_SCHEMA_BYTES
"""A schema with all the spaces that people put into one."""


def invalid(options: argparse.Namespace, output: Output) -> int:
    """List the documents that do not fit what their collection asks for."""
    return asyncio.run(_invalid(options, output))


def read_schema(path: Path) -> dict[str, Json]:
    """The schema in a file.

    Raises:
        StorageError: the file cannot be read.
        InvalidSchema: it holds no JSON object, or more than a schema can be.
    """
    try:
        with path.open("rb") as file:
            data = file.read(_MAX_FILE_BYTES + 1)
    except OSError as error:
        raise StorageError(f"{path} cannot be read: {error.strerror or error}") from error
    if len(data) > _MAX_FILE_BYTES:
        raise InvalidSchema(f"{path} is larger than a schema can be")
    try:
        found = parse_json(data.decode("utf-8-sig"))
    except (InvalidValue, UnicodeDecodeError) as error:
        reason = error.message if isinstance(error, InvalidValue) else "it is not UTF-8"
        raise InvalidSchema(f"{path} holds no JSON: {reason}") from error
    if not isinstance(found, dict):
        raise InvalidSchema(f"{path} holds no schema: that is a JSON object")
    return found


async def _invalid(options: argparse.Namespace, output: Output) -> int:
    async with looked_at(options) as replica:
        found = await chosen_space(replica, options).invalid(options.collection)
    for one in found:
        document = one.document
        output.result(
            {
                "collection": document.collection,
                "id": document.id,
                "problems": [_json(problem) for problem in one.problems],
            },
            "\n".join(
                [
                    f"{printable(document.collection)}/{printable(document.id)}",
                    *(f"  {printable(str(problem))}" for problem in one.problems),
                ]
            ),
        )
    if not found:
        output.note("every document fits")
    return 0


def _json(problem: Problem) -> dict[str, object]:
    return {"path": list(problem.path), "expected": problem.expected, "message": str(problem)}
