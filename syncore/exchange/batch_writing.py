"""Rows into a collection: planned one by one, so that each error has its line, and committed together."""

from collections import Counter as Counts
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum

from syncore.core.errors import Closed, LocalError, Misused, NotPermitted, ReadOnly
from syncore.core.identifiers import DocumentKey, check_name
from syncore.core.ports import Durability
from syncore.documents.projection import Projection
from syncore.documents.projection_encoding import decode_projection
from syncore.exchange.json_forms import change_to_json, field_to_json
from syncore.exchange.rows import Item, Rejected, Row, derived_id
from syncore.replica.document_work import DocumentWork
from syncore.replica.identities import fresh_id
from syncore.replica.intents import Intent, Verb
from syncore.replica.local_replica import LocalReplica
from syncore.replica.planning import PreparedPlan, apply_intent, prepare
from syncore.replica.requests import CommitRequest

_NOT_ABOUT_A_ROW = (Closed, Misused, NotPermitted, ReadOnly)


class Existing(Enum):
    """What becomes of a document that is there already and differs from the file."""

    UPDATE = "update"
    """It gets the fields that the file says; its others stay."""
    KEEP = "keep"
    """It stays as it is."""


class Fate(Enum):
    """What became of a row."""

    INSERTED = "inserted"
    UPDATED = "updated"
    UNCHANGED = "unchanged"
    KEPT = "kept"


@dataclass(slots=True)
class Written:
    """What became of a batch.

    Attributes:
        fates: How many rows were committed as what.
        rejected: Rows that cannot be written, in their order.
        end: The last line up to which everything is dealt with; 0 for none.
        stopped: The row at which the batch ended before its time; everything before it is committed.
    """

    fates: Counts[Fate] = field(default_factory=Counts)
    rejected: list[Rejected] = field(default_factory=list)
    end: int = 0
    stopped: Rejected | None = None

    def add(self, other: "Written") -> None:
        """Continue with what became of the rows behind."""
        self.fates.update(other.fates)
        self.rejected += other.rejected
        self.end = max(self.end, other.end)
        self.stopped = other.stopped


@dataclass(slots=True)
class _Plans:
    intents: list[Intent] = field(default_factory=list)
    by_key: dict[DocumentKey, list[Intent]] = field(default_factory=dict)
    prepared: dict[DocumentKey, PreparedPlan] = field(default_factory=dict)
    outcome: Written = field(default_factory=Written)


class BatchWriter:
    """Writes rows into one collection."""

    def __init__(
        self,
        replica: LocalReplica,
        space: Callable[[], int],
        collection: str,
        *,
        source: str | None,
        existing: Existing | None,
        is_skipping: bool,
    ) -> None:
        """Prepare to write.

        Args:
            replica: The replica.
            space: The local number of the space, as it is now.
            collection: The collection's name.
            source: From which name ids are derived for rows without one; None for fresh ones.
            existing: What becomes of documents that are there; None updates those whose ids the file says,
                and keeps those whose ids are derived.
            is_skipping: Whether rows that cannot be written are left out; the first one stops it otherwise.
        """
        self._replica = replica
        self._space = space
        self._collection = collection
        self._source = source
        self._existing = existing
        self._is_skipping = is_skipping
        self.committed = Written()

    async def write(self, items: Sequence[Item]) -> None:
        """Commit rows together, or in halves where they do not fit into one commit.

        What became of them is added to ``committed``, also when this is cancelled.
        """
        rows = [item for item in items if isinstance(item, Row)]
        plans = _Plans()
        if rows or any(isinstance(item, Rejected) for item in items):
            plans = await self._replica.preview(self._space(), lambda work: self._plan(items, work))
        if plans.intents:
            request = CommitRequest(self._space(), tuple(plans.intents), Durability.NORMAL, plans.prepared)
            try:
                await self._replica.commit(request)
            except _NOT_ABOUT_A_ROW:
                raise
            except LocalError as error:
                await self._write_apart(items, error)
                return
            except BaseException:
                if request.projections is not None:
                    self.committed.add(plans.outcome)
                raise
        self.committed.add(plans.outcome)

    async def _write_apart(self, items: Sequence[Item], error: LocalError) -> None:
        """Find the row that a commit failed for, or make smaller commits of what is too large for one."""
        if len(items) > 1:
            middle = len(items) // 2
            await self.write(items[:middle])
            if self.committed.stopped is None:
                await self.write(items[middle:])
            return
        [row] = items
        outcome = Written()
        assert isinstance(row, Row)
        self._reject(outcome, Rejected(number=row.number, end=row.end, error=error, text=row.text))
        self.committed.add(outcome)

    def _plan(self, items: Sequence[Item], work: DocumentWork) -> _Plans:
        """Plan rows up to the first that cannot be written, or all that can."""
        plans = _Plans()
        outcome = plans.outcome
        for item in items:
            rejected = item if isinstance(item, Rejected) else None
            if isinstance(item, Row):
                try:
                    outcome.fates[self._plan_row(item, plans, work)] += 1
                except _NOT_ABOUT_A_ROW:
                    raise
                except LocalError as error:
                    rejected = Rejected(number=item.number, end=item.end, error=error, text=item.text)
            if rejected is not None and not self._reject(outcome, rejected):
                break
            outcome.end = item.end
        return plans

    def _reject(self, outcome: Written, rejected: Rejected) -> bool:
        """Note a row that cannot be written; whether to go on."""
        if self._is_skipping and not rejected.is_final:
            outcome.rejected.append(rejected)
            outcome.end = max(outcome.end, rejected.end)
            return True
        outcome.stopped = rejected
        return False

    def _plan_row(self, row: Row, plans: _Plans, work: DocumentWork) -> Fate:
        key = DocumentKey(self._collection, self._id_of(row))
        ready = plans.prepared.get(key)
        if ready is None:
            stored = work.rows.projection(key)  # much less to read than the document
            if stored is not None and (shown := decode_projection(stored)).is_live and _is_shown(row, shown):
                return Fate.UNCHANGED
            ready = prepare((), key, work)
        verb, fate = Verb.INSERT, Fate.INSERTED
        if ready.plan.is_live:
            shown = ready.plan.preview() if ready.plan.is_changed else ready.document.project(work.context)
            if _is_shown(row, shown):
                return Fate.UNCHANGED
            if self._keeps(row) or not row.fields:
                return Fate.KEPT
            verb, fate = Verb.UPDATE, Fate.UPDATED
        intent = Intent(verb=verb, key=key, changes=dict(row.fields))
        try:
            apply_intent(ready.plan, intent)
        except BaseException:
            if key in plans.prepared:  # nothing half done may stay in what is committed
                plans.prepared[key] = prepare(plans.by_key[key], key, work)
            raise
        plans.prepared[key] = ready
        plans.intents.append(intent)
        plans.by_key.setdefault(key, []).append(intent)
        return fate

    def _id_of(self, row: Row) -> str:
        if row.id is not None:
            return check_name(row.id, "a document id")
        if self._source is not None:
            return derived_id(self._source, row)
        return fresh_id(self._replica.clock, self._replica.entropy)

    def _keeps(self, row: Row) -> bool:
        if self._existing is not None:
            return self._existing is Existing.KEEP
        return row.id is None


def _is_shown(row: Row, shown: Projection) -> bool:
    """Whether the document holds already what the row says, and nobody disagrees about it."""
    values: Mapping[str, object] = shown.values
    return all(
        name in values
        and name not in shown.conflicts
        and _canonical(field_to_json(shown.values[name], shown.kinds.get(name)))
        == _canonical(change_to_json(change))
        for name, change in row.fields.items()
    )


def _canonical(form: object) -> object:
    """What to compare forms by: 1, 1.0 and true differ in it, the order of keys does not."""
    if isinstance(form, dict):
        return {key: _canonical(value) for key, value in form.items()}
    if isinstance(form, list):
        return [_canonical(value) for value in form]
    return (type(form), repr(form))
