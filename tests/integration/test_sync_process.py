"""Replicas and relays as real processes that are killed, replaced, wiped and copied while edits go on."""

import asyncio
import contextlib
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest

from syncore import Replica, SyncState
from syncore.core.errors import ConnectionFailed
from tests.integration.sync_device import check, edit, make_board
from tests.sync.waiting import PATIENCE_S, converged, synced, until, until_reason

ROOT = Path(__file__).resolve().parents[2]
Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class RelayAt:
    """A relay process at a fixed port, which can be killed and started again."""

    def __init__(self, store: Path, port: int) -> None:
        self.store = store
        self.port = port
        self.address = f"ws://127.0.0.1:{port}"
        self._process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        """Start it and wait until it listens."""
        self._process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "relay", "serve", "--listen", f"127.0.0.1:{self.port}"),
            *("--store", str(self.store)),
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        assert self._process.stdout is not None
        line = await asyncio.wait_for(self._process.stdout.readline(), 30)
        assert line.startswith(b"listening"), line

    async def kill(self) -> None:
        """Kill it, if it runs."""
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            await process.communicate()


@contextlib.asynccontextmanager
async def relay_at(store: Path, port: int = 0) -> AsyncIterator[RelayAt]:
    """A running relay, killed at the end."""
    relay = RelayAt(store, port or free_port())
    await relay.start()
    try:
        yield relay
    finally:
        await relay.kill()


@contextlib.asynccontextmanager
async def two_replicas(folder: Path, address: str) -> AsyncIterator[tuple[Replica, Replica]]:
    """Two replicas of one space with the board in it."""
    async with open_at(folder, "a") as one, open_at(folder, "b") as two:
        await make_board(one)
        space = await one.share(address)
        joined = await two.join(await space.invite())
        await converged(space, joined)
        yield one, two


def open_at(folder: Path, name: str) -> contextlib.AbstractAsyncContextManager[Replica]:
    """The replica of that name."""
    return Replica.open(folder / f"{name}.db", keystore=folder / f"keys-{name}")


async def both_check(one: Replica, two: Replica) -> list[str]:
    """Equal digests, and every mark exactly once."""
    await converged(one.space, two.space)
    found = await check(one)
    assert await check(two) == found
    return found


async def test_a_relay_that_starts_later_is_found(tmp_path: Path) -> None:
    """Opened while its relay is down a replica works, says so, and is live by itself once it is up."""
    port = free_port()
    async with relay_at(tmp_path / "relay", port) as relay:
        async with open_at(tmp_path, "a") as replica:
            await make_board(replica)
            await synced(await replica.share(relay.address))
        await relay.kill()
        async with open_at(tmp_path, "a") as replica:
            await edit(replica, "a0")
            status = await until_reason(replica.space, "no connection")
            assert status.unsent == 1
            await relay.start()
            await synced(replica.space)
            assert replica.space.status().state is SyncState.LIVE
            assert await check(replica) == ["a0"]


async def test_a_relay_that_is_killed_again_and_again(tmp_path: Path) -> None:
    """Whatever point of the uploads a relay dies at, every acknowledged edit of both devices arrives once."""
    acknowledged: set[str] = set()

    async def edit_on(replica: Replica, name: str, count: int) -> None:
        for number in range(count):
            mark = f"{name}{number}"
            await edit(replica, mark)
            acknowledged.add(mark)
            await asyncio.sleep(0.002)

    async with (
        relay_at(tmp_path / "relay") as relay,
        two_replicas(tmp_path, relay.address) as (one, two),
    ):
        for round_ in range(4):
            editing = asyncio.gather(edit_on(one, f"a{round_}.", 25), edit_on(two, f"b{round_}.", 25))
            goal = len(acknowledged) + 3 + 9 * round_
            await until(lambda goal=goal: len(acknowledged) >= goal)  # type: ignore[misc]
            await relay.kill()
            await editing
            await until(lambda: one.space.status().state is not SyncState.LIVE)
            await relay.start()
        assert set(await both_check(one, two)) == acknowledged
        assert not one.has_returned_in_time
        assert one.space.status().returns_in_time == 0


async def test_another_relay_at_the_address_is_noticed(tmp_path: Path) -> None:
    """A relay with another key at the same address learns nothing; the right one gets everything later."""
    async with relay_at(tmp_path / "relay") as relay, open_at(tmp_path, "a") as replica:
        await make_board(replica)
        await synced(await replica.share(relay.address))
        await relay.kill()
        async with relay_at(tmp_path / "impostor", relay.port):
            await edit(replica, "a0")
            status = await until_reason(replica.space, "another key")
            assert status.unsent == 1
        await relay.start()
        await synced(replica.space)
        assert await check(replica) == ["a0"]


async def _web_server(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read(10_000)
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi")
    await writer.drain()
    writer.close()


async def _hang_up(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.close()


async def _garbage(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(bytes(range(256)) * 64)
    with contextlib.suppress(ConnectionError):
        await writer.drain()
    writer.close()


@pytest.mark.parametrize("handler", [_web_server, _hang_up, _garbage])
async def test_what_is_no_relay_is_named(tmp_path: Path, handler: Handler) -> None:
    """A web server, a server that hangs up and one that talks nonsense are no relays; nothing is lost."""
    async with open_at(tmp_path, "a") as replica:
        await make_board(replica)
        async with relay_at(tmp_path / "relay") as relay:
            space = await replica.share(relay.address)
            await synced(space)
            await relay.kill()
            server = await asyncio.start_server(handler, "127.0.0.1", relay.port)
            async with server:
                async with open_at(tmp_path, "new") as new:
                    with pytest.raises(ConnectionFailed):
                        await new.share(relay.address)
                    assert new.space.is_private
                await edit(replica, "a0")
                await until(lambda: space.status().state is SyncState.OFFLINE and bool(space.status().reason))
                assert space.status().unsent == 1
            await relay.start()
            await synced(space)
        assert await check(replica) == ["a0"]


def lose(store: Path, copy: Path | None) -> None:
    """Put an older copy of a relay's store in its place, or remove all of it but the key."""
    for file in store.iterdir():
        if file.name != "relay.key":
            file.unlink()
    if copy is not None:
        shutil.copytree(copy, store, dirs_exist_ok=True)


@pytest.mark.parametrize("loss", ["wiped", "restored", "restored before the joining"])
async def test_a_relay_that_lost_its_disk_is_healed(tmp_path: Path, loss: str) -> None:
    """A relay without its store, or with an older copy, gets everything back from two devices at once; a
    newcomer finds all of it there, and the status tells what happened.
    """
    store, copy = tmp_path / "relay", tmp_path / "copy"
    async with relay_at(store) as relay, open_at(tmp_path, "a") as one, open_at(tmp_path, "b") as two:
        await make_board(one)
        space = await one.share(relay.address)
        await synced(space)
        for moment in ("restored before the joining", "restored"):
            if loss == moment:
                await relay.kill()
                shutil.copytree(store, copy)
                await relay.start()
            if two.space.is_private:
                await two.join(await space.invite())
                await both_check(one, two)
        for number in range(4):
            await edit(one, f"a{number}")
            await edit(two, f"b{number}")
        await both_check(one, two)
        await relay.kill()
        lose(store, None if loss == "wiped" else copy)
        await edit(two, "b4")
        await relay.start()
        found = await both_check(one, two)
        assert found == ["a0", "a1", "a2", "a3", "b0", "b1", "b2", "b3", "b4"]
        assert [replica.space.status().relay_losses for replica in (one, two)] == [1, 1]
        await check_newcomer(tmp_path, one)
    async with open_at(tmp_path, "a") as one:
        assert one.space.status().relay_losses == 1


async def check_newcomer(folder: Path, inviter: Replica) -> None:
    """Who joins now gets from the relay all that others hold."""
    async with open_at(folder, "new") as new:
        await new.join(await inviter.space.invite())
        await both_check(inviter, new)
        await edit(new, "new")
        await both_check(inviter, new)


async def test_a_relay_that_was_refilled_before_others_came(tmp_path: Path) -> None:
    """Restored from an older copy and filled by one device under the old name, a relay tells the next one,
    whose receipt it cannot bear out; both sides end up with everything.
    """
    store, copy = tmp_path / "relay", tmp_path / "copy"
    async with relay_at(store) as relay:
        async with two_replicas(tmp_path, relay.address) as (one, two):
            await edit(one, "a0")
            await both_check(one, two)
        await relay.kill()
        shutil.copytree(store, copy)
        await relay.start()
        async with open_at(tmp_path, "b") as two:
            for number in range(5):
                await edit(two, f"b{number}")
            await synced(two.space)
        await relay.kill()
        lose(store, copy)
        await relay.start()
        async with open_at(tmp_path, "a") as one:
            for number in range(1, 6):
                await edit(one, f"a{number}")
                await synced(one.space)
            assert one.space.status().relay_losses == 0
            async with open_at(tmp_path, "b") as two:
                await synced(two.space)
                assert two.space.status().relay_losses == 1
                found = await both_check(one, two)
                assert len(found) == 11
                assert one.space.status().relay_losses == 1
                await check_newcomer(tmp_path, one)


# --- files that return in time ----------------------------------------------------------------------------


async def test_a_copied_replica_keeps_both_sides(tmp_path: Path) -> None:
    """A copy with a copied keystore that runs beside the original: all edits of both, each once."""
    async with relay_at(tmp_path / "relay") as relay:
        async with two_replicas(tmp_path, relay.address) as (one, two):
            await edit(one, "a0")
            await both_check(one, two)
        await relay.kill()
        async with open_at(tmp_path, "a") as one:
            await edit(one, "a1")  # pending in both copies
        shutil.copy(tmp_path / "a.db", tmp_path / "copy.db")
        shutil.copytree(tmp_path / "keys-a", tmp_path / "keys-copy")
        await relay.start()
        async with (
            open_at(tmp_path, "a") as one,
            open_at(tmp_path, "copy") as copy,
            open_at(tmp_path, "b") as two,
        ):
            for number in range(6):
                await asyncio.gather(
                    edit(one, f"o{number}"), edit(copy, f"c{number}"), edit(two, f"b{number}")
                )
                await asyncio.sleep(0)
            await converged(one.space, copy.space, two.space)
            expected = ["a0", "a1", *(f"{name}{number}" for name in "bco" for number in range(6))]
            for replica in (one, copy, two):
                assert await check(replica) == expected


async def test_a_copy_beside_the_same_keystore_keeps_both_sides(tmp_path: Path) -> None:
    """A copy of the file that shares the keystore with the original: all edits of both, each once."""
    async with relay_at(tmp_path / "relay") as relay:
        async with two_replicas(tmp_path, relay.address) as (one, two):
            await edit(one, "a0")
            await both_check(one, two)
        shutil.copy(tmp_path / "a.db", tmp_path / "copy.db")
        async with (
            open_at(tmp_path, "a") as one,
            Replica.open(tmp_path / "copy.db", keystore=tmp_path / "keys-a") as copy,
        ):
            for number in range(5):
                await edit(one, f"o{number}")
                await edit(copy, f"c{number}")
            await converged(one.space, copy.space)
            expected = ["a0", *(f"{name}{number}" for name in "co" for number in range(5))]
            assert await check(one) == await check(copy) == expected


async def test_a_restored_file_starts_a_new_life(tmp_path: Path) -> None:
    """An older copy put back beside its keystore says so, and keeps what was written since and now."""
    async with relay_at(tmp_path / "relay") as relay:
        async with two_replicas(tmp_path, relay.address) as (one, two):
            await edit(one, "a0")
            await both_check(one, two)
        shutil.copy(tmp_path / "a.db", tmp_path / "backup.db")
        async with open_at(tmp_path, "a") as one, open_at(tmp_path, "b") as two:
            await edit(one, "a1")
            await both_check(one, two)
        shutil.copy(tmp_path / "backup.db", tmp_path / "a.db")
        async with open_at(tmp_path, "a") as one, open_at(tmp_path, "b") as two:
            assert one.has_returned_in_time
            await edit(one, "a2")
            assert await both_check(one, two) == ["a0", "a1", "a2"]
        async with open_at(tmp_path, "a") as one, open_at(tmp_path, "b") as two:
            assert not one.has_returned_in_time
            await edit(one, "a3")
            assert await both_check(one, two) == ["a0", "a1", "a2", "a3"]


async def test_a_device_that_is_killed_while_it_syncs(tmp_path: Path) -> None:
    """Whatever step of syncing a device dies at, all that it printed is everywhere in the end, once."""
    printed: list[str] = []
    async with relay_at(tmp_path / "relay") as relay, open_at(tmp_path, "a") as one:
        await make_board(one)
        space = await one.share(relay.address)
        await synced(space)
        code = await space.invite()
        for kill_after in (1, 4, 9, 15, 30, 0):
            command = (
                *("-m", "tests.integration.sync_device", str(tmp_path / "d.db")),
                str(tmp_path / "keys-d"),
            )
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, *command, "d", "40" if kill_after else "3", code),
                cwd=ROOT,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
            )
            assert process.stdout is not None
            opened = await asyncio.wait_for(process.stdout.readline(), PATIENCE_S)
            assert opened == b"open False\n"
            seen = 0
            while line := await asyncio.wait_for(process.stdout.readline(), PATIENCE_S):
                if line.startswith(b"edit"):
                    printed.append(line.split()[1].decode())
                    seen += 1
                    if seen == kill_after:
                        process.send_signal(signal.SIGKILL)
                elif line == b"synced\n":
                    break
            await process.communicate(b"")
            await edit(one, f"a{kill_after}")
        await synced(space)
        found = await check(one)
        assert set(printed) <= set(found)
        digest = await space.digest()
        async with Replica.open(tmp_path / "d.db", keystore=tmp_path / "keys-d") as device:
            await converged(space, device.space)
            assert await space.digest() == digest
            assert await check(device) == found
