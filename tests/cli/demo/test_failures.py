"""Of the failures that task groups raise together, the one that is told."""

import asyncio
from typing import Any

import pytest

from syncore.cli.demo.failures import first_failure
from syncore.core.errors import ConnectionFailed, DocumentNotFound, SyncoreError


@pytest.mark.parametrize("depth", [1, 2, 5])
def test_the_first_failure_is_found_however_deep(depth: int) -> None:
    """The first one at every level is followed down to an error that is no group."""
    wanted = DocumentNotFound("there is no document")
    members: list[Any] = [wanted, SyncoreError("something else")]
    for _ in range(depth):
        members = [BaseExceptionGroup("around it", members), SyncoreError("something else")]
    assert first_failure(members[0]) is wanted


async def test_what_task_groups_raise_is_understood() -> None:
    """The failure of a task inside a task inside a task is the one that is told."""

    async def fail(depth: int) -> None:
        if not depth:
            raise ConnectionFailed("nobody answers")
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(fail(depth - 1))

    told: list[SyncoreError] = []
    try:
        await fail(3)
    except* SyncoreError as failures:
        told.append(first_failure(failures))
    assert [error.message for error in told] == ["nobody answers"]
