"""``sql``: queries over a replica, as a table, as JSON lines or as CSV."""

import argparse
import asyncio
import base64
import csv
import io
import sys
from collections.abc import Iterator
from pathlib import Path

from syncore.cli.changes import json_or_text
from syncore.cli.opening import chosen_space, looked_at
from syncore.cli.output import Output, table
from syncore.cli.showing import cell
from syncore.codec.json_values import value_from_json
from syncore.core.errors import InvalidValue
from syncore.core.limits import KIB
from syncore.documents.projection import FieldValue
from syncore.exchange.json_forms import field_to_json
from syncore.sql.rows import SqlRows
from syncore.sql.service import DEFAULT_TIMEOUT_S

_WORDS = 2
_MAX_QUERY_CHARACTERS = 128 * KIB + 1
"""One more than any query may have, which then says so."""
_PAGE = 200
"""Rows whose columns are aligned together."""


def sql(options: argparse.Namespace, output: Output) -> int:
    """Answer one query."""
    words: list[str] = options.words
    if len(words) > _WORDS:
        options.refuse("give one query, in quotes, and before it at most the file")
    if len(words) == _WORDS:
        options.replica = Path(words[0])
    if options.csv and options.json:
        options.refuse("--csv and --json are two forms of one result")
    return asyncio.run(_sql(options, output, _read() if words[-1] == "-" else words[-1]))


async def _sql(options: argparse.Namespace, output: Output, query: str) -> int:
    parameters = [value_from_json(json_or_text(word)) for word in options.param]
    async with looked_at(options) as replica:
        rows = await chosen_space(replica, options).sql(
            query, parameters, limit=options.limit, timeout_s=options.timeout or DEFAULT_TIMEOUT_S
        )
    if output.is_json:
        names = unique(rows.columns)
        for row in rows:
            output.result({name: field_to_json(value, None) for name, value in zip(names, row, strict=True)})
    elif options.csv:
        for line in _csv_lines(rows):
            output.text(line)
    else:
        for start in range(0, len(rows), _PAGE):
            page = [[_shown(value) for value in row] for row in rows[start : start + _PAGE]]
            output.text(table(page, rows.columns))
        if not rows:
            output.note("no rows")
    if not rows.is_complete:
        output.note(f"there are more than {len(rows)} rows")
    return 0


def _read() -> str:
    try:
        return sys.stdin.read(_MAX_QUERY_CHARACTERS)
    except UnicodeDecodeError as error:
        raise InvalidValue("standard input is not UTF-8") from error


def unique(columns: tuple[str, ...]) -> list[str]:
    """The names of columns, a number behind each that was there before."""
    names: list[str] = []
    for column in columns:
        name, number = column, 1
        while name in names:
            number += 1
            name = f"{column}~{number}"
        names.append(name)
    return names


def csv_text(value: FieldValue) -> str:
    """A value in CSV: NULL is empty, bytes are base64, lists, dicts and sets are JSON."""
    match value:
        case None:
            return ""
        case bytes():
            return base64.b64encode(value).decode("ascii")
        case _:
            return cell(value)


def _csv_lines(rows: SqlRows) -> Iterator[str]:
    """Lines without their ends, as RFC 4180 has them but for those ends."""
    for values in (rows.columns, *rows):
        line = io.StringIO()
        csv.writer(line, lineterminator="").writerow([csv_text(value) for value in values])
        yield line.getvalue()


def _shown(value: FieldValue) -> str:
    return "" if value is None else cell(value)
