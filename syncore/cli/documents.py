"""``put``, ``get``, ``find`` and ``delete``: the commands that read and write documents."""

import argparse
import asyncio
from collections.abc import Mapping, Sequence

from syncore.cli.changes import assigned, wanted_document
from syncore.cli.opening import chosen_space, looked_at, owned
from syncore.cli.output import Output, printable
from syncore.cli.showing import document_table, document_text, siblings_json, siblings_text
from syncore.exchange.json_forms import shown_value
from syncore.exchange.json_lines import document_json
from syncore.query.expression_parsing import parse_expression
from syncore.query.expressions import Expression, both
from syncore.replica.arguments import checked_query
from syncore.replica.queries import Query
from syncore.replica.views import Document

_PAGE = 200
"""Documents whose columns are aligned together."""


def put(options: argparse.Namespace, output: Output) -> int:
    """Insert or update a document."""
    id_, changes = wanted_document(options)
    return asyncio.run(_put(options, output, id_, changes))


def get(options: argparse.Namespace, output: Output) -> int:
    """Show a document."""
    return asyncio.run(_get(options, output))


def find(options: argparse.Namespace, output: Output) -> int:
    """List documents, or count them."""
    expression = checked_query(
        {name: shown_value(change) for name, change in assigned(options, options.words)}
    )
    if options.where is not None:
        expression = both(expression, parse_expression(options.where))
    order = () if options.order is None else tuple(options.order.split(","))
    if options.count and options.explain:
        options.refuse("--count carries the query out, and --explain does not")
    return asyncio.run(_find(options, output, expression, order))


def delete(options: argparse.Namespace, output: Output) -> int:
    """Delete documents."""
    if options.seen is not None and len(options.ids) > 1:
        options.refuse("--seen goes with one document")
    return asyncio.run(_delete(options, output))


async def _put(
    options: argparse.Namespace, output: Output, id_: str | None, changes: Mapping[str, object]
) -> int:
    async with owned(options, output) as replica:
        documents = chosen_space(replica, options).collection(options.collection)
        # Nobody else writes meanwhile: the replica is ours, and not syncing.
        is_update = options.seen is not None or (
            id_ is not None and await documents.find_one(id_) is not None
        )
        if is_update and id_ is not None:
            document = await documents.update(id_, changes, seen=options.seen)
        else:
            document = await documents.insert(changes, id=id_)
        await replica.flush()
    action = "updated" if is_update else "inserted"
    place = {"collection": document.collection, "id": document.id}
    output.result(
        {**place, "action": action, "token": document.token},
        f"{action} {printable(document.collection)}/{printable(document.id)}",
    )
    return 0


async def _get(options: argparse.Namespace, output: Output) -> int:
    async with looked_at(options) as replica:
        documents = chosen_space(replica, options).collection(options.collection)
        document = await documents.get(options.id)
        siblings = {name: await documents.siblings(document, name) for name in document.conflicts}
    more: dict[str, object] = {"$siblings": siblings_json(siblings)} if siblings else {}
    text = document_text(document) + siblings_text(siblings)
    if options.token:
        more["$token"] = document.token
        text += f"\ntoken: {document.token}"
    output.result({**document_json(document), **more}, text)
    return 0


async def _find(
    options: argparse.Namespace, output: Output, expression: Expression, order: Sequence[str]
) -> int:
    async with looked_at(options) as replica:
        documents = chosen_space(replica, options).collection(options.collection)
        query = documents.find(expression, order_by=order, limit=options.limit)
        if options.explain:
            told = await query.explain()
            output.result({"explain": told}, "\n".join(map(printable, told.split("\n"))))
        elif options.count:
            count = await query.count()
            output.result({"count": count}, str(count))
        else:
            await _list(query, output)
    return 0


async def _list(query: Query[Document], output: Output) -> None:
    page: list[Document] = []
    found = 0
    async for document in query:
        found += 1
        if output.is_json:
            output.result(document_json(document))
            continue
        page.append(document)
        if len(page) == _PAGE:
            output.text(document_table(page))
            page = []
    if page:
        output.text(document_table(page))
    if not found:
        output.note("no documents")


async def _delete(options: argparse.Namespace, output: Output) -> int:
    async with owned(options, output) as replica:
        async with chosen_space(replica, options).transaction() as transaction:
            for id_ in options.ids:
                await transaction.delete((options.collection, id_), seen=options.seen)
        await replica.flush()
    for id_ in options.ids:
        record = {"collection": options.collection, "id": id_, "action": "deleted"}
        output.result(record, f"deleted {printable(options.collection)}/{printable(id_)}")
    return 0
