"""The view of a live query that shows numbers: counts and groups.

It knows which documents count, by their ids. A change of one that does not count, and did not, costs a look
at it. A count is how many there are; anything else is computed anew, by the query, when a document that
counts has changed.
"""

from collections.abc import Awaitable, Callable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import replace
from typing import Final, Generic, Protocol, TypeVar

from syncore.core.errors import TooLarge
from syncore.query.aggregates import Aggregate
from syncore.query.paths import Path
from syncore.replica.candidates import WayGone
from syncore.replica.local_replica import LocalReplica
from syncore.replica.traversal import Question, Traversal
from syncore.replica.views import Document, projection_of

R = TypeVar("R")

MAX_LIVE_COUNTED: Final = 1_000_000
"""Documents that one live count or group knows: about 120 bytes each."""


class Computing(Protocol):
    """The query that numbers are computed by."""

    async def count(self) -> int:
        """How many documents there are."""
        ...

    async def aggregate(self, **aggregates: Aggregate) -> dict[str, object]:
        """Numbers of all documents."""
        ...

    async def group(
        self, by: str | Path | Sequence[str | Path], /, **aggregates: Aggregate
    ) -> list[dict[str, object]]:
        """Numbers of each group."""
        ...


class NumbersView(Generic[R]):
    """What is computed of all documents that a question asks for."""

    def __init__(
        self,
        replica: LocalReplica,
        question: Question,
        compute: Callable[[AbstractSet[str]], Awaitable[R]],
    ) -> None:
        """Show what ``compute`` gives; it is handed the ids of the documents that satisfy the question."""
        self._replica = replica
        self._question = replace(question, limit=None)
        self._compute = compute
        self._ids: set[str] = set()
        self._is_due = True
        self._value: R | None = None
        self._told: R | None = None

    async def restart(self, space: int) -> None:
        """Find which documents count."""
        while True:
            ids: set[str] = set()
            try:
                async for document in Traversal(self._replica, space, self._question).in_any_order():
                    ids.add(document.id)
                    _check_size(ids)
            except WayGone:
                continue
            break
        self._ids, self._is_due = ids, True

    def apply(self, id_: str, document: Document | None) -> None:
        """Take in how a document is now."""
        question = self._question
        counts = (
            document is not None
            and question.expression.holds(projection_of(document).values)
            and (question.test is None or question.test(document))
        )
        self._is_due = self._is_due or counts or id_ in self._ids
        if counts:
            self._ids.add(id_)
            _check_size(self._ids)
        else:
            self._ids.discard(id_)

    async def complete(self, space: int) -> bool:  # noqa: ARG002 - the query knows its space
        """Compute it, if a document that counts has changed.

        What others write meanwhile is for the next time: whoever writes without a pause would otherwise keep
        it from ever being told.
        """
        if self._is_due:
            self._value = await self._compute(self._ids)
            self._is_due = False
        return False

    def news(self) -> R | None:
        """The value, if it is another than was told last."""
        if self._value == self._told:
            return None
        self._told = self._value
        return self._value


def _check_size(ids: set[str]) -> None:
    if len(ids) > MAX_LIVE_COUNTED:
        raise TooLarge(
            f"a live count knows at most {MAX_LIVE_COUNTED} documents", hint="count() now and then instead"
        )
