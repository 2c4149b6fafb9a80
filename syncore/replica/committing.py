"""The local write path: a group of transactions planned, stored and made visible in one SQLite transaction.

Runs inside the database's write transaction, without a pause and without awaiting. A transaction that cannot
be planned fails alone and leaves nothing; when the SQLite transaction fails, all of its group fail and what
they touched is forgotten, because memory would be ahead of the file.
"""

from collections.abc import Mapping, Sequence

from syncore.core.commits import Commit, Entry, EntryKind
from syncore.core.hybrid_clock import HybridTime, advance
from syncore.core.identifiers import COMMIT_ID_BYTES, CommitId, DocumentKey, Dot
from syncore.core.lean import lean_dataclass
from syncore.core.ports import Clock, Entropy, SqlConnection
from syncore.documents.entries import decode_rich_entry
from syncore.documents.planning import DocumentPlan
from syncore.documents.projection import Projection
from syncore.documents.undo_steps import UndoStep
from syncore.protocol.commit_codec import encode_commit
from syncore.replica.constraint_building import complete_small
from syncore.replica.document_work import DocumentWork
from syncore.replica.planning import plan_intents
from syncore.replica.requests import CommitRequest
from syncore.replica.space_state import Head, SpaceState, write_head
from syncore.replica.undo_log import clear_redo, push_steps, steps_of_pending
from syncore.storage.pending_rows import PendingRow
from syncore.storage.undo_rows import Stack


@lean_dataclass(frozen=True, slots=True)
class _Made:
    """A commit, its dot, its encoding, and what undoing it takes."""

    dot: Dot
    commit: Commit
    body: bytes
    steps: Mapping[DocumentKey, UndoStep]


class LocalCommits:
    """Makes commits of requests; one object per replica, because hybrid time rises over all of its spaces."""

    def __init__(self, clock: Clock, entropy: Entropy, last_time: HybridTime) -> None:
        """Continue behind ``last_time``."""
        self._clock = clock
        self._entropy = entropy
        self.last_time = last_time

    def commit_group(
        self,
        requests: Sequence[CommitRequest],
        *,
        state: SpaceState,
        work: DocumentWork,
        sql: SqlConnection,
        is_undoable: bool = True,
    ) -> None:
        """Commit the requests of one space in order; each learns its projections or its failure."""
        for request in requests:
            try:
                if work.has_begun_build:  # by settings that a request before this one has changed
                    complete_small(work)
                plans = plan_intents(request.intents, work, request.prepared)
                if is_undoable:  # what is shared was there before, and is kept whatever is asked of it
                    work.check(plans)
                made = self._make(plans, state=state, work=work)
            except Exception as failure:  # noqa: BLE001 - handed to the caller, who raises it
                request.failure = failure
                continue
            stack = Stack.UNDO if is_undoable else None
            request.projections = _store(made, state=state, work=work, sql=sql, stack=stack)
            if state.has_redo:
                state.has_redo = clear_redo(sql, work, request.projections)
        work.flush()
        _keep_private_head(sql, state)

    def commit_plans(
        self,
        plans: dict[DocumentKey, DocumentPlan],
        *,
        state: SpaceState,
        work: DocumentWork,
        sql: SqlConnection,
        stack: Stack | None,
    ) -> dict[DocumentKey, Projection]:
        """Commit plans that undo or redo something; what undoing them takes goes onto ``stack``, if any.

        Raises:
            LocalError: they do not fit into one commit, or documents would not fit their schema; the
                transaction must not be kept.
        """
        work.check(plans)
        made = self._make(plans, state=state, work=work)
        projections = _store(made, state=state, work=work, sql=sql, stack=stack)
        _keep_private_head(sql, state)
        return projections

    def _make(
        self, plans: dict[DocumentKey, DocumentPlan], *, state: SpaceState, work: DocumentWork
    ) -> _Made:
        """Turn plans into a commit and apply it to the visible documents, or leave nothing of it."""
        dot = Dot(state.writer, state.next_number)
        time = advance(self.last_time, self._clock.now_ms())
        try:
            entries: list[Entry] = []
            for key, plan in plans.items():
                work.note_local(key)
                entries += plan.commit(dot=dot, time=time)
            commit = Commit(CommitId(self._entropy.random_bytes(COMMIT_ID_BYTES)), time, tuple(entries))
            body = encode_commit(commit)
        except BaseException:
            work.evict(list(plans))  # planning may have touched the rich part of some of them
            raise
        self.last_time = time
        if state.is_private:
            for entry in entries:
                if entry.kind == EntryKind.RICH:
                    work.note_private_rich(decode_rich_entry(entry.body))
        steps = {key: plan.step for key, plan in plans.items() if plan.step is not None}
        return _Made(dot, commit, body, steps)


def _store(
    made: _Made, *, state: SpaceState, work: DocumentWork, sql: SqlConnection, stack: Stack | None
) -> dict[DocumentKey, Projection]:
    """Take a commit into the log, show what it changed, and keep what undoing it takes."""
    state.take_dot()
    projections = work.show()
    steps = made.steps if stack is not None else {}
    if stack is not None and (state.is_private or stack is Stack.REDO):
        push_steps(sql, work, steps, dot=made.dot, time=made.commit.time, stack=stack)
    if not state.is_private:
        row = PendingRow(state.take_sequence(), made.dot, made.commit.id, made.body)
        waiting = steps_of_pending(work, steps, made.commit.time) if stack is Stack.UNDO else None
        work.log_local(row, projections, waiting)
    return projections


def _keep_private_head(sql: SqlConnection, state: SpaceState) -> None:
    if state.is_private and state.next_number > 1:
        state.heads[state.writer] = Head(state.next_number - 1, b"")
        write_head(sql, state, state.writer)
