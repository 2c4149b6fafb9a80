"""Own commits that the relay has not acknowledged, in the order of their making, and what became of some."""

from collections.abc import Sequence
from typing import NamedTuple

from syncore.core.identifiers import CommitId, Dot, Writer
from syncore.core.lean import lean_dataclass
from syncore.core.ports import Row, SqlConnection
from syncore.storage.protection import blob, integer, protect, recover, text

_MAX_SEQUENCE = 2**63 - 1
_STEPS = "what a pending commit is undone by"
_COLUMNS = "sequence, writer, number, id, body"


@lean_dataclass(frozen=True, slots=True)
class PendingRow:
    """One pending commit: its place in the local order, its dot, its id and its encoding."""

    sequence: int
    dot: Dot
    id: CommitId
    body: bytes


class LoggedCommit(NamedTuple):
    """A commit to be logged, the rows of the documents that it touches, and what undoing it takes."""

    row: PendingRow
    documents: list[int]
    steps: bytes | None = None


@lean_dataclass(frozen=True, slots=True)
class SetAside:
    """A commit that was refused for its content, and why; kept for the person who wrote it."""

    id: CommitId
    body: bytes
    reason: str


class PendingRows:
    """Reads and writes the pending log of one space inside one transaction."""

    def __init__(self, sql: SqlConnection, space: int) -> None:
        """Work within ``sql`` on the space with that local number."""
        self._sql = sql
        self._space = space

    def append(self, row: PendingRow, documents: list[int], steps: bytes | None = None) -> None:
        """Add a commit at the end, with the documents that it touches, and what undoing it takes."""
        self.append_all([LoggedCommit(row, documents, steps)])

    def append_all(self, commits: Sequence[LoggedCommit]) -> None:
        """Add commits at the end."""
        self._sql.execute_many(
            f"INSERT INTO pending (space, {_COLUMNS}, steps) VALUES (?, ?, ?, ?, ?, ?, ?)",  # noqa: S608 - a constant
            (
                (
                    self._space,
                    row.sequence,
                    *row.dot,
                    row.id,
                    protect(row.body),
                    None if steps is None else protect(steps),
                )
                for row, _, steps in commits
            ),
        )
        self._sql.execute_many(
            "INSERT INTO pending_documents (document, sequence) VALUES (?, ?)",
            ((document, row.sequence) for row, documents, _ in commits for document in documents),
        )

    def all(self) -> list[PendingRow]:
        """The whole log, oldest first."""
        return self._select("WHERE space = ? ORDER BY sequence", (self._space,))

    def newest(self) -> PendingRow | None:
        """The last commit, or None."""
        found = self._select("WHERE space = ? ORDER BY sequence DESC LIMIT 1", (self._space,))
        return found[0] if found else None

    def after(self, sequence: int, *, limit: int) -> list[PendingRow]:
        """At most ``limit`` commits behind ``sequence``, oldest first."""
        return self._select(
            "WHERE space = ? AND sequence > ? ORDER BY sequence LIMIT ?", (self._space, sequence, limit)
        )

    def of_document(self, document: int) -> list[PendingRow]:
        """The commits that touch a document, oldest first."""
        return self._select(
            "WHERE space = ? AND sequence IN (SELECT sequence FROM pending_documents WHERE document = ?)"
            " ORDER BY sequence",
            (self._space, document),
        )

    def waiting_steps(self, until: int | None = None) -> list[tuple[Dot, bytes]]:
        """Dot and undo steps of the commits up to a sequence (of all) that are not logged yet."""
        found = self._sql.rows(
            "SELECT writer, number, steps FROM pending"
            " WHERE space = ? AND sequence <= ? AND steps IS NOT NULL ORDER BY sequence",
            (self._space, _MAX_SEQUENCE if until is None else until),
        )
        return [(Dot(Writer(integer(w)), integer(n)), recover(steps, what=_STEPS)) for w, n, steps in found]

    def waiting_steps_of(self, document: int) -> list[bytes]:
        """The undo steps, not logged yet, of the commits that touch a document, newest first."""
        found = self._sql.rows(
            "SELECT steps FROM pending WHERE space = ? AND steps IS NOT NULL AND sequence IN"
            " (SELECT sequence FROM pending_documents WHERE document = ?) ORDER BY sequence DESC",
            (self._space, document),
        )
        return [recover(row[0], what=_STEPS) for row in found]

    def forget_steps(self, until: int | None = None) -> None:
        """The undo steps of the commits up to a sequence (of all) are logged."""
        self._sql.execute(
            "UPDATE pending SET steps = NULL WHERE space = ? AND sequence <= ? AND steps IS NOT NULL",
            (self._space, _MAX_SEQUENCE if until is None else until),
        )

    def has_id(self, id_: CommitId) -> bool:
        """Whether a commit with this id is pending."""
        return (
            self._sql.row("SELECT 1 FROM pending WHERE space = ? AND id = ?", (self._space, id_)) is not None
        )

    def writers(self) -> set[Writer]:
        """The numbers that the pending commits were made under."""
        found = self._sql.rows("SELECT DISTINCT writer FROM pending WHERE space = ?", (self._space,))
        return {Writer(integer(row[0])) for row in found}

    def count(self) -> int:
        """How many commits are pending."""
        found = self._sql.row("SELECT count(*) FROM pending WHERE space = ?", (self._space,))
        assert found is not None
        return integer(found[0])

    def touches(self, document: int) -> bool:
        """Whether any pending commit touches the document."""
        return (
            self._sql.row("SELECT 1 FROM pending_documents WHERE document = ? LIMIT 1", (document,))
            is not None
        )

    def last(self, writer: Writer) -> tuple[int, int]:
        """The highest sequence in the log, and the highest number of one writer; 0 where there is none."""
        found = self._sql.row(
            "SELECT coalesce(max(sequence), 0), coalesce(max(number) FILTER (WHERE writer = ?), 0)"
            " FROM pending WHERE space = ?",
            (writer, self._space),
        )
        assert found is not None
        return integer(found[0]), integer(found[1])

    def documents(self) -> list[int]:
        """The rows of all documents that pending commits touch."""
        found = self._sql.rows(
            "SELECT DISTINCT document FROM pending_documents JOIN documents USING (document) WHERE space = ?",
            (self._space,),
        )
        return [integer(row[0]) for row in found]

    def remove(self, sequence: int, documents: list[int]) -> None:
        """Take a commit out of the log: it is confirmed, carried by another segment, or set aside."""
        self.remove_all([(sequence, documents)])

    def remove_all(self, commits: Sequence[tuple[int, list[int]]]) -> None:
        """Take commits out of the log, each given by its sequence and the documents that it touches."""
        self._sql.execute_many(
            "DELETE FROM pending WHERE space = ? AND sequence = ?",
            ((self._space, sequence) for sequence, _ in commits),
        )
        self._sql.execute_many(
            "DELETE FROM pending_documents WHERE document = ? AND sequence = ?",
            ((document, sequence) for sequence, documents in commits for document in documents),
        )

    def set_aside(self, id_: CommitId, body: bytes, reason: str) -> None:
        """Keep a refused commit where a person can find it."""
        self._sql.execute(
            "INSERT OR REPLACE INTO set_aside VALUES (?, ?, ?, ?)", (self._space, id_, protect(body), reason)
        )

    def all_set_aside(self) -> list[SetAside]:
        """What was set aside, by ids: an order that says nothing."""
        found = self._sql.rows(
            "SELECT id, body, reason FROM set_aside WHERE space = ? ORDER BY id", (self._space,)
        )
        return [
            SetAside(CommitId(blob(i)), recover(b, what="a commit set aside"), text(r)) for i, b, r in found
        ]

    def note_renamed(self, renamed: list[tuple[Dot, Dot]]) -> None:
        """Remember the new names of operations, for version tokens that hold the old ones."""
        self._sql.execute_many(
            "INSERT OR REPLACE INTO renamed VALUES (?, ?, ?, ?, ?)",
            [(self._space, old.writer, old.number, new.writer, new.number) for old, new in renamed],
        )

    def renamed(self, writer: Writer) -> list[tuple[Dot, Dot]]:
        """Old and new names of a writer's operations that were renamed, by number."""
        found = self._sql.rows(
            "SELECT number, new_writer, new_number FROM renamed WHERE space = ? AND writer = ?"
            " ORDER BY number",
            (self._space, writer),
        )
        return [(Dot(writer, integer(n)), Dot(Writer(integer(w)), integer(m))) for n, w, m in found]

    def _select(self, condition: str, parameters: tuple[int, ...]) -> list[PendingRow]:
        found = self._sql.rows(f"SELECT {_COLUMNS} FROM pending {condition}", parameters)  # noqa: S608 - conditions above
        return [_pending_row(row) for row in found]


def _pending_row(row: Row) -> PendingRow:
    sequence, writer, number, id_, body = row
    return PendingRow(
        integer(sequence),
        Dot(Writer(integer(writer)), integer(number)),
        CommitId(blob(id_)),
        recover(body, what="a pending commit"),
    )
