"""Which failures pass, and which one of several is told."""

from typing import cast

import pytest

from syncore.core.errors import (
    ConnectionFailed,
    DishonestRelay,
    DiskFull,
    ProtocolViolation,
    Refused,
    RelayLostData,
    SyncoreError,
    WriterRejected,
    WrongRelay,
)
from syncore.sync.failures import is_passing, worst_of


@pytest.mark.parametrize(
    ("failure", "passes"),
    [
        (ConnectionFailed("gone"), True),
        (WrongRelay("another key"), True),
        (DiskFull("full"), True),
        (Refused("later", code="overloaded", is_final=False), True),
        (Refused("never", code="not_permitted", is_final=True), False),
        (ProtocolViolation("a gap"), False),
        (RelayLostData("a fork"), False),
        (DishonestRelay("denied"), False),
        (WriterRejected("closed"), False),
    ],
)
def test_what_trying_again_may_mend_passes(failure: SyncoreError, *, passes: bool) -> None:
    """Networks, disks and relays that are busy pass; lies, forks and verdicts do not."""
    assert is_passing(failure) is passes


def test_the_failure_that_stops_is_told() -> None:
    """However deep in the groups of tasks it lies."""
    stops = ProtocolViolation("a gap")
    inner = ExceptionGroup("inner", [ConnectionFailed("one"), stops])
    outer = cast("ExceptionGroup[SyncoreError]", ExceptionGroup("outer", [ConnectionFailed("two"), inner]))
    assert worst_of(outer) is stops
    assert isinstance(worst_of(ExceptionGroup("all", [ConnectionFailed("one")])), ConnectionFailed)
