"""The relay's log as it is shown here, in one hash for every offset: what receipts are compared with."""

from itertools import accumulate

from syncore.core.ports import SqlConnection
from syncore.protocol.client_events import ItemsReceived, ReceivedItem
from syncore.protocol.receipts import extend_log, start_of_log
from syncore.replica.space_state import SpaceState
from syncore.storage.running_rows import RunningRows


class LogPath:
    """The running hashes up to and including a batch that is being merged.

    Attributes:
        generation: The generation of the batch.
    """

    def __init__(self, sql: SqlConnection, state: SpaceState, batch: ItemsReceived) -> None:
        """Go on from where the space stands; :meth:`keep` stores what the batch adds."""
        row = state.row
        self.generation = batch.cursor.generation
        self._space = state.id
        self._rows = RunningRows(sql, state.number)
        self._before, before = 0, start_of_log(state.id, self.generation)
        if row.generation == self.generation and row.running_hash is not None:
            self._before, before = row.log_offset, row.running_hash
        assert batch.items[0].offset == self._before + 1, "the session lets no gap through"
        self._hashes = list(accumulate(batch.items, _extend, initial=before))
        assert self._hashes[-1] == batch.cursor.running_hash

    def keep(self) -> None:
        """Store the running hashes of the batch."""
        self._rows.add(self.generation, self._before + 1, self._hashes[1:])

    def at(self, generation: bytes, offset: int) -> bytes | None:
        """The running hash at an offset that was shown here, or None where nothing is known."""
        if generation == self.generation and self._before <= offset < self._before + len(self._hashes):
            return self._hashes[offset - self._before]
        return start_of_log(self._space, generation) if offset == 0 else self._rows.at(generation, offset)


def _extend(running: bytes, item: ReceivedItem) -> bytes:
    return extend_log(running, item.offset, item.hash)
