"""The documents that one write transaction touches: loaded once, changed in memory, written at its end.

A held document has a visible side (confirmed content with our pending commits applied) and, while commits of
ours are pending on it, a confirmed record of its own. Confirmed rich content is never held: its updates are
appended to the file.
"""

from dataclasses import dataclass, field

from syncore.cache.least_recent import LeastRecentCache
from syncore.core.commits import Commit, Entry, EntryKind
from syncore.core.hybrid_clock import HybridTime
from syncore.core.identifiers import DocumentKey, Dot, Writer
from syncore.core.limits import MAX_RICH_TAIL_UPDATES
from syncore.core.ports import SqlConnection
from syncore.documents.document import Document
from syncore.documents.operations import RecordEntry, RichEntry, decode_record_entry, decode_rich_entry
from syncore.documents.projection import Projection
from syncore.documents.projection_encoding import encode_projection
from syncore.documents.record import Record
from syncore.documents.record_encoding import decode_record, encode_record
from syncore.documents.resolution import ResolutionContext
from syncore.documents.rich import RichPart
from syncore.protocol.commit_codec import decode_commit
from syncore.replica.space_state import SpaceState
from syncore.storage.document_rows import DocumentRows
from syncore.storage.pending_rows import PendingRows

DecodedEntry = RecordEntry | RichEntry


@dataclass(slots=True)
class HeldDocument:
    """A document in memory.

    Attributes:
        row: Its local row number; None until it is first written.
        visible: What programs see of it.
        confirmed: The confirmed record; None while nothing is pending, when the visible record is the
            confirmed one.
    """

    row: int | None
    visible: Document
    confirmed: Record | None = None


DocumentCache = LeastRecentCache[DocumentKey, HeldDocument]


@dataclass(slots=True)
class _Touched:
    """What the transaction did to a held document."""

    held: HeldDocument
    is_visible_changed: bool = False
    is_confirmed_changed: bool = False
    rich_updates: list[bytes] = field(default_factory=list)
    clocks: dict[Writer, dict[int, int]] = field(default_factory=dict)


class DocumentWork:
    """The documents of one space inside one transaction."""

    def __init__(
        self, sql: SqlConnection, state: SpaceState, cache: DocumentCache, context: ResolutionContext
    ) -> None:
        """Work within ``sql``; ``context`` is what resolving conflicts may know."""
        self.rows = DocumentRows(sql, state.number)
        self.pending = PendingRows(sql, state.number)
        self._state = state
        self._cache = cache
        self.context = context
        self._touched: dict[DocumentKey, _Touched] = {}
        self.changed: dict[DocumentKey, Projection] = {}

    def hold(self, key: DocumentKey) -> HeldDocument:
        """The document, from memory or from the file."""
        held = self._cache.get(key)
        if held is None:
            held = self._load(key)
            self._cache.put(key, held)
        return held

    def note_local(self, key: DocumentKey) -> None:
        """Before a local commit changes the visible side: keep the confirmed record apart, or mark it as
        changed."""
        held = self.hold(key)
        touched = self._touch(key)
        touched.is_visible_changed = True
        if self._state.is_private:
            touched.is_confirmed_changed = True
        elif held.confirmed is None:
            held.confirmed = held.visible.record.copy()

    def note_private_rich(self, entry: RichEntry) -> None:
        """Append a rich delta of a private commit, which is confirmed at once."""
        self._touch(entry.key).rich_updates.append(entry.update)

    def apply_remote(self, entry: DecodedEntry, *, dot: Dot, time: HybridTime, segment_end: int) -> None:
        """Merge an entry of somebody else's segment into both sides."""
        held = self.hold(entry.key)
        self._apply_confirmed(entry, dot=dot, time=time, segment_end=segment_end)
        if held.confirmed is not None or isinstance(entry, RichEntry):
            held.visible.apply(entry, dot=dot, time=time)
        self._touch(entry.key).is_visible_changed = True

    def confirm_own(self, entry: DecodedEntry, *, dot: Dot, time: HybridTime, segment_end: int) -> None:
        """Merge a pending entry of ours, which is visible already, into the confirmed side."""
        held = self.hold(entry.key)
        assert held.confirmed is not None
        self._apply_confirmed(entry, dot=dot, time=time, segment_end=segment_end)

    def settle(self, key: DocumentKey) -> None:
        """After pending commits were removed: let both sides be one again if none is left on this document."""
        held = self.hold(key)
        if held.row is not None and not self.pending.touches(held.row):
            held.confirmed = None

    def row_of(self, key: DocumentKey) -> int:
        """The row of a document that is stored."""
        row = self.hold(key).row
        assert row is not None
        return row

    def clock_at(self, key: DocumentKey, writer: Writer, number: int) -> int:
        """A writer's rich clock in a document once its commits up to ``number`` (a segment's end) are in."""
        held = self.hold(key)
        touched = self._touched.get(key)
        if touched is not None:
            reached = [end for end in touched.clocks.get(writer, ()) if end <= number]
            if reached:
                return touched.clocks[writer][max(reached)]
        return 0 if held.row is None else self.rows.clock_at(held.row, writer, number)

    def own_clock(self, key: DocumentKey, writer: Writer) -> int:
        """A writer's rich clock in the confirmed document as it is now."""
        held = self.hold(key)
        record = held.visible.record if held.confirmed is None else held.confirmed
        return record.clocks.get(writer, 0)

    def flush(self) -> dict[DocumentKey, Projection]:
        """Write what was touched; the new projections of the documents whose visible side changed."""
        changed: dict[DocumentKey, Projection] = {}
        for key, touched in self._touched.items():
            if touched.is_visible_changed:
                changed[key] = self._write_visible(key, touched.held)
            if touched.is_confirmed_changed:
                self._write_confirmed(touched)
        self._touched.clear()
        self.changed.update(changed)
        return changed

    def forget_all(self) -> None:
        """Forget all memory: our writer changed, or pending commits left the log. Flush first."""
        assert not self._touched, "flush first"
        self._cache.clear()

    def reload(self, documents: set[int]) -> None:
        """Count the documents with these rows as visibly changed; they are loaded anew."""
        for document in sorted(documents):
            self._touch(self.rows.key_of(document)).is_visible_changed = True

    def evict(self, keys: list[DocumentKey]) -> None:
        """Forget documents whose memory may be ahead of the file."""
        for key in keys:
            self._cache.discard(key)
            self._touched.pop(key, None)

    def evict_touched(self) -> None:
        """Forget everything that this transaction touched, because it failed."""
        self.evict(list(self._touched))

    def _touch(self, key: DocumentKey) -> _Touched:
        touched = self._touched.get(key)
        if touched is None:
            touched = self._touched[key] = _Touched(self.hold(key))
        return touched

    def _apply_confirmed(self, entry: DecodedEntry, *, dot: Dot, time: HybridTime, segment_end: int) -> None:
        touched = self._touch(entry.key)
        touched.is_confirmed_changed = True
        held = touched.held
        if isinstance(entry, RichEntry):
            touched.rich_updates.append(entry.update)
            touched.clocks.setdefault(dot.writer, {})[segment_end] = entry.clock_after
            if held.confirmed is not None:
                held.confirmed.note_rich(dot, entry.clock_after)
        else:
            record = held.visible.record if held.confirmed is None else held.confirmed
            record.apply_operations(entry.operations, dot=dot, time=time)

    def _write_visible(self, key: DocumentKey, held: HeldDocument) -> Projection:
        projection = held.visible.project(self.context)
        encoded = encode_projection(projection)
        if held.row is None:
            held.row = self.rows.add(key, encoded, is_deleted=not held.visible.is_live)
        else:
            self.rows.write_projection(held.row, encoded, is_deleted=not held.visible.is_live)
        return projection

    def _write_confirmed(self, touched: _Touched) -> None:
        held = touched.held
        assert held.row is not None
        record = held.visible.record if held.confirmed is None else held.confirmed
        self.rows.write_state(held.row, encode_record(record))
        tail = 0
        for update in touched.rich_updates:
            tail = self.rows.append_rich(held.row, update)
        if not self._state.is_private:
            for writer, clocks in touched.clocks.items():
                for number, clock in clocks.items():
                    self.rows.note_clock(held.row, writer, number, clock)
        if tail > MAX_RICH_TAIL_UPDATES:
            self._fold(held)

    def _fold(self, held: HeldDocument) -> None:
        assert held.row is not None
        rich = held.visible.rich
        if held.confirmed is not None or rich is None:
            rich = RichPart.load(self.rows.rich_updates(held.row), self._state.writer)
        self.rows.fold_rich(held.row, rich.state())

    def _load(self, key: DocumentKey) -> HeldDocument:
        row = self.rows.row_of(key)
        if row is None:
            return HeldDocument(None, Document(key, writer=self._state.writer))
        encoded = self.rows.state(row)
        record = Record() if encoded is None else decode_record(encoded)
        pending = self.pending.of_document(row)
        confirmed = record.copy() if pending else None
        updates = self.rows.rich_updates(row)
        for pending_row in pending:
            commit = decode_commit(pending_row.body)
            updates += _replay(commit, key, pending_row.dot, record)
        rich = RichPart.load(updates, self._state.writer) if record.clocks else None
        return HeldDocument(
            row, Document(key, writer=self._state.writer, record=record, rich=rich), confirmed
        )


def decode_entry(entry: Entry) -> DecodedEntry | None:
    """The entry as this version understands it, or None for a kind that it does not know.

    Raises:
        Malformed: of a known kind, but not its encoding.
    """
    if entry.kind == EntryKind.RECORD:
        return decode_record_entry(entry.body)
    if entry.kind == EntryKind.RICH:
        return decode_rich_entry(entry.body)
    return None


def decode_entries(commit: Commit) -> list[DecodedEntry]:
    """The entries of a commit that this version understands."""
    return [decoded for decoded in map(decode_entry, commit.entries) if decoded is not None]


def _replay(commit: Commit, key: DocumentKey, dot: Dot, record: Record) -> list[bytes]:
    """Apply a pending commit's entries for one document to its record; the rich updates among them."""
    updates = []
    for entry in decode_entries(commit):
        if entry.key != key:
            continue
        if isinstance(entry, RichEntry):
            record.note_rich(dot, entry.clock_after)
            updates.append(entry.update)
        else:
            record.apply_operations(entry.operations, dot=dot, time=commit.time)
    return updates
