"""What a status says to people, and how far a space is in."""

import pytest

from syncore.sync.status import Progress, SpaceStatus, SyncState, Traffic

LINES = {
    "private": SpaceStatus(state=SyncState.PRIVATE),
    "live": SpaceStatus(state=SyncState.LIVE, progress_percent=40),
    "live, 3 not yet sent": SpaceStatus(state=SyncState.LIVE, unsent=3),
    "catching up 40 %": SpaceStatus(state=SyncState.CATCHING_UP, progress_percent=40),
    "catching up 0 %, 1 not yet sent (the relay is busy)": SpaceStatus(
        state=SyncState.CATCHING_UP, progress_percent=0, unsent=1, reason="the relay is busy"
    ),
    "offline (nobody answers)": SpaceStatus(state=SyncState.OFFLINE, reason="nobody answers"),
    "stopped, 2 not yet sent (no member)": SpaceStatus(state=SyncState.STOPPED, unsent=2, reason="no member"),
}


@pytest.mark.parametrize("line", LINES)
def test_a_status_is_one_line(line: str) -> None:
    """The state comes first; then what it stands at, what waits and why, each only where it is so."""
    assert str(LINES[line]) == line


@pytest.mark.parametrize(
    ("offset", "head", "percent"),
    [(0, 0, 100), (5, 0, 100), (0, 7, 0), (1, 300, 0), (299, 300, 99), (7, 7, 100), (9, 7, 100)],
)
def test_all_of_a_log_is_a_hundred_percent(offset: int, head: int, percent: int) -> None:
    """An empty log is in, one that lacks an item is not, and what came since the opening counts no more."""
    assert Progress(offset=offset, head=head).percent == percent


def test_before_the_first_connection_nothing_is_claimed() -> None:
    """A space is offline without a failure, has no receipt, and nothing went over the network."""
    progress = Progress()
    assert (progress.state, progress.failure, progress.last_receipt_ms) == (SyncState.OFFLINE, None, None)
    assert (progress.returns_in_time, progress.closed_writers, progress.set_aside) == (0, 0, 0)
    assert Traffic() == Traffic(sent_bytes=0, received_bytes=0)
