"""A relay as a process of its own: what it loads and weighs, and what survives its death."""

import asyncio
import contextlib
import json
import os
import random
import resource
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from syncore.core.errors import RemoteError
from syncore.protocol.client_events import (
    FaultReceived,
    ItemsReceived,
    OwnUpload,
    RequestRefused,
    SpaceOpened,
    UploadStored,
)
from syncore.protocol.refusal_codes import FaultCode, RefusalCode
from syncore.protocol.segments import Segment
from tests.relay.adapters.test_endpoint import get
from tests.relay.device import Device, TestSpace, connected, key

ROOT = Path(__file__).resolve().parents[2]
OWNER = key("owner")
MAX_IDLE_KIB = 40 * 1024
KILLS = 6

pytestmark = pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="looks into /proc")


class RelayProcess:
    """A running ``python -m relay serve``."""

    def __init__(self, process: asyncio.subprocess.Process, address: str, public_key: bytes) -> None:
        self.process = process
        self.address = address
        self.public_key = public_key

    @property
    def memory_kib(self) -> int:
        """Resident memory now."""
        status = Path(f"/proc/{self.process.pid}/status").read_text(encoding="ascii")
        return int(status.partition("VmRSS:")[2].split()[0])

    async def end(self, number: signal.Signals) -> tuple[int, str]:
        """Send a signal; the exit code and what was logged."""
        with contextlib.suppress(ProcessLookupError):
            self.process.send_signal(number)
        return await self.ended()

    async def ended(self) -> tuple[int, str]:
        """Wait for the end; the exit code and what was logged."""
        _, errors = await asyncio.wait_for(self.process.communicate(), 30)
        assert self.process.returncode is not None
        return self.process.returncode, errors.decode()


@contextlib.asynccontextmanager
async def relay_process(store: Path, *options: str) -> AsyncIterator[RelayProcess]:
    """A relay on a free port; killed at the end if it still runs."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "relay", "serve", "--listen", "127.0.0.1:0", "--store", str(store), *options),
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    try:
        assert process.stdout is not None
        line = (await asyncio.wait_for(process.stdout.readline(), 30)).decode()
        words = line.split()
        assert words[:2] == ["listening", "on"], line
        assert words[3:5] == ["relay", "key"]
        yield RelayProcess(process, words[2], bytes.fromhex(words[5]))
    finally:
        if process.returncode is None:
            process.kill()
            await process.communicate()


async def test_it_starts_says_where_and_stops_when_told(tmp_path: Path) -> None:
    """It prints address and key, answers health checks, weighs little when idle, and exits with 0."""
    async with relay_process(tmp_path / "store", "--json") as relay:
        assert await get(relay.address, "/healthz") == (200, "ok\n")
        assert await get(relay.address, "/readyz") == (200, "ready\n")
        assert relay.memory_kib < MAX_IDLE_KIB
        code, log = await relay.end(signal.SIGTERM)
        assert code == 0
        events = [json.loads(line)["event"] for line in log.splitlines()]
        assert events == ["listening", "stopped"]


def test_it_loads_nothing_that_reads_documents_or_chains() -> None:
    """A relay's process has neither pycrdt nor web3 nor zstandard in it, however it was started."""
    program = (
        "import sys\n"
        "from relay.cli import main\n"
        "try: main(['serve', '--help'])\n"
        "except SystemExit: pass\n"
        "print(*sorted(name.partition('.')[0] for name in sys.modules), file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True
    )
    loaded = set(done.stderr.split())
    assert {"relay", "syncore", "websockets"} <= loaded
    assert loaded.isdisjoint({"pycrdt", "web3", "eth_account", "zstandard", "aiosqlite"})


async def append_until_the_end(device: Device, space: TestSpace, acknowledged: dict[int, bytes]) -> None:
    """Append as fast as answers come, and note what was acknowledged where, until the relay is gone."""
    with contextlib.suppress(ConnectionClosed, RemoteError):
        while True:
            for _ in range(8):
                device.session.append_segment(space.segment(filling=bytes(500)))
            waiting = 8
            while waiting:
                event = await device.next_event()
                assert isinstance(event, ItemsReceived), event
                for item in event.items:
                    if isinstance(item.content, OwnUpload):
                        acknowledged[item.offset] = item.hash
                        waiting -= 1


async def read_all(device: Device, space: TestSpace) -> dict[int, bytes]:
    """Offset and hash of everything in a space."""
    device.session.open_space(space.id, cursor=None)
    opened = await device.expect(SpaceOpened)
    held: dict[int, bytes] = {}
    while len(held) < opened.head.offset:
        items = await device.expect(ItemsReceived)
        held.update({item.offset: item.hash for item in items.items})
        for item in items.items:
            if isinstance(item.content, Segment):
                space.heads[item.content.header.writer] = (item.content.header.last, item.hash)
    return held


async def test_what_was_acknowledged_is_there_after_a_kill(tmp_path: Path) -> None:
    """Killed at random moments again and again, a relay holds all that it acknowledged, in its place."""
    chance = random.Random(os.getpid())
    acknowledged: dict[int, bytes] = {}
    space: TestSpace | None = None
    for _ in range(KILLS):
        async with relay_process(tmp_path / "store") as relay, connected(relay.address, OWNER) as device:
            if space is None:
                space = TestSpace(OWNER, relay.public_key)
                await device.create(space)
            else:
                held = await read_all(device, space)
                assert acknowledged.items() <= held.items()
            appending = asyncio.ensure_future(append_until_the_end(device, space, acknowledged))
            before = len(acknowledged)
            while len(acknowledged) == before:  # noqa: ASYNC110 - at least one group, then any moment
                await asyncio.sleep(0.005)
            await asyncio.sleep(chance.random() * 0.15)
            await relay.end(signal.SIGKILL)
            await asyncio.wait_for(appending, 20)
    async with relay_process(tmp_path / "store") as relay, connected(relay.address, OWNER) as device:
        assert space is not None
        held = await read_all(device, space)
        assert acknowledged.items() <= held.items()
        assert len(acknowledged) >= KILLS


async def test_a_terminated_relay_answers_first(tmp_path: Path) -> None:
    """After SIGTERM what was read is answered, the fault says why, and nothing unanswered was kept."""
    async with relay_process(tmp_path / "store") as relay:
        space = TestSpace(OWNER, relay.public_key)
        async with connected(relay.address, OWNER) as device:
            await device.create(space)
            for _ in range(100):
                device.session.append_segment(space.segment(filling=bytes(2_000)))
            await device.flush()
            first = await device.expect(ItemsReceived)
            relay.process.send_signal(signal.SIGTERM)
            acknowledged = len(first.items)
            while isinstance(event := await device.next_event(), ItemsReceived):
                acknowledged += len(event.items)
            assert isinstance(event, FaultReceived)
            assert event.code is FaultCode.SHUTTING_DOWN
        code, log = await relay.ended()
        assert (code, "Traceback" in log) == (0, False)
    async with relay_process(tmp_path / "store") as relay, connected(relay.address, OWNER) as device:
        assert len(await read_all(device, space)) == 2 + acknowledged


async def test_readers_that_stop_reading_cost_no_memory(tmp_path: Path) -> None:
    """While 40 MB go to nobody's eyes, the process grows by a fraction of what would wait for its readers."""
    async with relay_process(tmp_path / "store") as relay, contextlib.AsyncExitStack() as stack:
        space = TestSpace(OWNER, relay.public_key)
        writer = await stack.enter_async_context(connected(relay.address, OWNER))
        created = await writer.create(space)
        readers = [await stack.enter_async_context(connected(relay.address, OWNER)) for _ in range(10)]
        for reader in readers:
            reader.session.open_space(space.id, cursor=created.cursor)
            await reader.expect(SpaceOpened)
            reader.websocket.transport.pause_reading()
        await writer.append(space.segment(filling=bytes(200_000)))
        before_kib = relay.memory_kib
        for _ in range(200):
            await writer.append(space.segment(filling=bytes(200_000)))
        grown_kib = relay.memory_kib - before_kib
        for reader in readers:
            reader.websocket.transport.abort()
        # 10 readers x 40 MB would be 400 MB; a frame each and what allocators keep is allowed.
        assert grown_kib < 20 * 1024


async def test_garbage_ends_connections_and_not_the_relay(tmp_path: Path) -> None:
    """Random bytes, by TCP and by websocket, leave a relay that serves, remembers and stops cleanly."""
    chance = random.Random(11)
    async with relay_process(tmp_path / "store") as relay:
        host, _, port = relay.address.removeprefix("ws://").rpartition(":")
        for _ in range(30):
            _, writer = await asyncio.open_connection(host, int(port))
            writer.write(chance.randbytes(chance.choice((1, 100, 70_000))))
            writer.close()
        for _ in range(30):
            with contextlib.suppress(ConnectionClosed):
                async with connect(relay.address) as websocket:
                    await websocket.send(chance.randbytes(chance.choice((1, 40, 1024, 5_000))))
                    await websocket.recv()
        async with connected(relay.address, OWNER) as device:
            space = TestSpace(OWNER, relay.public_key)
            await device.create(space)
            (own,) = await device.append(space.segment())
            assert isinstance(own, ItemsReceived)
        code, log = await relay.end(signal.SIGTERM)
        assert (code, "Traceback" in log) == (0, False), log


@pytest.fixture
def any_file_size() -> None:
    """Nothing here limits the size of files to begin with."""
    soft, _ = resource.getrlimit(resource.RLIMIT_FSIZE)
    if soft != resource.RLIM_INFINITY:
        pytest.skip("the size of files is limited already")


@pytest.mark.usefixtures("any_file_size")
async def test_a_relay_whose_disk_is_full_goes_on_reading(tmp_path: Path) -> None:
    """No room: appends are refused for now, readiness says no, reading works; with room again all works."""
    async with relay_process(tmp_path / "store") as relay:
        space = TestSpace(OWNER, relay.public_key)
        async with connected(relay.address, OWNER) as device:
            await device.create(space)
            await device.append(space.segment(filling=bytes(100_000)))
            pid, hard = relay.process.pid, resource.RLIM_INFINITY
            resource.prlimit(pid, resource.RLIMIT_FSIZE, (1, hard))
            segment = space.segment()
            (refused,) = await device.append(segment)
            assert isinstance(refused, RequestRefused)
            assert (refused.code, refused.is_final) == (RefusalCode.READ_ONLY, False)
            assert (await get(relay.address, "/readyz"))[0] == 503
            assert (await get(relay.address, "/healthz"))[0] == 200
            async with connected(relay.address, OWNER) as reader:
                assert len(await read_all(reader, TestSpace(OWNER, relay.public_key))) == 3
            resource.prlimit(pid, resource.RLIMIT_FSIZE, (hard, hard))
            events = await device.append(segment)
            assert isinstance(events[-1], ItemsReceived | UploadStored)
        code, _ = await relay.end(signal.SIGTERM)
        assert code == 0
