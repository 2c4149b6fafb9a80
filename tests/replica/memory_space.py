"""One space on the tables of a replica in memory: what code inside a write transaction works on.

There is no event loop, no file and no relay; everything in between is the real thing.
"""

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field

from syncore.adapters.sqlite_connection import SqliteConnection
from syncore.core.hybrid_clock import HybridTime, from_milliseconds
from syncore.core.identifiers import PRIVATE_SPACE, DocumentKey, SpaceId, Writer
from syncore.core.ports import Durability, SqlConnection
from syncore.core.vectors import Vector
from syncore.documents.projection import Projection
from syncore.documents.resolution import ResolutionContext
from syncore.replica.committing import LocalCommits
from syncore.replica.document_work import DocumentWork
from syncore.replica.intents import Intent, Verb
from syncore.replica.requests import CommitRequest
from syncore.replica.space_memory import SpaceMemory
from syncore.replica.space_state import SpaceState, load_space
from syncore.storage.schema import prepare
from syncore.storage.space_rows import SpaceRow, SpaceRows
from tests.documents.worlds import KEY, Sent, writer
from tests.replica.world import SeededEntropy, SteppingClock

SHARED = SpaceId(b"s" * 32)
OURS = writer(1)
THEIRS = writer(2)


@dataclass
class MemorySpace:
    """A space, its rows and its memory."""

    sql: SqlConnection
    state: SpaceState
    memory: SpaceMemory = field(default_factory=SpaceMemory)
    commits: LocalCommits = field(
        default_factory=lambda: LocalCommits(SteppingClock(), SeededEntropy("commits"), HybridTime(0))
    )

    def work(self) -> DocumentWork:
        """A transaction's view of the documents."""
        return DocumentWork(self.sql, self.state, self.memory, ResolutionContext())

    def commit(self, *intents: Intent) -> Mapping[DocumentKey, Projection]:
        """Commit a transaction; what it left, or what it failed with."""
        request = request_of(*intents)
        self.commits.commit_group([request], state=self.state, work=self.work(), sql=self.sql)
        if request.failure is not None:
            raise request.failure
        assert request.projections is not None
        return request.projections

    def values(self, key: DocumentKey = KEY) -> dict[str, object]:
        """What a document shows."""
        return dict(self.work().hold(key).visible.project().values)

    def stored_values(self, key: DocumentKey = KEY) -> dict[str, object]:
        """What a document shows to somebody who has nothing in memory."""
        held = SpaceMemory().load(key, self.work().rows, self.work().pending, self.state.writer)
        return dict(held.visible.project().values)


@contextmanager
def open_memory_space(*, is_private: bool = False, ours: Writer = OURS) -> Iterator[MemorySpace]:
    """A space without documents, in one transaction that is thrown away at the end."""
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        sql = SqliteConnection(connection)
        prepare(sql)
        id_ = PRIVATE_SPACE if is_private else SHARED
        row = SpaceRow(space=1, id=id_, is_default=True, writer=ours)
        SpaceRows(sql).write(row)
        yield MemorySpace(sql, load_space(sql, row))


def request_of(*intents: Intent) -> CommitRequest:
    """A transaction that waits for its commit."""
    return CommitRequest(1, intents, Durability.NORMAL)


def insertion(changes: Mapping[str, object] | None = None, *, key: DocumentKey = KEY) -> Intent:
    """The intent to make a document."""
    return Intent(verb=Verb.INSERT, key=key, changes=changes or {})


def update(changes: Mapping[str, object], *, key: DocumentKey = KEY, seen: Vector | None = None) -> Intent:
    """The intent to change a document."""
    return Intent(verb=Verb.UPDATE, key=key, changes=changes, seen=seen)


def deletion(*, key: DocumentKey = KEY) -> Intent:
    """The intent to delete a document."""
    return Intent(verb=Verb.DELETE, key=key)


def receive(work: DocumentWork, sent: Sent, *, segment_end: int | None = None) -> None:
    """Merge a commit of another device, whose segment ends there or later."""
    end = sent.dot.number if segment_end is None else segment_end
    for entry in sent.decoded():
        work.apply_remote(entry, dot=sent.dot, time=from_milliseconds(sent.time_ms), segment_end=end)
