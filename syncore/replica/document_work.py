"""The documents that one transaction touches: loaded when needed, changed in memory, written at its end."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from syncore.core.hybrid_clock import HybridTime
from syncore.core.identifiers import SETTINGS, DocumentKey, Dot, Writer
from syncore.core.limits import MAX_RICH_TAIL_UPDATES
from syncore.core.ports import SqlConnection
from syncore.documents.operations import RichEntry
from syncore.documents.planning import DocumentPlan
from syncore.documents.projection import Projection
from syncore.documents.projection_encoding import decode_projection, encode_projection
from syncore.documents.record import Record
from syncore.documents.record_encoding import encode_record
from syncore.documents.resolution import Contest, ResolutionContext
from syncore.documents.rich import RichPart
from syncore.documents.rule_encoding import read_rules
from syncore.documents.rules import NO_RULES
from syncore.replica.entries import DecodedEntry
from syncore.replica.index_upkeep import IndexUpkeep
from syncore.replica.judging import refuse_new_problems
from syncore.replica.space_memory import DecodedCommit, HeldDocument, SpaceMemory, load_record
from syncore.replica.space_state import SpaceState
from syncore.storage.document_rows import DocumentRows
from syncore.storage.invalid_rows import InvalidRows
from syncore.storage.log_rows import LogRows
from syncore.storage.pending_rows import LoggedCommit, PendingRow, PendingRows

_JUDGED_PAGE = 256


@dataclass(slots=True)
class _Touched:
    """What the transaction did to a document.

    Attributes:
        held: The document in memory; None when only its confirmed record was needed.
        row: Its row, if ``held`` is None.
        record: Its confirmed record, if ``held`` is None.
        is_visible_changed: Whether programs see it differently.
        is_confirmed_changed: Whether its state row has to be written.
        rich_updates: Rich deltas to append to its confirmed rich part.
        clocks: Where writers' rich clocks stand, by the end of the segment that brought them there.
    """

    held: HeldDocument | None
    row: int = 0
    record: Record = field(default_factory=Record)
    is_visible_changed: bool = False
    is_confirmed_changed: bool = False
    rich_updates: list[bytes] = field(default_factory=list)
    clocks: dict[Writer, dict[int, int]] = field(default_factory=dict)

    @property
    def confirmed_record(self) -> Record:
        return self.record if self.held is None else self.held.confirmed_record


class DocumentWork:
    """The documents of one space inside one transaction.

    Attributes:
        rows: The stored documents.
        pending: The pending log.
        log: What is held of the space's log.
        context: What resolving conflicts may know.
        changed: The projections of what :meth:`flush` found visibly changed so far.
        ruled: The collections whose settings changed, and whose documents may show something else now.
        rejudged: Those among them of whose documents something else is asked now.
        invalid: Which documents do not fit.
    """

    def __init__(
        self, sql: SqlConnection, state: SpaceState, memory: SpaceMemory, context: ResolutionContext
    ) -> None:
        """Work within ``sql``."""
        self.rows = DocumentRows(sql, state.number, memory.long)
        self.pending = PendingRows(sql, state.number)
        self.log = LogRows(sql, state.number)
        self.context = context
        self.changed: dict[DocumentKey, Projection] = {}
        self.ruled: set[str] = set()
        self.rejudged: set[str] = set()
        self.invalid = InvalidRows(sql, state.number)
        self._state = state
        self._memory = memory
        self._upkeep = IndexUpkeep(sql, state.number, state.indexes, self.rows)
        self._touched: dict[DocumentKey, _Touched] = {}
        self._unwritten: dict[int, Projection] = {}  # by the document's row
        self._unlogged: list[LoggedCommit] = []
        self._checked: dict[DocumentKey, bool] = {}  # whether what a plan makes of a document is invalid

    def hold(self, key: DocumentKey) -> HeldDocument:
        """The document, from memory or from the file."""
        held = self._memory.documents.get(key)
        if held is None:
            touched = self._touched.pop(key, None)
            if touched is not None:  # known by its confirmed record alone, which the file has to hold first
                self._write_confirmed(touched)
            held = self._memory.load(key, self.rows, self.pending, self._state.writer)
            self._memory.documents.put(key, held)
        return held

    def note_local(self, key: DocumentKey) -> None:
        """Keep the confirmed record apart, or mark it, before a commit changes the visible side."""
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
        touched = self._touch(entry.key)
        held = touched.held
        assert held is not None, "a document that is touched by its record alone is not held"
        self._apply_confirmed(touched, entry, dot=dot, time=time, segment_end=segment_end)
        if held.confirmed is not None or isinstance(entry, RichEntry):
            held.visible.apply(entry, dot=dot, time=time)
        touched.is_visible_changed = True

    def confirm_own(self, entry: DecodedEntry, *, dot: Dot, time: HybridTime, segment_end: int) -> None:
        """Merge a pending entry of ours, which is visible already, into the confirmed side."""
        touched = self._touch_confirmed(entry.key)
        assert touched.held is None or touched.held.confirmed is not None
        self._apply_confirmed(touched, entry, dot=dot, time=time, segment_end=segment_end)

    def decoded(self, row: PendingRow) -> DecodedCommit:
        """A pending commit's entries by document."""
        return self._memory.decoded(row)

    def remember(self, row: PendingRow, time: HybridTime, entries: Iterable[DecodedEntry]) -> None:
        """Keep the entries of a pending commit, which will be needed again when it is confirmed."""
        self._memory.remember(row, time, entries)

    def settle(self, key: DocumentKey) -> None:
        """Let both sides be one again if no pending commit is left on this document."""
        held = self._memory.documents.get(key)
        if held is not None and held.row is not None and not self.pending.touches(held.row):
            held.confirmed = None

    def row_of(self, key: DocumentKey) -> int:
        """The row of a document that is stored."""
        held = self._memory.documents.get(key)
        row = self.rows.row_of(key) if held is None else held.row
        assert row is not None
        return row

    def clock_at(self, key: DocumentKey, writer: Writer, number: int) -> int:
        """A writer's rich clock in a document once its commits up to ``number`` (a segment's end) are in."""
        touched = self._touched.get(key)
        if touched is not None:
            reached = [end for end in touched.clocks.get(writer, ()) if end <= number]
            if reached:
                return touched.clocks[writer][max(reached)]
        row = self.rows.row_of(key)
        return 0 if row is None else self.rows.clock_at(row, writer, number)

    def own_clock(self, key: DocumentKey, writer: Writer) -> int:
        """A writer's rich clock in the confirmed document as it is now."""
        return self.hold(key).confirmed_record.clocks.get(writer, 0)

    def rich_part(self, key: DocumentKey) -> RichPart | None:
        """The document's texts and lists as programs see them, all that is confirmed among them."""
        return self.hold(key).visible.rich

    def log_local(
        self, row: PendingRow, projections: Iterable[DocumentKey], steps: bytes | None = None
    ) -> None:
        """Add a commit of ours, whose documents were shown, to the pending log; :meth:`flush` writes it."""
        self._unlogged.append(LoggedCommit(row, [self.row_of(key) for key in projections], steps))

    def flush(self) -> dict[DocumentKey, Projection]:
        """Write everything; what :meth:`show` found."""
        changed = self.show()
        self._write_log()
        self._upkeep.flush()
        self.rows.write_projections(
            (row, encode_projection(projection), not projection.is_live, projection.contest)
            for row, projection in self._unwritten.items()
        )
        self._unwritten.clear()
        return changed

    def show(self) -> dict[DocumentKey, Projection]:
        """The new projections of the documents whose visible side changed since the last time.

        They are written by :meth:`flush`: what many commits of one transaction change is written once. Where
        settings are among it, contested documents written before them still show by the old ones:
        :attr:`ruled` names their collections.
        """
        changed: dict[DocumentKey, Projection] = {}
        for key, touched in self._touched.items():
            if touched.is_visible_changed and touched.held is not None:
                changed[key] = self._show(key, touched.held)
            if touched.is_confirmed_changed:
                self._write_confirmed(touched)
        self._touched.clear()
        self.changed.update(changed)
        return changed

    def refresh(self, key: DocumentKey, contest: int) -> None:
        """Write what a document shows, if that is not what is stored, by the settings as they are now."""
        held = self.hold(key)
        projection = self._project(key, held)
        encoded = encode_projection(projection)
        if projection.contest != contest or encoded != self.rows.projection(key):
            self.changed[key] = projection
            assert held.row is not None
            shown = held.row, encoded, not projection.is_live, projection.contest
            self._upkeep.note(key, held, projection)
            self._upkeep.flush()
            self.rows.write_projections([shown])
            if self._state.rules:
                self._judge(key, held, projection)

    def trim(self) -> None:
        """Let documents be forgotten that need not be in memory. Flush first."""
        assert not self._has_unwritten, "flush first"
        self._memory.documents.trim()

    def forget_all(self) -> None:
        """Forget all memory: our writer changed, or pending commits left the log. Flush first."""
        assert not self._has_unwritten, "flush first"
        self._memory.clear()

    def reload(self, documents: set[int]) -> None:
        """Count the documents with these rows as visibly changed; they are loaded anew."""
        for document in sorted(documents):
            self._touch(self.rows.key_of(document)).is_visible_changed = True

    def evict(self, keys: list[DocumentKey]) -> None:
        """Forget documents whose memory may be ahead of the file."""
        self._write_log()  # from which they will be loaded
        for key in keys:
            self._memory.documents.discard(key)
            self._touched.pop(key, None)
            self._checked.pop(key, None)

    @property
    def _has_unwritten(self) -> bool:
        return bool(self._touched or self._unwritten or self._unlogged)

    def _touch(self, key: DocumentKey) -> _Touched:
        held = self.hold(key)  # before anything else: it ends what touched the record alone
        touched = self._touched.get(key)
        if touched is None:
            touched = self._touched[key] = _Touched(held)
        return touched

    def _touch_confirmed(self, key: DocumentKey) -> _Touched:
        """Like :meth:`_touch`, without making the visible side of a document that is not in memory."""
        touched = self._touched.get(key)
        if touched is None and self._memory.documents.get(key) is None:
            row = self.rows.row_of(key)
            assert row is not None
            touched = self._touched[key] = _Touched(None, row, load_record(self.rows, row))
        return touched or self._touch(key)

    def _write_log(self) -> None:
        if self._unlogged:
            self.pending.append_all(self._unlogged)
            self._unlogged.clear()

    def _apply_confirmed(
        self, touched: _Touched, entry: DecodedEntry, *, dot: Dot, time: HybridTime, segment_end: int
    ) -> None:
        touched.is_confirmed_changed = True
        if not isinstance(entry, RichEntry):
            touched.confirmed_record.apply_operations(entry.operations, dot=dot, time=time)
            return
        touched.rich_updates.append(entry.update)
        touched.clocks.setdefault(dot.writer, {})[segment_end] = entry.clock_after
        if touched.held is None or touched.held.confirmed is not None:
            touched.confirmed_record.note_rich(dot, entry.clock_after)

    def _show(self, key: DocumentKey, held: HeldDocument) -> Projection:
        projection = self._project(key, held)
        self._store(key, held, projection)
        if key.collection == SETTINGS:
            self._take_rules(key.id, projection)
        return projection

    def _project(self, key: DocumentKey, held: HeldDocument) -> Projection:
        projection = held.visible.project(self.context)
        if projection.problems:
            self._state.note_failures(key.collection, projection.problems)
        return projection

    def _store(self, key: DocumentKey, held: HeldDocument, projection: Projection) -> None:
        if held.row is None:
            encoded, is_deleted = encode_projection(projection), not projection.is_live
            held.row = self.rows.add(key, encoded, is_deleted=is_deleted, contest=projection.contest)
            held.is_invalid = False  # no row of this number was there before
            self._upkeep.note(key, held, projection, is_new=True)
        else:
            self._unwritten[held.row] = projection
            self._upkeep.note(key, held, projection)
        if self._state.rules:
            self._judge(key, held, projection)

    def _judge(self, key: DocumentKey, held: HeldDocument, projection: Projection) -> None:
        """Flag a document that does not fit what its collection asks for."""
        judge, checked = self._state.judge(key.collection), self._checked.pop(key, None)
        if judge is None:
            return
        if checked is not None and projection.contest is Contest.NONE:
            is_invalid = checked
        else:
            is_invalid = bool(judge.problems(projection))
        if held.is_invalid is not is_invalid:
            assert held.row is not None
            self.invalid.note(held.row, is_invalid=is_invalid)
            held.is_invalid = is_invalid

    def check(self, plans: Mapping[DocumentKey, DocumentPlan]) -> None:
        """Refuse what would make documents worse, before anything is changed.

        Raises:
            ValidationFailed: a document would not fit what its collection asks for.
        """
        if not self._state.rules:
            return
        found = []
        self._checked.clear()
        for key, plan in plans.items():
            judge = self._state.judge(key.collection)
            if judge is None:
                continue
            preview = plan.preview()
            problems = judge.problems(preview)
            if problems:
                before = self.hold(key).visible.project(self.context)
                found.append((key, judge.problems(before) if before.is_live else (), problems))
            if preview.contest is Contest.NONE and not plan.has_edits:
                self._checked[key] = bool(problems)  # it will show exactly this
        refuse_new_problems(found)

    def rejudge(self, collection: str) -> None:
        """Flag the documents of a collection anew, all of them: something else is asked of them."""
        self.flush()
        self.invalid.clear(collection)
        self._memory.forget_verdicts(collection)
        judge = self._state.judge(collection)
        if judge is None:
            return
        after = ""
        while page := self.rows.page(collection, after=after, limit=_JUDGED_PAGE):
            for stored in page:
                row = self.rows.row_of(stored.key)
                assert row is not None
                if judge.problems(decode_projection(stored.projection)):
                    self.invalid.note(row, is_invalid=True)
            after = page[-1].key.id

    def _take_rules(self, collection: str, settings: Projection) -> None:
        """Resolve by the settings of a collection from now on."""
        rules = read_rules(settings.values)
        before = self.context.rules_of(collection)
        if rules != before:
            others = {name: kept for name, kept in self._state.rules.items() if name != collection}
            self._state.rules = others if rules == NO_RULES else {**others, collection: rules}
            self.context = replace(self.context, rules=self._state.rules)
            self.ruled.add(collection)
            if (rules.schema, rules.validators) != (before.schema, before.validators):
                self.rejudged.add(collection)

    def _write_confirmed(self, touched: _Touched) -> None:
        row = touched.row if touched.held is None else touched.held.row
        assert row is not None
        self.rows.write_state(row, encode_record(touched.confirmed_record))
        tail = 0
        for update in touched.rich_updates:
            tail = self.rows.append_rich(row, update)
        if not self._state.is_private:
            for writer, clocks in touched.clocks.items():
                for number, clock in clocks.items():
                    self.rows.note_clock(row, writer, number, clock)
        if tail > MAX_RICH_TAIL_UPDATES:
            self._fold(row, touched.held)

    def _fold(self, row: int, held: HeldDocument | None) -> None:
        rich = None if held is None or held.confirmed is not None else held.visible.rich
        if rich is None:
            rich = RichPart.load(self.rows.rich_updates(row), self._state.writer)
        self.rows.fold_rich(row, rich.state())
