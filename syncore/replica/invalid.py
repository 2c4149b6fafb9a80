"""The documents that do not fit what their collections ask for, listed without reading any other."""

from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass
from functools import partial

from syncore.core.identifiers import check_collection
from syncore.core.ports import SqlConnection
from syncore.core.problems import Problem
from syncore.documents.projection_encoding import decode_projection
from syncore.replica.live_lists import Listed, flat, watch_list
from syncore.replica.local_replica import LocalReplica
from syncore.replica.space_state import SpaceState
from syncore.replica.views import Change, Document, projection_of
from syncore.storage.document_rows import DocumentRows
from syncore.storage.invalid_rows import InvalidRow, InvalidRows

_PAGE = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class InvalidDocument:
    """A document that does not fit the schema or the validators of its collection. It is kept as it is.

    Attributes:
        document: The document.
        problems: What is wrong with it.
    """

    document: Document
    problems: tuple[Problem, ...]


async def list_invalid(replica: LocalReplica, space: int, collection: str | None) -> list[InvalidDocument]:
    """The documents of a space, or of one of its collections, that do not fit, by collection and id."""
    if collection is not None:
        check_collection(collection)
    return flat(await _list(replica, space, collection))


def watch_invalid(
    replica: LocalReplica, space: Callable[[], int], collection: str | None
) -> AsyncGenerator[list[InvalidDocument], None]:
    """The same now, and all of it again whenever it changes."""

    async def look(change: Change) -> list[InvalidDocument]:
        state = replica.spaces[space()]
        return [] if change.document is None else _judged(state, change.document)

    return watch_list(
        replica.hub, space, collection, make=lambda: _list(replica, space(), collection), look=look
    )


async def _list(replica: LocalReplica, space: int, collection: str | None) -> Listed[InvalidDocument]:
    found: Listed[InvalidDocument] = {}
    after = 0
    while True:
        number = replica.current_space(space)  # it may have been shared meanwhile
        page = await replica.read(partial(_page, number=number, collection=collection, after=after))
        state = replica.spaces[number]
        for row, data in page:
            # A reader may know the settings better than the file's owner did.
            judged = _judged(state, Document(state.id, row.key, decode_projection(data)))
            if judged:
                found[row.key.collection, row.key.id] = judged
        if len(page) < _PAGE:
            return found
        after = page[-1][0].document


def _judged(state: SpaceState, document: Document) -> list[InvalidDocument]:
    judge = state.judge(document.collection)
    problems = () if judge is None else judge.problems(projection_of(document))
    return [InvalidDocument(document=document, problems=problems)] if problems else []


def _page(
    sql: SqlConnection, *, number: int, collection: str | None, after: int
) -> list[tuple[InvalidRow, bytes]]:
    rows = DocumentRows(sql, number)
    found = InvalidRows(sql, number).page(collection, after=after, limit=_PAGE)
    return [(row, data) for row in found if (data := rows.projection(row.key)) is not None]
