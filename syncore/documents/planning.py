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
from syncore.documents.entries import (
    RecordEntry,
    encode_record_entry,
    encode_rich_entry,
)
from syncore.documents.field_planning import Basis, apply_change
from syncore.documents.operations import (
    SetField,
)
from syncore.documents.projection import Contents, Projection, Shown, is_hidden, project
from syncore.documents.record import Record
from syncore.documents.resolution import ResolutionContext
from syncore.documents.restraint import restrain
from syncore.documents.rich_commit import check_edits, make_edits
from syncore.documents.rich_rekeying import ClockRange
from syncore.documents.rules import DeletionRule
from syncore.documents.undo_planning import IsOwn, LeftAlone, undo_step
from syncore.documents.undo_recording import begin_step, reinserted_units, with_units
from syncore.documents.undo_steps import SiblingBefore, UndoStep, UnitRange

Changes = Mapping[str, object]
"""By field: a value, one of :mod:`syncore.documents.changes`, or a tuple of them."""


class DocumentPlan:
    """What one transaction does to one document.

    Each call either takes effect as a whole or raises and changes nothing. ``seen`` is the vector of a
    projection that the change was decided upon: only what it covers is replaced, the rest stays beside it.
    None stands for everything that is visible. Positions in texts and lists always refer to what is visible.
    """

    def __init__(
        self,
        document: Document,
        *,
        context: ResolutionContext = NO_CONTEXT,
        confirmed: Vector | None = None,
    ) -> None:
        """Plan upon a document's visible state; it must be loaded, and stay as it is until the commit.

        Args:
            document: The document.
            context: What resolving its conflicts may know.
            confirmed: What others may have seen of it; None if that is everything.
        """
        assert document.is_loaded
        self._document = document
        self._context = context
        self._rules = context.rules_of(document.key.collection)
        self._confirmed = confirmed
        self._draft: Draft | None = None
        self._previewed: tuple[Projection, dict[str, Shown]] | None = None
        self._names: list[UnitRange] = []
        self.beside: Mapping[str, tuple[SiblingBefore, ...]] = {}
        self.step: UndoStep | None = None
        self.renamed: list[ClockRange] = []

    @property
    def is_live(self) -> bool:
        """Whether the document is there, with what is planned."""
        if self._draft is None:
            return self._document.is_live(self._context)
        return self._is_live(self._draft)

    @property
    def record(self) -> Record:
        """The record with what is planned, under a provisional name and time."""
        return self._document.record if self._draft is None else self._draft.record

    @property
    def contents(self) -> Contents:
        """The texts and lists with what is planned."""
        return self._document.contents() if self._draft is None else self._draft.contents

    def _is_live(self, draft: Draft) -> bool:
        return bool(draft.record.vector) and not is_hidden(draft.record, self._rules)

    @property
    def is_changed(self) -> bool:
        """Whether there is anything to commit."""
        return self._draft is not None

    @property
    def has_edits(self) -> bool:
        """Whether texts or lists are edited."""
        return self._draft is not None and bool(self._draft.edits)

    def insert(self, changes: Changes) -> None:
        """Make the document, which must not be there; over a deleted one, nothing of the old content stays.

        Raises:
            DocumentExists: it is there.
            InvalidName, InvalidChange, InvalidValue, TooLarge: a change cannot be made.
        """
        if self.is_live:
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
        if self._rules.deletion is not DeletionRule.ASK:  # where a person is asked, an edit is no answer
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
        self._keep(draft)

    def keep(self, *, seen: Vector | None = None) -> None:
        """Take back the deletions of the document that were seen: it is shown again, with all its content.

        Raises:
            DocumentNotFound: nobody ever wrote it.
        """
        self._expect_known()
        draft = self._start()
        draft.restore(seen)
        draft.touch()
        self._keep(draft)

    def confirm_deletion(self, *, seen: Vector | None = None) -> None:
        """Delete the document with everything that was seen, also where it is not shown any more.

        Raises:
            DocumentNotFound: nobody ever wrote it.
        """
        self._expect_known()
        draft = self._start()
        draft.delete(seen)
        self._keep(draft)

    def undo(
        self, step: UndoStep, *, made: Dot, time: HybridTime, is_own: IsOwn, is_redo: bool = False
    ) -> list[LeftAlone]:
        """Take a step back, as far as its work still stands; nothing else may be planned beside it.

        Afterwards ``beside`` holds what is to be written in further commits (:meth:`write_beside`).

        Args:
            step: What one of this replica's commits did to the document.
            made: That commit.
            time: When it was made.
            is_own: Whether a commit is this replica's own, and none that came after the step and still
                stands.
            is_redo: Whether the step was an undo itself.

        Returns:
            What is left as it is, and why.

        Raises:
            TooLarge: it does not fit into one commit.
            IntegrityError: the rich part cannot be read.
        """
        assert self._draft is None, "an undo is a plan of its own"
        draft = self._start()
        undone = undo_step(
            draft,
            self._document,
            step,
            made=made,
            time=time,
            is_own=is_own,
            is_redo=is_redo,
            basis=self._basis(None),
        )
        if draft.pending or draft.edits:
            draft.touch()
            self._keep(draft)
            self._names, self.beside = undone.names, undone.beside
        return undone.left_alone

    def write_beside(self, siblings: Mapping[str, SiblingBefore]) -> None:
        """Write registers without replacing anything that they hold."""
        draft = self._start()
        for name, sibling in siblings.items():
            draft.put(SetField(field=name, **sibling._asdict()))
        draft.touch()
        self._keep(draft)

    def preview(self) -> Projection:
        """The document as the transaction itself reads it; its vector does not cover what is planned."""
        if self._draft is None:
            return self._document.project(self._context)
        if self._previewed is None:
            known = self._document.known_beside(self._draft.changed)
            shown = project(self._draft.record, self._draft.contents, self._context, self._rules, known)
            self._previewed = (
                replace(self._restrained(shown), vector=dict(self._document.record.vector)),
                known,
            )
        return self._previewed[0]

    def commit(self, *, dot: Dot, time: HybridTime) -> tuple[Entry, ...]:
        """Apply the plan to the document; the plan is spent.

        Afterwards ``step`` is what undoing the commit takes (None where it shows nothing new), and
        ``renamed`` tells which units of the rich part came back under other names.

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
        step = begin_step(document, draft, self._context, self.beside)
        self._draft = None
        made = make_edits(document, draft.edits)
        if entries:
            document.record.apply_operations(operations, dot=dot, time=time)
        if self._previewed is not None and not draft.edits:
            document.remember_shown(self._previewed[1])
        if made is not None:
            rich_entry = made.entry
            document.note_rich(dot, rich_entry.clock_after)
            step = None if step is None else with_units(step, made, dot.writer)
            self.renamed = reinserted_units(self._names, rich_entry, dot.writer)
            entries.append(Entry(EntryKind.RICH, _bounded(encode_rich_entry(rich_entry))))
        self.step = step
        return tuple(entries)

    def _restrained(self, shown: Projection) -> Projection:
        """What constraints hold back stays so in what is not written."""
        restraint = self._document.restraint
        if restraint is None or not self.is_live:
            return shown
        before, after = self._document.record.registers, self.record.registers
        written = frozenset(name for name in restraint.fields if before.get(name) != after.get(name))
        return restrain(shown, restraint.without(written))

    def _expect_live(self) -> None:
        if not self.is_live:
            raise self._not_found()

    def _expect_known(self) -> None:
        if self._document.is_empty:
            raise self._not_found()

    def _not_found(self) -> DocumentNotFound:
        key = self._document.key
        return DocumentNotFound(f"{key.collection} has no document {key.id!r}", key=key)

    def _start(self) -> Draft:
        """A draft to change, kept only when all goes well."""
        return Draft.begin(self._document) if self._draft is None else self._draft.copy()

    def _keep(self, draft: Draft) -> None:
        self._draft, self._previewed = draft, None

    def _change(self, draft: Draft, changes: Changes, seen: Vector | None) -> None:
        basis = self._basis(seen)
        for name, change in changes.items():
            apply_change(draft, name, change, basis)
        draft.touch()
        self._keep(draft)

    def _basis(self, seen: Vector | None) -> Basis:
        restraint = self._document.restraint
        return Basis(
            seen=seen,
            context=self._context,
            rules=self._rules,
            confirmed=self._confirmed,
            held_back=frozenset() if restraint is None else restraint.fields,
        )


def _bounded(body: bytes) -> bytes:
    if len(body) > MAX_COMMIT_BYTES:
        raise TooLarge(f"a change of one document takes {len(body)} bytes; {MAX_COMMIT_BYTES} are allowed")
    return body
