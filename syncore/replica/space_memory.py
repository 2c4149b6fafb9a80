"""What is kept in memory of a space's documents: bounded, and made again from the file when it is not there.

A held document has a visible side (confirmed content with our pending commits applied) and, while commits of
ours are pending on it, a confirmed record of its own. Confirmed rich content is never held: its updates are
appended to the file.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from syncore.cache.least_recent import LeastRecentCache
from syncore.core.hybrid_clock import HybridTime
from syncore.core.identifiers import DocumentKey, Dot, Writer
from syncore.core.lean import lean_dataclass
from syncore.core.limits import MAX_CACHED_DOCUMENTS
from syncore.documents.document import Document
from syncore.documents.entries import RichEntry
from syncore.documents.record import Record
from syncore.documents.record_encoding import decode_record
from syncore.documents.rich import RichPart
from syncore.protocol.commit_codec import decode_commit
from syncore.replica.entries import DecodedEntry, decode_entries
from syncore.storage.document_rows import DocumentRows
from syncore.storage.long_projections import LongProjections
from syncore.storage.pending_rows import PendingRow, PendingRows

if TYPE_CHECKING:
    from syncore.replica.index_upkeep import Indexed

MAX_SMALL_COMMITS = 4_096
"""Pending commits kept decoded between being checked, sealed and confirmed: as many as can be under way."""
MAX_LARGE_COMMITS = 16
"""The same for those that touch many documents: one that imported a thousand is needed for each of them."""
MAX_SMALL_ENTRIES = 8
"""Up to this many documents a commit counts as small."""


@dataclass(slots=True)
class HeldDocument:
    """A document in memory.

    Attributes:
        row: Its local row number; None until it is first written.
        visible: What programs see of it.
        confirmed: The confirmed record; None while nothing is pending, when the visible record is the
            confirmed one.
        undo_count: How many of its changes the undo log holds; None before anybody counted.
        indexed: What its stored projection has in indexes, as far as that is known.
        is_invalid: Whether it is noted as not fitting its collection's schema; None before anybody looked.
    """

    row: int | None
    visible: Document
    confirmed: Record | None = None
    undo_count: int | None = None
    indexed: "Indexed | None" = None
    is_invalid: bool | None = None

    @property
    def confirmed_record(self) -> Record:
        """The confirmed record, whichever side holds it."""
        return self.visible.record if self.confirmed is None else self.confirmed


@lean_dataclass(frozen=True, slots=True)
class DecodedCommit:
    """A pending commit, its entries by document."""

    dot: Dot
    time: HybridTime
    entries: dict[DocumentKey, list[DecodedEntry]]


class SpaceMemory:
    """The documents and the decoded pending commits of one space that were used last.

    Attributes:
        documents: The documents by key.
        long: Their long projections, as the file holds them.
    """

    def __init__(self, capacity: int = MAX_CACHED_DOCUMENTS) -> None:
        """Start empty."""
        self.documents: LeastRecentCache[DocumentKey, HeldDocument] = LeastRecentCache(capacity)
        self.long = LongProjections()
        self._small: LeastRecentCache[int, DecodedCommit] = LeastRecentCache(MAX_SMALL_COMMITS)
        self._large: LeastRecentCache[int, DecodedCommit] = LeastRecentCache(MAX_LARGE_COMMITS)

    def clear(self) -> None:
        """Forget everything."""
        self.documents.clear()
        self.long = LongProjections()
        self._small.clear()
        self._large.clear()

    def forget_verdicts(self, collection: str) -> None:
        """Forget whether documents of a collection fit: something else is asked of them."""
        for key, held in self.documents.items():
            if key.collection == collection:
                held.is_invalid = None

    def decoded(self, row: PendingRow) -> DecodedCommit:
        """A pending commit, decoded now or before."""
        found = self._small.get(row.sequence) or self._large.get(row.sequence)
        if found is None or found.dot != row.dot:
            commit = decode_commit(row.body)
            found = self.remember(row, commit.time, decode_entries(commit))
        return found

    def remember(self, row: PendingRow, time: HybridTime, entries: Iterable[DecodedEntry]) -> DecodedCommit:
        """Keep a pending commit that was decoded."""
        decoded = DecodedCommit(row.dot, time, {})
        for entry in entries:
            decoded.entries.setdefault(entry.key, []).append(entry)
        cache = self._small if len(decoded.entries) <= MAX_SMALL_ENTRIES else self._large
        cache.put(row.sequence, decoded)
        cache.trim()
        return decoded

    def load(
        self, key: DocumentKey, rows: DocumentRows, pending: PendingRows, writer: Writer
    ) -> HeldDocument:
        """The document as the file holds it.

        Raises:
            IntegrityError: what is stored of it is damaged.
        """
        row = rows.row_of(key)
        if row is None:
            return HeldDocument(None, Document(key, writer=writer))
        record = load_record(rows, row)
        commits = [self.decoded(pending_row) for pending_row in pending.of_document(row)]
        confirmed = record.copy() if commits else None
        updates = rows.rich_updates(row)
        for commit in commits:
            updates += _replay(commit, key, record)
        rich = RichPart.load(updates, writer) if record.clocks else None
        return HeldDocument(row, Document(key, writer=writer, record=record, rich=rich), confirmed)


def load_record(rows: DocumentRows, row: int) -> Record:
    """A document's confirmed record."""
    encoded = rows.state(row)
    return Record() if encoded is None else decode_record(encoded)


def _replay(commit: DecodedCommit, key: DocumentKey, record: Record) -> list[bytes]:
    """Apply a pending commit's entries for one document to its record; the rich updates among them."""
    updates = []
    for entry in commit.entries.get(key, ()):
        if isinstance(entry, RichEntry):
            record.note_rich(commit.dot, entry.clock_after)
            updates.append(entry.update)
        else:
            record.apply_operations(entry.operations, dot=commit.dot, time=commit.time)
    return updates
