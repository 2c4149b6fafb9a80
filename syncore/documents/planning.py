"""How a program's writes to a document become the entries of one commit.

Owns a plan: any number of inserts, updates and deletions of one document in one transaction, which come out
as one record entry and one rich entry at most. Everything is validated, and shown to the transaction's own
reads, before the document is touched. Until :meth:`DocumentPlan.commit` a plan can be dropped without a
trace.

Knows nothing of transactions, of storage, or of other documents.
"""

from collections.abc import Mapping
from dataclasses import replace

from syncore.core.commits import Entry, EntryKind
from syncore.core.errors import DocumentExists, DocumentNotFound, Misused, TooLarge
from syncore.core.hybrid_clock import HybridTime
from syncore.core.identifiers import Dot
from syncore.core.limits import MAX_COMMIT_BYTES
from syncore.core.vectors import Vector
from syncore.documents.document import NO_CONTEXT, Document
from syncore.documents.drafts import Draft
from syncore.documents.field_planning import apply_change
from syncore.documents.operations import RecordEntry, encode_record_entry, encode_rich_entry
from syncore.documents.projection import Projection, project
from syncore.documents.resolution import ResolutionContext
from syncore.documents.rich_commit import check_edits, make_edits

Changes = Mapping[str, object]
"""By field: a value, one of :mod:`syncore.documents.changes`, or a tuple of them."""


class DocumentPlan:
    """What one transaction does to one document.

    Each call either takes effect as a whole or raises and changes nothing. ``seen`` is the vector of a
    projection that the change was decided upon: only what it covers is replaced, the rest stays beside it.
    None stands for everything that is visible. Positions in texts and lists always refer to what is visible.
    """

    def __init__(self, document: Document, *, context: ResolutionContext = NO_CONTEXT) -> None:
        """Plan upon a document's visible state; it must be loaded, and stay as it is until the commit."""
        assert document.is_loaded
        self._document = document
        self._context = context
        self._draft: Draft | None = None

    @property
    def is_changed(self) -> bool:
        """Whether there is anything to commit."""
        return self._draft is not None

    def insert(self, changes: Changes) -> None:
        """Make the document, which must not be there; over a deleted one, nothing of the old content stays.

        Raises:
            DocumentExists: it is there.
            InvalidName, InvalidChange, InvalidValue, TooLarge: a change cannot be made.
        """
        if self._is_live():
            raise DocumentExists(f"document {self._document.key.id!r} exists already", key=self._document.key)
        draft = self._start()
        draft.restore(None)
        draft.unset_all()
        self._change(draft, changes, None)

    def update(self, changes: Changes, *, seen: Vector | None = None) -> None:
        """Change fields of the document.

        Raises:
            DocumentNotFound: it is not there.
            InvalidName, InvalidChange, InvalidValue, TooLarge: a change cannot be made.
            Exception: whatever a function given to ``rewrite`` raises.
        """
        self._expect_live()
        draft = self._start()
        draft.restore(seen)
        self._change(draft, changes, seen)

    def delete(self, *, seen: Vector | None = None) -> None:
        """Delete the document. An update that was not seen keeps it alive.

        Raises:
            DocumentNotFound: it is not there.
        """
        self._expect_live()
        draft = self._start()
        draft.delete(seen)
        self._draft = draft

    def preview(self) -> Projection:
        """The document as the transaction itself reads it; its vector does not cover what is planned."""
        if self._draft is None:
            return self._document.project(self._context)
        projection = project(self._draft.record, self._draft.contents, self._context)
        return replace(projection, vector=dict(self._document.record.vector))

    def commit(self, *, dot: Dot, time: HybridTime) -> tuple[Entry, ...]:
        """Apply the plan to the document; the plan is spent.

        Args:
            dot: The commit; its writer is the document's.
            time: The commit's reading of the clock.

        Returns:
            The record entry, the rich entry, or both in this order.

        Raises:
            TooLarge: an entry would be over the limit of a commit; nothing was changed.
            IntegrityError: the rich part broke; the document object must not be used any further.
        """
        document, draft = self._document, self._draft
        if draft is None:
            raise Misused("there is nothing to commit, or it was committed before")
        assert dot.writer == document.writer
        entries = []
        operations = draft.operations
        if operations or not draft.edits:
            body = encode_record_entry(RecordEntry(key=document.key, operations=operations))
            entries.append(Entry(EntryKind.RECORD, _bounded(body)))
        check_edits(document, draft.edits)
        self._draft = None
        rich_entry = make_edits(document, draft.edits)
        if entries:
            document.record.apply_operations(operations, dot=dot, time=time)
        if rich_entry is not None:
            document.note_rich(dot, rich_entry.clock_after)
            entries.append(Entry(EntryKind.RICH, _bounded(encode_rich_entry(rich_entry))))
        return tuple(entries)

    def _is_live(self) -> bool:
        if self._draft is None:
            return self._document.is_live
        return bool(self._draft.record.vector) and not self._draft.record.is_deleted

    def _expect_live(self) -> None:
        if not self._is_live():
            raise DocumentNotFound(
                f"{self._document.key.collection} has no document {self._document.key.id!r}",
                key=self._document.key,
            )

    def _start(self) -> Draft:
        """A draft to change, kept only when all goes well."""
        return Draft.begin(self._document) if self._draft is None else self._draft.copy()

    def _change(self, draft: Draft, changes: Changes, seen: Vector | None) -> None:
        for name, change in changes.items():
            apply_change(draft, name, change, seen=seen, context=self._context)
        draft.touch()
        self._draft = draft


def _bounded(body: bytes) -> bytes:
    if len(body) > MAX_COMMIT_BYTES:
        raise TooLarge(f"a change of one document takes {len(body)} bytes; {MAX_COMMIT_BYTES} are allowed")
    return body
