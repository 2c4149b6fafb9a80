"""Turning the private space into a shared one.

Every document is made afresh under the new space's first incarnation. Ids and content are kept, history is
shed: nothing that was written before sharing leaves the device but what the documents hold now. All of it is
one transaction, so a crash leaves either the private space or the shared one.
"""

from collections.abc import Callable, Iterator, Mapping

from syncore.constraints.encoding import decode_standing
from syncore.core.errors import Misused
from syncore.core.identifiers import SETTINGS, DocumentKey
from syncore.core.limits import MAX_COMMIT_BYTES
from syncore.core.ports import Durability, SqlConnection
from syncore.documents.changes import Counter, List, Text
from syncore.documents.operations import FieldKind
from syncore.documents.projection import FieldValue, Projection
from syncore.documents.projection_encoding import decode_projection
from syncore.documents.resolution import Contest
from syncore.replica.committing import LocalCommits
from syncore.replica.constraint_building import complete
from syncore.replica.document_work import DocumentWork
from syncore.replica.intents import Intent, Verb
from syncore.replica.requests import CommitRequest
from syncore.replica.space_state import SpaceState
from syncore.storage.document_rows import DocumentRows
from syncore.storage.standing_rows import StandingRows

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


def share_documents(
    rows: DocumentRows,
    commits: LocalCommits,
    *,
    state: SpaceState,
    work: DocumentWork,
    sql: SqlConnection,
) -> None:
    """Commit the private space's live documents, which ``rows`` are, into the shared one.

    Raises:
        TooLarge: a document does not fit into a commit of its own.
    """
    for intents in intents_of_documents(rows):
        request = CommitRequest(state.number, intents, Durability.NORMAL)
        commits.commit_group([request], state=state, work=work, sql=sql, is_undoable=False)
        if request.failure is not None:
            raise request.failure
    complete(work)


def check_nothing_lacks(rows: DocumentRows) -> None:
    """Refuse to make documents afresh from what is only shown in the stead of something else.

    Raises:
        Misused: a rule of one of them cannot be carried out by this program.
    """
    collection = ""
    while found := rows.contested_collection(after=collection):
        collection = found
        lacking = rows.contested(collection, at_least=Contest.LACKING, after="", limit=1)
        if lacking:
            raise Misused(
                "sharing keeps what documents show, and a rule of"
                f" {collection}/{lacking[0].key.id} cannot be carried out here",
                hint="open the replica with all resolvers, or settle what conflicts() lists",
            )


def check_nothing_is_lost(sql: SqlConnection, space: int) -> None:
    """Refuse to make documents afresh that do not show what they hold, because another one has it.

    Raises:
        Misused: a document has lost a unique value.
    """
    documents, rows = DocumentRows(sql, space), StandingRows(sql, space)
    for document in rows.held_back():
        key = documents.key_of(document)
        stored = rows.find(key)
        if stored is not None and decode_standing(stored.standing).lost:
            raise Misused(
                f"sharing keeps what documents show, and a value of {key.collection}/{key.id} is not shown:"
                " another document has it",
                hint="give one of the two another value",
            )


def changes_of(projection: Projection) -> Mapping[str, object]:
    """What to insert to get a document with the same fields."""
    return {
        name: _MAKERS.get(projection.kinds.get(name, FieldKind.REGISTER), _as_is)(value)
        for name, value in projection.values.items()
    }


def _live_projections(rows: DocumentRows) -> Iterator[tuple[DocumentKey, bytes]]:
    for collection in (SETTINGS, *rows.collections()):  # settings first: by them the others are shown
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
