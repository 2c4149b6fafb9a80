"""When a checkpoint is due, told from the size of the log alone."""

from pathlib import Path

import pytest

from syncore.adapters.sqlite_log import LogGauge
from syncore.adapters.sqlite_opening import LOG_LIMIT_BYTES

LIMIT = LOG_LIMIT_BYTES
STEP = 100_000


class Log:
    """A log that is only a length."""

    def __init__(self, folder: Path) -> None:
        """Make an empty log beside a database that is not there."""
        self._path = folder / "a.db-wal"
        self._path.touch()
        self.gauge = LogGauge(folder / "a.db")

    def commit(self, size_bytes: int) -> bool:
        """Note a commit after which the log has this size."""
        with self._path.open("r+b") as log:
            log.truncate(size_bytes)
        return self.gauge.note_commit()


@pytest.fixture
def log(tmp_path: Path) -> Log:
    """A log as it is after opening."""
    return Log(tmp_path)


def test_the_first_commit_after_a_checkpoint_is_known(log: Log) -> None:
    """After opening and after every checkpoint, one commit restarts the log; the next ones do not."""
    seen = [log.gauge.is_restart_due]
    log.commit(STEP)
    seen.append(log.gauge.is_restart_due)
    log.gauge.note_checkpoint()
    seen.append(log.gauge.is_restart_due)
    assert seen == [True, False, True]


def test_a_checkpoint_is_due_when_the_log_passes_the_limit(log: Log) -> None:
    """Up to the limit nothing is due; beyond it a checkpoint is; after a restart that cut the log, nothing
    again.
    """
    for _ in range(3):
        assert not log.commit(LIMIT - 1)
        assert not log.commit(LIMIT)
        assert log.commit(LIMIT + STEP)
        log.gauge.note_checkpoint()
        assert not log.commit(LIMIT)


def test_a_reader_that_holds_the_log_causes_no_checkpoint_for_every_commit(log: Log) -> None:
    """While the log cannot restart, the next checkpoint is due only after another limit's worth."""
    assert not log.commit(1)
    assert log.commit(LIMIT + STEP)
    log.gauge.note_checkpoint()
    assert not log.commit(LIMIT + 2 * STEP)
    assert not log.commit(2 * LIMIT)
    assert log.commit(2 * LIMIT + 3 * STEP)
    log.gauge.note_checkpoint()
    assert not log.commit(LIMIT)
    assert log.commit(LIMIT + 1)


def test_large_transactions_do_not_raise_the_limit_step_by_step(log: Log) -> None:
    """When every restart writes more than the limit at once, the log still stays below twice that and the
    limit.
    """
    largest = 3 * LIMIT
    size = 0
    for _ in range(20):
        assert not log.commit(largest)
        size = largest
        while not log.commit(size):
            size += STEP
        assert size <= largest + LIMIT + STEP
        log.gauge.note_checkpoint()


def test_a_log_that_is_gone_is_empty(tmp_path: Path) -> None:
    """Without a file there is nothing to checkpoint."""
    assert not LogGauge(tmp_path / "a.db").note_commit()
