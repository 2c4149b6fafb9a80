"""When the write-ahead log is to be checkpointed, told from the size of its file.

SQLite gives Python no count of the pages in the log, but with ``journal_size_limit`` the file's size tells
enough: the first commit after a complete checkpoint writes the log from its beginning and cuts the file back
to the limit, so a file that is longer than the limit holds more than that in pages. So the log is bounded: it
grows past the limit only by what one transaction writes, and by what is written while somebody reads an old
snapshot.

That first commit also syncs the log's new header, whatever ``synchronous`` says, so it belongs on a thread.
"""

import os
from pathlib import Path

from syncore.adapters.sqlite_opening import LOG_LIMIT_BYTES


class LogGauge:
    """Watches the log of one database; told of every commit and every checkpoint."""

    def __init__(self, database: Path) -> None:
        """Watch the log beside ``database``, which was just opened and checkpointed."""
        self._log = f"{database}-wal"
        self._due_bytes = LOG_LIMIT_BYTES
        self._checkpointed_bytes: int | None = self._size_bytes()

    @property
    def is_restart_due(self) -> bool:
        """Whether the next commit is the first one after a checkpoint."""
        return self._checkpointed_bytes is not None

    def note_checkpoint(self) -> None:
        """A checkpoint has ended well."""
        self._checkpointed_bytes = self._size_bytes()

    def note_commit(self) -> bool:
        """A transaction was committed; whether a checkpoint is due now."""
        size_bytes = self._size_bytes()
        if self._checkpointed_bytes is not None:
            # A longer file was not restarted: a reader still needs it, and checkpoints can do nothing until
            # it ends.
            is_held = size_bytes > max(self._checkpointed_bytes, LOG_LIMIT_BYTES)
            self._due_bytes = size_bytes + LOG_LIMIT_BYTES if is_held else max(size_bytes, LOG_LIMIT_BYTES)
            self._checkpointed_bytes = None
        return size_bytes > self._due_bytes

    def _size_bytes(self) -> int:
        try:
            return os.stat(self._log).st_size  # noqa: PTH116 - after every commit: a Path would cost as much as the call
        except FileNotFoundError:
            return 0
