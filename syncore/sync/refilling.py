"""Giving a relay back what it lost, over one connection; what is left to give is in the file.

A relay that knows nothing of the space, or not that we belong to it, gets the control log first, and is
asked for the stream again; one that has a log is read to its head first. Items go out in the order in which
they were merged here, which is causal, as many at once as the relay allows. An item counts as held again when
the stream brings it, not when it was sent.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, auto
from functools import partial

from syncore.core.errors import RelayLostData
from syncore.core.identifiers import Writer
from syncore.core.ports import SqlConnection
from syncore.protocol.client_events import ItemsReceived, RequestRefused
from syncore.protocol.control_records import AcceptedRecord
from syncore.protocol.refusal_codes import RefusalCode
from syncore.protocol.segments import Segment
from syncore.replica.healing import MissingItem, give_up_item, missing_items, record_of
from syncore.replica.local_replica import LocalReplica
from syncore.replica.space_state import SpaceState
from syncore.storage.missing_rows import MissingRow
from syncore.sync.connection import RelayConnection, refused_error

UNKNOWN = frozenset({RefusalCode.UNKNOWN_SPACE, RefusalCode.NOT_MEMBER})
"""How a relay answers that lost all of a space, or our admission to it."""
_FORKED = frozenset(
    {
        RefusalCode.FORK,
        RefusalCode.DEPENDENCY_MISMATCH,
        RefusalCode.UNKNOWN_CONTROL,
        RefusalCode.CONFLICT,
    }
)
"""The relay's log holds something else in the place of what it is given."""
_INCOMPLETE = frozenset({RefusalCode.NOT_CONTIGUOUS, RefusalCode.MISSING_DEPENDENCY})
"""What it builds on was not taken either."""


class Phase(Enum):
    """How far a connection has come with a space."""

    ASKED = auto()
    """For its stream; or for its creation, at a relay that lost it."""
    NAMING = auto()
    """Giving the control log to a relay that does not know us any more."""
    READING = auto()
    CAUGHT_UP = auto()


@dataclass(frozen=True, slots=True)
class _Upload:
    """An upload that was not answered yet; the author's writer and first commit, of a segment."""

    row: MissingRow
    segment: tuple[Writer, int] | None


class Refilling:
    """What one connection has done to get a space's stream, and to give back what the relay lost.

    Attributes:
        phase: How far it has come.
    """

    def __init__(
        self,
        replica: LocalReplica,
        number: int,
        connection: RelayConnection,
        ask: Callable[[RelayConnection], int],
    ) -> None:
        """Ask for the space's stream with ``ask``; the caller flushes it."""
        self._replica = replica
        self._number = number
        self._connection = connection
        self._ask = ask
        self._page: deque[MissingItem] = deque()
        self._last: MissingRow | None = None
        self._sent: dict[int, _Upload] = {}
        self._tried: set[RefusalCode] = set()
        self._asked = ask(connection)
        self.phase = Phase.ASKED

    def is_opening(self, request_id: int) -> bool:
        """Whether that request is the one for the stream."""
        return self.phase is Phase.ASKED and request_id == self._asked

    async def note_not_opened(self, event: RequestRefused) -> None:
        """The relay knows nothing of the space, or not us: give it the control log, and ask again.

        Raises:
            Refused: that was tried on this connection.
        """
        if event.code in self._tried:
            raise refused_error(event)
        self._tried.add(event.code)
        if event.code is RefusalCode.UNKNOWN_SPACE:
            genesis, relay = await self._replica.read(self._first_records)
            self._asked = self._connection.session.create_space(genesis, relay)
            await self._connection.flush()
        else:
            self.phase = Phase.NAMING

    async def send(self) -> None:
        """Upload as much as the relay can take now.

        Raises:
            ConnectionFailed: the connection broke.
        """
        if self.phase is Phase.CAUGHT_UP and self._state.missing_count:
            await self._send(control_only=False)
        elif self.phase is Phase.NAMING:
            await self._send(control_only=True)
            if not self._sent:
                self.phase = Phase.ASKED
                self._asked = self._ask(self._connection)
                await self._connection.flush()

    def note_stored(self, request_id: int) -> bool:
        """Note the answer to an upload; False if it was none of ours."""
        return self._sent.pop(request_id, None) is not None

    def note_stubs(self, event: ItemsReceived) -> None:
        """Note the uploads that the stream has answered."""
        for item in event.items:
            if item.request_id is not None:
                self._sent.pop(item.request_id, None)

    async def note_refused(self, event: RequestRefused) -> bool:
        """Judge the refusal of an upload; False if it was none of ours.

        Raises:
            RelayLostData: the relay's log holds something else in its place.
            Refused: trying again on a fresh connection may help, or nothing will.
        """
        upload = self._sent.pop(event.request_id, None)
        if upload is None:
            return False
        if event.code in _FORKED:
            detail = event.detail or event.code.value
            raise RelayLostData(f"the relay lost data, and its log holds something else now: {detail}")
        if not (self._was_passed_over(upload) and (event.is_final or event.code in _INCOMPLETE)):
            raise refused_error(event)
        await self._replica.change(self._number, partial(give_up_item, hash_=upload.row.hash), is_local=False)
        return True

    @property
    def _state(self) -> SpaceState:
        return self._replica.spaces[self._number]

    def _first_records(self, sql: SqlConnection) -> tuple[AcceptedRecord, AcceptedRecord]:
        return record_of(sql, self._state, 0), record_of(sql, self._state, 1)

    async def _send(self, *, control_only: bool) -> None:
        while self._connection.has_room and (item := await self._next(control_only=control_only)):
            session, content = self._connection.session, item.content
            if isinstance(content, Segment):
                upload = _Upload(item.row, (content.header.writer, content.header.first))
                self._sent[session.append_segment(content)] = upload
            else:
                self._sent[session.append_record(content)] = _Upload(item.row, None)
            await self._connection.flush()

    async def _next(self, *, control_only: bool) -> MissingItem | None:
        if not self._page:
            self._page.extend(await self._replica.read(partial(self._read_page, control_only=control_only)))
        if not self._page:
            return None
        item = self._page.popleft()
        self._last = item.row
        return item

    def _read_page(self, sql: SqlConnection, *, control_only: bool) -> list[MissingItem]:
        return missing_items(sql, self._state, self._last, control_only=control_only)

    def _was_passed_over(self, upload: _Upload) -> bool:
        """Whether it is of a closed writer: where an honest relay does not take that, none ever did."""
        if upload.segment is None:
            return False
        writer, first = upload.segment
        closed = self._state.closed.get(writer)
        return closed is not None and first > closed.number
