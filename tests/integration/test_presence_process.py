"""Presence between real processes: seen through a real relay, and forgotten when a process is killed."""

import asyncio
import contextlib
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

from syncore import Replica
from tests.integration.test_sync_process import ROOT, open_at, relay_at
from tests.sync.waiting import PATIENCE_S, synced, until


@contextlib.asynccontextmanager
async def device(
    folder: Path, name: str, *, ttl_s: float, code: str = ""
) -> AsyncIterator[asyncio.subprocess.Process]:
    """A process that shows its name, killed at the end."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.integration.presence_device"),
        *(str(folder / f"{name}.db"), str(folder / f"keys-{name}"), name, str(ttl_s), code),
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def until_told(process: asyncio.subprocess.Process, line: str) -> None:
    """Return when a process has printed a line."""
    assert process.stdout is not None
    async with asyncio.timeout(PATIENCE_S):
        while True:
            told = (await process.stdout.readline()).decode()
            assert told, "the process has ended"
            if told.strip() == line:
                return


def values(replica: Replica) -> list[str]:
    """What those who are here show."""
    return sorted(str(one.value) for one in replica.space.presence.others)


async def test_processes_see_each_other_and_forget_who_is_killed(tmp_path: Path) -> None:
    """Two processes see a third and each other; one that ends is gone at once, one that is killed in time."""
    async with relay_at(tmp_path / "relay") as relay, open_at(tmp_path, "a") as replica:
        space = await replica.share(relay.address)
        await synced(space)
        codes = [await space.invite(), await space.invite(role="reader")]
        await space.presence.set("a", ttl=300)
        async with (
            device(tmp_path, "b", ttl_s=2, code=codes[0]) as killed,
            device(tmp_path, "c", ttl_s=300, code=codes[1]) as ended,
        ):
            await until_told(killed, "here a c")
            await until_told(ended, "here a b")
            await until(lambda: values(replica) == ["b", "c"])
            killed.kill()
            await until_told(ended, "here a")
            await until(lambda: values(replica) == ["c"])
            assert ended.stdin is not None
            ended.stdin.close()
            await until(lambda: values(replica) == [])
            assert await ended.wait() == 0
        assert space.status().presence_dropped == 0


async def test_a_relay_that_is_killed_takes_nobody_along(tmp_path: Path) -> None:
    """Those who are here see each other again as soon as their relay is back, which remembered nobody."""
    async with (
        relay_at(tmp_path / "relay") as relay,
        open_at(tmp_path, "a") as one,
        open_at(tmp_path, "b") as two,
    ):
        space = await one.share(relay.address)
        joined = await two.join(await space.invite())
        await space.presence.set("one", ttl=1)
        await joined.presence.set("two", ttl=1)
        for _ in range(2):
            await until(lambda: (values(one), values(two)) == (["two"], ["one"]))
            await relay.kill()
            await until(lambda: values(one) == values(two) == [])
            await relay.start()
        await until(lambda: (values(one), values(two)) == (["two"], ["one"]))
        stored = b"".join(path.read_bytes() for path in (tmp_path / "relay").iterdir())
        for session in (who.session for replica in (one, two) for who in replica.space.presence.others):
            assert bytes.fromhex(session) not in stored
