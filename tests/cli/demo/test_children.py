"""Children of the demo end with it, and whatever takes too long or fails is named."""

import asyncio
from pathlib import Path

import pytest

from syncore.cli.demo.children import Child, Children, step
from syncore.core.errors import SyncoreError


async def start_device(children: Children, folder: Path, name: str = "d1") -> Child:
    """A device that is ready to be told something."""
    child = await children.start(
        name,
        "syncore.cli.demo",
        *("device", "--name", name, "--replica", folder / f"{name}.db"),
        *("--keystore", folder / "keys", "--ledger", folder / f"{name}.ledger"),
    )
    await child.line()
    return child


async def test_leaving_kills_what_still_runs(tmp_path: Path) -> None:
    """No child survives the block, however it is left."""
    started: list[Child] = []

    async def fail() -> None:
        async with Children(tmp_path) as children:
            started.append(await start_device(children, tmp_path))
            assert started[0].is_running
            raise KeyError

    with pytest.raises(KeyError):
        await fail()
    assert not started[0].is_running


async def test_a_device_ends_with_its_standard_input(tmp_path: Path) -> None:
    """Whoever loses the one that started it does not stay behind."""
    async with Children(tmp_path) as children:
        child = await start_device(children, tmp_path)
        await child.stop()
        assert not child.is_running


async def test_a_child_that_fails_leaves_its_last_words(tmp_path: Path) -> None:
    """The error names the child and shows the end of its log."""
    async with Children(tmp_path) as children:
        child = await children.start("d7", "syncore.cli.demo", "device", "--name", "d7")
        with pytest.raises(SyncoreError, match=r"(?s)d7 has ended with status 2.*--ledger"):
            await child.line()


async def test_a_device_that_cannot_do_it_says_why(tmp_path: Path) -> None:
    """The file of a device that runs already is refused by the second one, with the library's own words."""
    async with Children(tmp_path) as children:
        await start_device(children, tmp_path)
        with pytest.raises(SyncoreError, match=r"d2: Locked: process .* owns the replica"):
            await children.run_once(
                "d2",
                "syncore.cli.demo",
                *("device", "--name", "d2", "--replica", tmp_path / "d1.db"),
                *("--keystore", tmp_path / "keys", "--ledger", tmp_path / "d2.ledger"),
                seconds=30,
            )


async def test_a_step_that_takes_too_long_is_named() -> None:
    """The error says which step it was and how long it might have taken."""
    with pytest.raises(SyncoreError, match=r"the relay starts: not done within 0\.01 seconds"):
        async with step("the relay starts", 0.01):
            await asyncio.Event().wait()
