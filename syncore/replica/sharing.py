"""Turning the private space into a shared one.

Every document is made afresh under the new space's first incarnation. Ids and content are kept, history is
shed: nothing that was written before sharing leaves the device but what the documents hold now. All of it is
one transaction, so a crash leaves either the private space or the shared one.
"""

from collections.abc import Callable, Iterator, Mapping

from syncore.core.identifiers import DocumentKey
from syncore.core.limits import MAX_COMMIT_BYTES
from syncore.documents.changes import Counter, List, Text
from syncore.documents.operations import FieldKind
from syncore.documents.projection import FieldValue, Projection
from syncore.documents.projection_encoding import decode_projection
from syncore.replica.intents import Intent, Verb
from syncore.storage.document_rows import DocumentRows

_PAGE = 512
_TARGET_BYTES = MAX_COMMIT_BYTES // 8
_TARGET_DOCUMENTS = 500
"""Documents a commit: projections and commits differ in size, so stay well below what a commit may hold."""


def intents_of_documents(rows: DocumentRows) -> Iterator[tuple[Intent, ...]]:
    """Inserts that make the live documents anew, in groups that fit into a commit each."""
    group: list[Intent] = []
    size_bytes = 0
    for key, encoded in _live_projections(rows):
        if group and (size_bytes + len(encoded) > _TARGET_BYTES or len(group) >= _TARGET_DOCUMENTS):
            yield tuple(group)
            group, size_bytes = [], 0
        group.append(Intent(verb=Verb.INSERT, key=key, changes=changes_of(decode_projection(encoded))))
        size_bytes += len(encoded)
    if group:
        yield tuple(group)


def changes_of(projection: Projection) -> Mapping[str, object]:
    """What to insert to get a document with the same fields."""
    return {
        name: _MAKERS.get(projection.kinds.get(name, FieldKind.REGISTER), _as_is)(value)
        for name, value in projection.values.items()
    }


def _live_projections(rows: DocumentRows) -> Iterator[tuple[DocumentKey, bytes]]:
    for collection in rows.collections():
        after = ""
        while page := rows.page(collection, after=after, limit=_PAGE):
            for row in page:
                yield row.key, row.projection
            after = page[-1].key.id


def _as_is(value: FieldValue) -> object:
    return value


def _counter(value: FieldValue) -> object:
    assert isinstance(value, int)
    return Counter(value)


def _text(value: FieldValue) -> object:
    assert isinstance(value, str)
    return Text(value)


def _list(value: FieldValue) -> object:
    assert isinstance(value, list)
    return List(value)


_MAKERS: Mapping[FieldKind, Callable[[FieldValue], object]] = {
    FieldKind.COUNTER: _counter,
    FieldKind.TEXT: _text,
    FieldKind.LIST: _list,
}
