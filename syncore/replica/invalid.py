"""The documents that do not fit what their collections ask for, listed without reading any other."""

from dataclasses import dataclass
from functools import partial

from syncore.core.identifiers import check_collection
from syncore.core.ports import SqlConnection
from syncore.core.problems import Problem
from syncore.documents.projection_encoding import decode_projection
from syncore.replica.local_replica import LocalReplica
from syncore.replica.views import Document
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
    found: list[InvalidDocument] = []
    after = 0
    while True:
        number = replica.current_space(space)  # it may have been shared meanwhile
        page = await replica.read(partial(_page, number=number, collection=collection, after=after))
        state = replica.spaces[number]
        for row, data in page:
            projection = decode_projection(data)
            judge = state.judge(row.key.collection)
            problems = () if judge is None else judge.problems(projection)
            if problems:  # a reader may know the settings better than the file's owner did
                document = Document(state.id, row.key, projection)
                found.append(InvalidDocument(document=document, problems=problems))
        if len(page) < _PAGE:
            return sorted(found, key=lambda one: (one.document.collection, one.document.id))
        after = page[-1][0].document


def _page(
    sql: SqlConnection, *, number: int, collection: str | None, after: int
) -> list[tuple[InvalidRow, bytes]]:
    rows = DocumentRows(sql, number)
    found = InvalidRows(sql, number).page(collection, after=after, limit=_PAGE)
    return [(row, data) for row in found if (data := rows.projection(row.key)) is not None]
