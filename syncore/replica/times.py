"""The last hybrid time of a file, which must rise over restarts: else edits would lose to their own past."""

from collections.abc import Iterable

from syncore.core.hybrid_clock import HybridTime
from syncore.core.ports import SqlConnection
from syncore.protocol.commit_codec import decode_commit
from syncore.replica.space_state import SpaceState
from syncore.storage.pending_rows import PendingRows
from syncore.storage.space_rows import SpaceRows

_NAME = "last_time"


def store_last_time(sql: SqlConnection, state: SpaceState, time: HybridTime) -> None:
    """Keep the time, unless the pending log keeps it anyway."""
    if state.is_private:
        write_last_time(sql, time)


def write_last_time(sql: SqlConnection, time: HybridTime) -> None:
    """Keep the time: before pending commits leave the log, and after private ones, which never were in it."""
    SpaceRows(sql).write_value(_NAME, time.to_bytes(8, "big"))


def load_last_time(sql: SqlConnection, spaces: Iterable[SpaceState]) -> HybridTime:
    """The greatest time that this file is known to have written."""
    stored = SpaceRows(sql).value(_NAME)
    times = [0 if stored is None else int.from_bytes(stored, "big")]
    for state in spaces:
        last = PendingRows(sql, state.number).newest()
        if last is not None:
            times.append(decode_commit(last.body).time)
    return HybridTime(max(times))
