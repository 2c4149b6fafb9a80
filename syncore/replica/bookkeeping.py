"""Whether a file's notes about its place in the relay's log fit what it holds of that log.

Cursor and heads carry no checksum of their own, but the file holds each of them a second time. What differs
is damaged, and looks like a fault of the relay to whoever goes by it: it would be told that it lost data, or
segments would be passed over as held already. So nothing is asked of a relay then; documents stay readable.
"""

from collections.abc import Iterable

from syncore.core.errors import IntegrityError
from syncore.core.ports import SqlConnection
from syncore.protocol.receipts import start_of_log
from syncore.storage.log_rows import LogRows, WriterRow
from syncore.storage.running_rows import RunningRows
from syncore.storage.space_rows import SpaceRow


def damage_of(sql: SqlConnection, row: SpaceRow, heads: Iterable[WriterRow]) -> str:
    """What of a shared space's cursor and heads is damaged, in a sentence; empty if nothing is.

    One indexed look for each writer.
    """
    try:
        _check_cursor(sql, row)
    except IntegrityError as error:
        return error.message
    log = LogRows(sql, row.space)
    for head in heads:
        if log.segment_hash(head.writer, head.number) != head.hash:
            return f"how far writer {head.writer} is in is damaged: no segment that is held ends there"
    return ""


def _check_cursor(sql: SqlConnection, row: SpaceRow) -> None:
    if row.generation is None:
        return
    if row.log_offset:
        held = RunningRows(sql, row.space).at(row.generation, row.log_offset)
    else:
        held = start_of_log(row.id, row.generation)
    if held != row.running_hash:
        raise IntegrityError(
            "the place in the relay's log is damaged: the log that was read does not lead there"
        )
