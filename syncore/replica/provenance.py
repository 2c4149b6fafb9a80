"""Provenance: from the name of a commit to the segment that carries it, verified on the spot and offline.

Nothing that was concluded earlier is trusted: the signature is checked again against the control log's key,
the body is opened again, and the commit in it is compared with what the state says that it wrote. Owns the
bound on how much one explanation opens. Knows nothing of fields.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from syncore.core.commits import Commit
from syncore.core.errors import CryptoError, IntegrityError, InvalidSegment, Misused, RemoteError
from syncore.core.hybrid_clock import HybridTime, milliseconds
from syncore.core.identifiers import DocumentKey, Dot, Writer, device_index
from syncore.documents.entries import RichEntry
from syncore.protocol.ports import BodyCipher, Verify
from syncore.protocol.segments import Segment, decode_segment, open_segment, verify_segment
from syncore.replica.document_work import DocumentWork
from syncore.replica.entries import DecodedEntry, decode_entries
from syncore.replica.explanations import Evidence, Origin
from syncore.replica.space_state import SpaceState
from syncore.storage.log_rows import SegmentRow

MAX_OPENED_SEGMENTS: Final = 256
"""Segments that one explanation opens, about 1 ms each: a text of many years has more, and an answer is
due."""

Check = Callable[[Sequence[DecodedEntry]], str]
"""Looks at a commit's entries of the document; what is wrong with them, or the empty string."""


@dataclass(frozen=True, slots=True)
class OpenedSegment:
    """A held segment as it was found: what is inside, if that could be read, and what is wrong with it."""

    row: SegmentRow
    first: int
    commits: tuple[Commit, ...] | None
    problem: str


class Provenance:
    """Finds and verifies what wrote one document of one space, within one transaction."""

    def __init__(
        self, work: DocumentWork, state: SpaceState, key: DocumentKey, *, cipher: BodyCipher, verify: Verify
    ) -> None:
        """Look at what is held of ``state``; ``cipher`` may lack keys, ``verify`` checks signatures."""
        self._work = work
        self._state = state
        self._key = key
        self._cipher = cipher
        self._verify = verify
        self._opened: dict[int, OpenedSegment] = {}
        row = work.rows.row_of(key)
        rows = [] if row is None or state.is_private else work.pending.of_document(row)
        self._row = row
        self._pending = {row.dot: work.decoded(row) for row in rows}

    @property
    def is_private(self) -> bool:
        """Whether no commits are held, because nobody else is to see them."""
        return self._state.is_private

    def origin(self, dot: Dot, time: HybridTime | None, check: Check) -> Origin:
        """Where a commit comes from, and whether it wrote what it is said to have written.

        Args:
            dot: The commit.
            time: When the state says that it was made; None where the state does not say.
            check: Looks for that in its entries.
        """
        if self._state.is_private:
            return self._origin(dot, time, Evidence.PRIVATE)
        pending = self._pending.get(dot)
        if pending is not None:
            problem = check(pending.entries.get(self._key, ()))
            return self._origin(dot, pending.time, Evidence.WRONG if problem else Evidence.PENDING, problem)
        row = self._work.log.segment_of(dot.writer, dot.number)
        if row is None:
            return self._without_segment(dot, time)
        opened = self._open(row)
        if opened is None or opened.commits is None:
            return self._unopened(dot, time, opened, row)
        commit = opened.commits[dot.number - opened.first]
        problem = check(_entries_of(commit, self._key))
        if not problem and time is not None and time != commit.time:
            problem = "the state gives the commit another time than the segment does"
        return self._origin(dot, commit.time, Evidence.WRONG if problem else Evidence.SIGNED, problem, row)

    def rich_commit(self, writer: Writer, clock: int) -> tuple[Dot, int] | Origin:
        """The commit that made a unit of the rich part, and the clock behind its units.

        Where that cannot be told, an origin that says why.
        """
        nameless = Dot(writer, 0)
        if self._state.is_private:
            return self._origin(nameless, None, Evidence.PRIVATE)
        for dot, pending in self._pending.items():
            end = _covering(pending.entries.get(self._key, ()), clock) if dot.writer == writer else None
            if end is not None:
                return dot, end
        assert self._row is not None
        last = self._work.rows.segment_end(self._row, writer, clock)
        if last is None:
            problem = "no commit that was received or made here inserted what is shown"
            return self._origin(nameless, None, Evidence.WRONG, problem)
        row = self._work.log.segment_of(writer, last)
        if row is None:
            return self._origin(nameless, None, Evidence.NOT_HELD)
        opened = self._open(row)
        if opened is None or opened.commits is None:
            return self._unopened(nameless, None, opened, row)
        for number, commit in enumerate(opened.commits, start=opened.first):
            end = _covering(_entries_of(commit, self._key), clock)
            if end is not None:
                return Dot(writer, number), end
        problem = f"the segment at {row.position} did not insert what is shown"
        return self._origin(nameless, None, Evidence.WRONG, problem, row)

    def entries(self, dot: Dot) -> Sequence[DecodedEntry] | None:
        """What a commit did to the document, as far as its segment is held and holds; None otherwise."""
        pending = self._pending.get(dot)
        if pending is not None:
            return pending.entries.get(self._key, ())
        row = self._work.log.segment_of(dot.writer, dot.number)
        opened = None if row is None else self._open(row)
        if opened is None or opened.commits is None or opened.problem:
            return None
        return _entries_of(opened.commits[dot.number - opened.first], self._key)

    def _open(self, row: SegmentRow) -> OpenedSegment | None:
        """The segment, opened now or before; None if that would be one too many."""
        known = self._opened.get(row.position)
        if known is None and len(self._opened) < MAX_OPENED_SEGMENTS:
            known = self._opened[row.position] = self._examine(row)
        return known

    def _examine(self, row: SegmentRow) -> OpenedSegment:
        try:
            segment = decode_segment(row.segment)
        except RemoteError as error:
            return OpenedSegment(row, 0, None, f"the segment at {row.position} is none: {error.message}")
        problem = self._problem_of(segment, row)
        commits = None
        if not problem:
            try:
                commits = open_segment(segment, cipher=self._cipher).commits
            except Misused:  # its key is not here
                commits = None
            except InvalidSegment as error:
                problem = f"the segment at {row.position} does not open: {error.message}"
        return OpenedSegment(row, segment.header.first, commits, problem)

    def _problem_of(self, segment: Segment, row: SegmentRow) -> str:
        control = self._state.control
        assert control is not None
        device = control.devices.get(device_index(segment.header.writer))
        if device is None:
            return f"the segment at {row.position} is of a device that is no member"
        if segment.hash != row.hash or segment.header.space != self._state.id:
            return f"the segment at {row.position} is another one than the log says"
        try:
            verify_segment(segment, public_key=device.signing_key, verify=self._verify)
        except CryptoError:
            return f"the signature of the segment at {row.position} does not hold"
        return ""

    def _unopened(
        self, dot: Dot, time: HybridTime | None, opened: OpenedSegment | None, row: SegmentRow
    ) -> Origin:
        if opened is None:
            return self._origin(dot, time, Evidence.NOT_CHECKED, row=row)
        evidence = Evidence.WRONG if opened.problem else Evidence.SEALED
        return self._origin(dot, time, evidence, opened.problem, row)

    def _without_segment(self, dot: Dot, time: HybridTime | None) -> Origin:
        head = self._state.heads.get(dot.writer)
        if head is not None and dot.number <= head.number:
            return self._origin(dot, time, Evidence.NOT_HELD)
        problem = f"no commit {dot.number} of this author was ever received or made here"
        return self._origin(dot, time, Evidence.WRONG, problem)

    def _origin(
        self,
        dot: Dot,
        time: HybridTime | None,
        evidence: Evidence,
        problem: str = "",
        row: SegmentRow | None = None,
    ) -> Origin:
        control = self._state.control
        device = None if control is None else control.devices.get(device_index(dot.writer))
        is_founder = device is None or device.invited_by is None
        return Origin(
            device=device_index(dot.writer),
            key=None if device is None else device.signing_key.hex(),
            invited_by=None if device is None else device.invited_by,
            admitted=None if device is None or is_founder else instant(device.accepted_ms),
            time=None if time is None else instant(milliseconds(time)),
            commit=dot.number or None,
            arrived=None if row is None else instant(row.arrived_ms),
            segment=None if row is None else row.hash.hex(),
            position=None if row is None else row.position,
            evidence=evidence,
            problem=problem,
        )


def instant(time_ms: int) -> datetime:
    """The time, in milliseconds since 1970, as a datetime."""
    return datetime.fromtimestamp(time_ms / 1000, UTC)


def _entries_of(commit: Commit, key: DocumentKey) -> list[DecodedEntry]:
    try:
        return [entry for entry in decode_entries(commit) if entry.key == key]
    except RemoteError as error:  # it was merged once, so the file changed since
        raise IntegrityError("a held segment holds an entry that does not decode") from error


def _covering(entries: Sequence[DecodedEntry], clock: int) -> int | None:
    """The clock behind the units of the rich entry that has one, or None."""
    for entry in entries:
        if isinstance(entry, RichEntry) and entry.clock_before <= clock < entry.clock_after:
            return entry.clock_after
    return None
