"""The receiver's check of a segment's content, which its author runs too before sealing.

The verdict is a function of the segment and its causal past alone. It never depends on what else the replica
holds: the clocks of rich parts are looked up as they stood at the causal past, not as they are now, and what
a place rests on is the same in every rich part that holds it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from syncore.core.commits import Commit
from syncore.core.errors import InvalidSegment, Malformed
from syncore.core.identifiers import DocumentKey, Dot, Writer
from syncore.core.vectors import Vector
from syncore.documents.entries import RichEntry
from syncore.documents.record_validity import check_record_entry
from syncore.documents.rich_places import DocumentPlaces
from syncore.documents.rich_validity import check_rich_entry
from syncore.replica.document_work import DocumentWork
from syncore.replica.entries import DecodedEntry, decode_entry


@dataclass(frozen=True, slots=True)
class CheckedCommit:
    """A commit with its name and its entries as this version understands them; None for an unknown kind."""

    commit: Commit
    dot: Dot
    entries: tuple[DecodedEntry | None, ...]


@dataclass(slots=True)
class ContentCheck:
    """Checks the commits of one writer in order.

    Attributes:
        work: The documents, for clocks at the causal past.
        writer: Whose commits they are.
        past: Everything that the writer's segments, this one included, say they depend on.
        clocks: Rich clocks of the writer behind the confirmed ones: what the commits checked so far reached.
        places: The places of what the commits checked so far insert.
    """

    work: DocumentWork
    writer: Writer
    past: Vector
    clocks: dict[DocumentKey, int] = field(default_factory=dict)
    places: DocumentPlaces = field(init=False)

    def __post_init__(self) -> None:
        """Judge places on top of the documents."""
        self.places = DocumentPlaces(self.work.rich_part)

    def check(self, commits: Sequence[Commit], first: int) -> list[CheckedCommit]:
        """The commits, decoded, if all of them are valid.

        Raises:
            InvalidSegment: one of them is not.
        """
        return [
            self._check_commit(commit, Dot(self.writer, first + index))
            for index, commit in enumerate(commits)
        ]

    def pass_over(self, entries: Iterable[DecodedEntry]) -> None:
        """Take the clocks of a commit that was checked before; the documents show what it did already."""
        for entry in entries:
            if isinstance(entry, RichEntry):
                self.clocks[entry.key] = entry.clock_after

    def _check_commit(self, commit: Commit, dot: Dot) -> CheckedCommit:
        past = {**self.past, self.writer: dot.number - 1}
        seen: set[tuple[type[DecodedEntry], DocumentKey]] = set()
        entries: list[DecodedEntry | None] = []
        for entry in commit.entries:
            try:
                decoded = decode_entry(entry)
            except Malformed as error:
                raise InvalidSegment(
                    f"commit {dot.number} holds an entry that does not decode: {error.message}"
                ) from error
            entries.append(decoded)
            if decoded is None:
                continue
            if (type(decoded), decoded.key) in seen:
                raise InvalidSegment(f"commit {dot.number} changes one document twice")
            seen.add((type(decoded), decoded.key))
            self._check_entry(decoded, dot, past)
        return CheckedCommit(commit, dot, tuple(entries))

    def _check_entry(self, entry: DecodedEntry, dot: Dot, past: Vector) -> None:
        if not isinstance(entry, RichEntry):
            check_record_entry(entry, dot=dot, past=past)
            return
        held = {other: self.work.clock_at(entry.key, other, past.get(other, 0)) for other in entry.builds_on}
        own = self.clocks.get(entry.key)
        held[self.writer] = self.work.own_clock(entry.key, self.writer) if own is None else own
        update = check_rich_entry(entry, dot=dot, held=held)
        self.places.of(entry.key).check(update, dot=dot)
        self.clocks[entry.key] = entry.clock_after
