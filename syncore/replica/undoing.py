"""Undo and redo: taking back this replica's own last changes of a document, and doing them again.

Both are fresh commits of one's own, planned and made in one transaction with the log that they read. The step
that undoes an undo goes onto the other stack, so redo is undo once more. What is undone is always a whole
transaction, with all of its documents (``docs/decisions/0023-undo.md``).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

from syncore.core.identifiers import DocumentKey, Dot
from syncore.core.ports import Durability, SqlConnection
from syncore.documents.planning import DocumentPlan
from syncore.documents.undo_steps import SiblingBefore
from syncore.replica.committing import LocalCommits
from syncore.replica.document_work import DocumentWork
from syncore.replica.local_replica import LocalReplica
from syncore.replica.permissions import check_may_write
from syncore.replica.planning import prepare
from syncore.replica.space_state import SpaceState
from syncore.replica.times import store_last_time
from syncore.replica.undo_log import (
    LoggedStep,
    find_steps,
    is_waiting,
    log_pending,
    own_dots,
    rename_units,
    take_off,
)
from syncore.replica.views import Document
from syncore.storage.document_rows import DocumentRows
from syncore.storage.undo_rows import Stack

_OTHER: Final = {Stack.UNDO: Stack.REDO, Stack.REDO: Stack.UNDO}


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftAlone:
    """Something that an undo or redo did not take back, because others changed it meanwhile.

    Attributes:
        collection: Where the document is.
        id: Its id.
        field: The field; None for the document as a whole.
        reason: Why, as half a sentence.
    """

    collection: str
    id: str
    field: str | None
    reason: str

    def __str__(self) -> str:
        """The place and the reason."""
        place = f"{self.collection}/{self.id}" + (f" {self.field}" if self.field else "")
        return f"{place}: {self.reason}"


@dataclass(frozen=True, slots=True, kw_only=True)
class UndoOutcome:
    """What an undo or redo came to; true if it changed anything.

    Attributes:
        documents: The documents that it changed, by (collection, id), as they are now; None for one that is
            gone.
        left_alone: What it did not take back.
        was_empty: Whether there was nothing left to undo, or to redo.
    """

    documents: Mapping[tuple[str, str], Document | None] = field(default_factory=dict)
    left_alone: tuple[LeftAlone, ...] = ()
    was_empty: bool = False

    def __bool__(self) -> bool:
        """Whether anything was changed."""
        return bool(self.documents)


async def undo(
    replica: LocalReplica, space: int, key: DocumentKey, *, stack: Stack, durability: Durability
) -> UndoOutcome:
    """Take back what is on top of one of a document's stacks.

    Raises:
        NotPermitted, ReadOnly: nothing may be written here.
        TooLarge: it does not fit into one commit; nothing was changed.
    """
    check_may_write(replica.spaces[space])

    def run(sql: SqlConnection, state: SpaceState, work: DocumentWork) -> UndoOutcome:
        outcome = _undo(sql, state, work, commits=replica.commits, key=key, stack=stack)
        store_last_time(sql, state, replica.commits.last_time)
        return outcome

    outcome = await replica.change(space, run, is_local=True)
    if outcome:
        replica.committed.set()
    if durability is Durability.FULL:
        await replica.flush()
    return outcome


async def can_undo(replica: LocalReplica, space: int, key: DocumentKey, *, stack: Stack) -> bool:
    """Whether there is anything on one of a document's stacks."""

    def look(sql: SqlConnection) -> bool:
        document = DocumentRows(sql, space).row_of(key)
        if document is None:
            return False
        if stack is Stack.UNDO and is_waiting(sql, space, document):
            return True
        return bool(find_steps(sql, document, stack))

    return await replica.read(look)


def _undo(
    sql: SqlConnection,
    state: SpaceState,
    work: DocumentWork,
    *,
    commits: LocalCommits,
    key: DocumentKey,
    stack: Stack,
) -> UndoOutcome:
    log_pending(sql, state.number)
    document = work.rows.row_of(key)
    found = [] if document is None else find_steps(sql, document, stack)
    if not found:
        return UndoOutcome(was_empty=True)
    plans: dict[DocumentKey, DocumentPlan] = {}
    left_alone: list[LeftAlone] = []
    for one in found:
        place = work.rows.key_of(one.row.document)
        plan = prepare((), place, work).plan
        left = plan.undo(
            one.step,
            made=one.row.dot,
            time=one.row.time,
            is_own=_own_before(sql, state, one, stack),
            is_redo=stack is Stack.REDO,
        )
        left_alone += (
            LeftAlone(collection=place.collection, id=place.id, field=name, reason=reason)
            for name, reason in left
        )
        if plan.is_changed:
            plans[place] = plan
    take_off(sql, found, stack)
    documents = _commit(sql, state, work, commits=commits, plans=plans, stack=_OTHER[stack])
    return UndoOutcome(documents=documents, left_alone=tuple(left_alone))


def _own_before(
    sql: SqlConnection, state: SpaceState, step: LoggedStep, stack: Stack
) -> Callable[[Dot], bool]:
    """Tells commits of this replica, as far as it knows, from all others and from those after a step.

    After an undone step come only steps that were undone before it, or done again since, which it goes with.
    """
    logged = own_dots(sql, step.row.document)
    later = {
        dot
        for dot, (kept_on, time) in logged.items()
        if stack is kept_on is Stack.UNDO and time > step.row.time
    }
    return lambda dot: (dot.writer == state.writer or dot in logged) and dot not in later


def _commit(
    sql: SqlConnection,
    state: SpaceState,
    work: DocumentWork,
    *,
    commits: LocalCommits,
    plans: dict[DocumentKey, DocumentPlan],
    stack: Stack,
) -> dict[tuple[str, str], Document | None]:
    if not plans:
        return {}
    projections = commits.commit_plans(plans, state=state, work=work, sql=sql, stack=stack)
    state.has_redo = state.has_redo or stack is Stack.REDO
    for key, plan in plans.items():
        if plan.renamed:
            rename_units(sql, work.row_of(key), plan.renamed)
    # A commit leaves one value in a register, so what stood side by side takes several. They are of this one
    # transaction, and behind the commit that has all the rest: redo takes them back with it.
    for turn in range(max(len(some) for plan in plans.values() for some in (*plan.beside.values(), ()))):
        further = {
            key: _beside(
                {name: some[turn] for name, some in plan.beside.items() if turn < len(some)}, key, work
            )
            for key, plan in plans.items()
            if any(turn < len(some) for some in plan.beside.values())
        }
        projections |= commits.commit_plans(further, state=state, work=work, sql=sql, stack=None)
    return {
        (key.collection, key.id): Document(state.id, key, projection) if projection.is_live else None
        for key, projection in projections.items()
    }


def _beside(siblings: Mapping[str, SiblingBefore], key: DocumentKey, work: DocumentWork) -> DocumentPlan:
    plan = prepare((), key, work).plan
    plan.write_beside(siblings)
    return plan
