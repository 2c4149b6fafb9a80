"""The documents that one transaction touches: loaded when needed, changed in memory, written at its end."""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from syncore.constraints.facts import DocumentFacts
from syncore.core.hybrid_clock import HybridTime
from syncore.core.identifiers import SETTINGS, DocumentKey, Dot, Writer
from syncore.core.ports import SqlConnection
from syncore.documents.entries import RichEntry
from syncore.documents.planning import DocumentPlan
from syncore.documents.projection import Projection
from syncore.documents.projection_encoding import encode_projection
from syncore.documents.resolution import ResolutionContext
from syncore.documents.rich import RichPart
from syncore.documents.rule_encoding import read_rules
from syncore.documents.rules import NO_RULES
from syncore.replica.confirmed_writing import write_confirmed
from syncore.replica.constraining import Constraining, Facts
from syncore.replica.constraint_build import ConstraintBuild
from syncore.replica.constraint_checks import refuse_violations
from syncore.replica.constraint_facts import facts_in
from syncore.replica.constraint_rules import SpaceConstraints, concerned_collections, restraint_of
from syncore.replica.constraint_stages import begun_build, write_build
from syncore.replica.entries import DecodedEntry
from syncore.replica.index_upkeep import IndexUpkeep
from syncore.replica.judging import Judge
from syncore.replica.space_memory import DecodedCommit, HeldDocument, SpaceMemory, load_record
from syncore.replica.space_state import SpaceState
from syncore.replica.touched import Touched
from syncore.replica.verdicts import Verdicts
from syncore.storage.document_rows import DocumentRows
from syncore.storage.invalid_rows import InvalidRows
from syncore.storage.log_rows import LogRows
from syncore.storage.pending_rows import LoggedCommit, PendingRow, PendingRows


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
        has_begun_build: Whether something else is asked of documents together, and looking at them began.
        constraining: What is asked of the documents of the space together, and what comes of it.
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
        self.has_begun_build = False
        self.invalid = InvalidRows(sql, state.number)
        self._state = state
        self._memory = memory
        self.constraining = Constraining(sql, state.number, self.rows, state.build)
        self._sql = sql
        self._fresh: set[DocumentKey] = set()
        self._reconstrained: set[str] = set()
        self._upkeep = IndexUpkeep(sql, state.number, state.indexes, self.rows)
        self._touched: dict[DocumentKey, Touched] = {}
        self._unwritten: dict[int, Projection] = {}  # by the document's row
        self._unlogged: list[LoggedCommit] = []
        self._verdicts = Verdicts(state, self.invalid)

    def hold(self, key: DocumentKey) -> HeldDocument:
        """The document, from memory or from the file."""
        held = self._memory.documents.get(key)
        if held is None:
            touched = self._touched.pop(key, None)
            if touched is not None:  # known by its confirmed record alone, which the file has to hold first
                write_confirmed(self.rows, self._state, touched)
            held = self._memory.load(key, self.rows, self.pending, self._state.writer)
            if key.collection in self._state.constraints or self.constraining.build is not None:
                held.visible.restraint = restraint_of(self.constraining.standing(key))
            self._memory.documents.put(key, held)
        return held

    @property
    def constraints(self) -> SpaceConstraints:
        """The constraints of the space as its settings are now."""
        return self._state.constraints

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
        self._write_shown()
        return changed

    def _write_shown(self) -> None:
        self._upkeep.flush()
        self.rows.write_projections(
            (row, encode_projection(projection), not projection.is_live, projection.contest)
            for row, projection in self._unwritten.items()
        )
        self._unwritten.clear()

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
                write_confirmed(self.rows, self._state, touched)
        self._touched.clear()
        self.changed.update(changed)
        if self._reconstrained:
            self._begin_build()
        if self._state.constraints or self.constraining.build is not None:
            self.constraining.fresh = self._fresh
            shown = self.constrain(changed)
            changed |= {key: projection for key, projection in shown.items() if key in changed}
        self._fresh = set()
        self.constraining.fresh = ()
        return changed

    def constrain(self, keys: Iterable[DocumentKey]) -> dict[DocumentKey, Projection]:
        """Let constraints follow what documents came to; those that are shown otherwise because of it.

        They may be others than ``keys``, and are to be written by :meth:`flush`.
        """
        constraints, build = self._state.constraints, self.constraining.build
        facts: dict[DocumentKey, DocumentFacts | None] = {}
        for key in keys:
            is_left = build is not None and key.collection in build.collections
            if key.collection in constraints or (is_left and self.constraining.is_stored(key)):
                facts[key] = self.facts(key)
        return self._take(facts)

    def release(self, keys: Iterable[DocumentKey]) -> None:
        """Forget what constraints know of documents of which nothing is asked any more."""
        self._take(dict.fromkeys(key for key in keys if self.constraining.is_stored(key)))

    def _take(self, facts: Facts) -> dict[DocumentKey, Projection]:
        shown: dict[DocumentKey, Projection] = {}
        for key, (before, after) in self.constraining.take(facts).items() if facts else ():
            restraint = restraint_of(after)
            if restraint != restraint_of(before):
                held = self.hold(key)
                held.visible.restraint = restraint
                shown[key] = self._project(key, held)
                self._store(key, held, shown[key])
        self.changed.update(shown)
        return shown

    def facts(self, key: DocumentKey) -> DocumentFacts | None:
        """What constraints know of a document; None where nobody ever wrote it."""
        visible = self.hold(key).visible
        return facts_in(key, visible.record, visible.contents(), self.constraints, self.context)

    def refresh(self, key: DocumentKey, contest: int) -> None:
        """Write what a document shows, if that is not what is stored, by the settings as they are now."""
        if key.collection in self._state.constraints:
            self.constrain([key])
            self._write_shown()
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
                self._verdicts.flag(key, held, projection)

    def trim(self) -> None:
        """Let documents be forgotten that need not be in memory. Flush first."""
        self._check_written()
        self._memory.documents.trim()

    def forget_all(self) -> None:
        """Forget all memory: our writer changed, or pending commits left the log. Flush first."""
        self._check_written()
        self._memory.clear()

    def reload(self, documents: set[int]) -> None:
        """Count the documents with these rows as visibly changed; they are loaded anew."""
        for document in sorted(documents):
            self._touch(self.rows.key_of(document)).is_visible_changed = True

    def reconstrain(self) -> list[int]:
        """Begin to look at all constraints anew; the documents that were not shown as their states say."""
        self.flush()
        held_back = self.constraining.clear()
        self.forget_all()
        self.keep_build(None)
        return held_back

    def keep_build(self, build: ConstraintBuild | None) -> None:
        """Keep how far documents were looked at; None: all of them were."""
        self._state.build = self.constraining.build = build
        write_build(self._sql, self._state.number, build)

    def _begin_build(self) -> None:
        """Look at the documents of which something else is asked: at once if they are few."""
        names, self._reconstrained = self._reconstrained, set()
        self.keep_build(begun_build(self.constraining.build, names, self.rows))
        self.has_begun_build = True

    def evict(self, keys: list[DocumentKey]) -> None:
        """Forget documents whose memory may be ahead of the file."""
        self._write_log()  # from which they will be loaded
        for key in keys:
            self._memory.documents.discard(key)
            self._touched.pop(key, None)
            self._verdicts.forget(key)

    def _check_written(self) -> None:
        is_written = not (self._touched or self._unwritten or self._unlogged)
        assert is_written, "flush first"

    def _touch(self, key: DocumentKey) -> Touched:
        held = self.hold(key)  # before anything else: it ends what touched the record alone
        touched = self._touched.get(key)
        if touched is None:
            touched = self._touched[key] = Touched(held)
        return touched

    def _touch_confirmed(self, key: DocumentKey) -> Touched:
        """Like :meth:`_touch`, without making the visible side of a document that is not in memory."""
        touched = self._touched.get(key)
        if touched is None and self._memory.documents.get(key) is None:
            row = self.rows.row_of(key)
            assert row is not None
            touched = self._touched[key] = Touched(None, row, load_record(self.rows, row))
        return touched or self._touch(key)

    def _write_log(self) -> None:
        if self._unlogged:
            self.pending.append_all(self._unlogged)
            self._unlogged.clear()

    def _apply_confirmed(
        self, touched: Touched, entry: DecodedEntry, *, dot: Dot, time: HybridTime, segment_end: int
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
            self._fresh.add(key)
            self._upkeep.note(key, held, projection, is_new=True)
        else:
            self._unwritten[held.row] = projection
            self._upkeep.note(key, held, projection)
        if self._state.rules:
            self._verdicts.flag(key, held, projection)

    def judge_of(self, collection: str) -> Judge | None:
        """What documents of a collection are held against; verdicts on them so far are forgotten."""
        self._memory.forget_verdicts(collection)
        return self._state.judge(collection)

    def check(self, plans: Mapping[DocumentKey, DocumentPlan]) -> None:
        """Refuse what would make documents worse, before anything is changed.

        Raises:
            ValidationFailed: a document would not fit what its collection asks for.
            ConstraintViolated: documents would not fit together.
        """
        if not self._state.rules:
            return
        if constraints := self._state.constraints:
            now = {
                key: facts
                for key, plan in plans.items()
                if key.collection in constraints
                and (facts := facts_in(key, plan.record, plan.contents, constraints, self.context))
                is not None
            }
            if self.constraining.build is not None:  # what was broken before must not be in the way
                self.constrain([key for key in plans if self.constraining.is_waiting(key)])
            refuse_violations(plans, now, self.constraining)
        self._verdicts.check(plans, lambda key: self.hold(key).visible.project(self.context))

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
            if rules.constraints != before.constraints:
                self._reconstrained |= concerned_collections(collection, before, rules)
