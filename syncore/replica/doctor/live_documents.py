"""The live documents of a collection that read, whatever is damaged beside them."""

from collections.abc import Iterator
from contextlib import suppress

from syncore.core.errors import SyncoreError
from syncore.replica.doctor.subject import PAGE_ROWS, Subject
from syncore.storage.document_rows import DocumentRows, ProjectionRow


def documents_of(subject: Subject, space: int, collection: str) -> Iterator[tuple[int, ProjectionRow]]:
    """The live documents of a collection, with their numbers, as far as they read."""
    rows, after = DocumentRows(subject.sql, space), ""
    while True:
        ids = [
            str(row[0])
            for row in subject.sql.rows(
                "SELECT id FROM documents WHERE space = ? AND collection = ? AND id > ? AND is_deleted = 0"
                " ORDER BY id LIMIT ?",
                (space, collection, after, PAGE_ROWS),
            )
        ]
        try:
            page = rows.numbered_page(collection, after=after, limit=len(ids))
        except SyncoreError:  # the examination of the documents tells of it
            page = []
            for before, _ in zip([after, *ids], ids, strict=False):
                with suppress(SyncoreError):
                    page += rows.numbered_page(collection, after=before, limit=1)
        yield from page
        if ids:
            after = ids[-1]
        if len(ids) < PAGE_ROWS:
            return
