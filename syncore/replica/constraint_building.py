"""Looking at the documents of a space, some at a time, after something else is asked of them together.

Each step is one transaction, and keeps how far it is; so it goes on after a restart. What is written or
merged meanwhile is looked at when it comes, by the settings as they are then.
"""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, replace
from typing import Final, Protocol

from syncore.core.identifiers import DocumentKey
from syncore.replica.constraint_build import BuildStage, ConstraintBuild
from syncore.replica.document_work import DocumentWork
from syncore.replica.space_state import SpaceState

STEP: Final = 20
"""Documents of one step: two or three milliseconds, which is what the event loop may wait."""
AT_ONCE: Final = 100
"""Where no more documents are concerned, they are looked at in the transaction that changes the settings."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConstraintProgress:
    """How far the documents of a space were looked at.

    Attributes:
        looked_at: How many documents were.
        total: How many are to be.
    """

    looked_at: int
    total: int


class _Steps(Protocol):
    async def step(self) -> None:
        """Wait until something was done."""
        ...


class Store(Protocol):
    """The replica whose documents are looked at."""

    spaces: dict[int, SpaceState]

    @property
    def indexing(self) -> _Steps:
        """What is done in the background."""
        ...


class ConstraintsInForce:
    """When what is asked of the documents of a collection together holds for all of them.

    With ``constraints = collection.constraints()``, ``await constraints.built()`` waits for it, and
    ``async for progress in constraints`` tells how far it is. Neither is needed: it goes on in any case, also
    when the replica is opened again.
    """

    def __init__(self, replica: Store, space: Callable[[], int], collection: str) -> None:
        """Programs get it from ``collection.constraints()``."""
        self._replica = replica
        self._space = space
        self._collection = collection

    def __repr__(self) -> str:
        """The collection, and how far it is."""
        build = self._look()
        how_far = "built" if build is None else f"{build.looked_at} of {build.total}"
        return f"<Constraints of {self._collection}: {how_far}>"

    @property
    def is_built(self) -> bool:
        """Whether all documents were looked at."""
        return self._look() is None

    async def built(self) -> None:
        """Wait until all documents were looked at.

        Raises:
            Closed: the replica was closed; it goes on when it is opened again.
            ReadOnly: the replica was opened read-only, and nothing is done here.
            StorageError, IntegrityError: a document cannot be looked at; the next opening tries again.
        """
        while self._look() is not None:
            await self._replica.indexing.step()

    async def __aiter__(self) -> AsyncIterator[ConstraintProgress]:
        """How far it is, after every step, the last time when all documents were looked at."""
        total = 0
        while (build := self._look()) is not None:
            total = build.total
            yield ConstraintProgress(looked_at=min(build.looked_at, total), total=total)
            await self._replica.indexing.step()
        yield ConstraintProgress(looked_at=total, total=total)

    def _look(self) -> ConstraintBuild | None:
        build = self._replica.spaces[self._space()].build
        return build if build is not None and self._collection in build.collections else None


def complete_small(work: DocumentWork) -> None:
    """Look at all documents in this transaction if they are few."""
    build = work.constraining.build
    if build is not None and build.total <= AT_ONCE:
        complete(work)


def complete(work: DocumentWork) -> None:
    """Look at all documents in this transaction, however many there are."""
    work.flush()
    while work.constraining.build is not None:
        advance(work)
        work.flush()
        work.trim()


def advance(work: DocumentWork) -> None:
    """Look at some more documents, if there are any, and keep how far that is."""
    build = work.constraining.build
    if build is None:
        return
    page = _next_page(work, build)
    if build.stage is BuildStage.LOOKING:
        work.constrain(page)
        work.constraining.note_unchanged(page)
    else:
        work.release(page)
    work.keep_build(_further(work, build, page))


def _next_page(work: DocumentWork, build: ConstraintBuild) -> list[DocumentKey]:
    page: list[DocumentKey] = []
    place = build.place
    for collection in _collections(work, build):
        if place is not None and collection < place.collection:
            continue
        after = ("", 0) if place is None or collection > place.collection else (place.id, place.edition)
        found = work.rows.keys_in(collection, after=after, until=build.until, limit=STEP - len(page))
        page += [key for _, key in found]
        if len(page) == STEP:
            break
    return page


def _collections(work: DocumentWork, build: ConstraintBuild) -> list[str]:
    if build.stage is BuildStage.LOOKING:
        return list(build.collections)
    return [name for name in build.collections if name not in work.constraints]


def _further(work: DocumentWork, build: ConstraintBuild, page: list[DocumentKey]) -> ConstraintBuild | None:
    if len(page) == STEP:
        seen = len(page) if build.stage is BuildStage.LOOKING else 0
        return replace(build, place=page[-1], looked_at=build.looked_at + seen)
    if build.stage is BuildStage.LOOKING and any(name not in work.constraints for name in build.collections):
        return replace(build, stage=BuildStage.SWEEPING, place=None, looked_at=build.total)
    return None
