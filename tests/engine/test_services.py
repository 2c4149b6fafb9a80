"""The services of a replica: what they refuse before a relay hears of it, and what they carry through."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from syncore.adapters.clock import SystemClock
from syncore.adapters.entropy import SystemEntropy
from syncore.adapters.memory_key_files import MemoryKeyFiles
from syncore.core.errors import (
    Closed,
    Misused,
    NotPermitted,
    ReadOnly,
)
from syncore.core.limits import MAX_INVITATION_USES
from syncore.engine.services import Services
from syncore.protocol.control_payloads import Role
from syncore.replica.collection import Collection
from syncore.replica.guarding import FileGuard
from syncore.replica.keystore import Keystore
from syncore.replica.local_replica import LocalReplica
from syncore.sql.service import SqlService
from syncore.sync.service import Outside, SyncService
from syncore.sync.status import SyncState
from tests.replica.world import open_inline
from tests.sync.memory_relay import ADDRESS, MemoryRelay, relay_in_memory
from tests.sync.waiting import until

DAY_MS = 24 * 60 * 60 * 1000


@asynccontextmanager
async def started(
    relay: MemoryRelay, path: Path, files: MemoryKeyFiles, *, is_syncing: bool = True
) -> AsyncIterator[Services]:
    """The services of the file at ``path``, whose network is one relay in memory."""
    clock, entropy = SystemClock(), SystemEntropy()
    local = await LocalReplica.open(await open_inline(path), clock, entropy)
    keystore = Keystore(files, entropy)
    guard = FileGuard(local, keystore)
    services = Services(
        local=local,
        keystore=keystore,
        guard=guard,
        sync=SyncService(local, keystore, guard, Outside(connector=relay, clock=clock, entropy=entropy)),
        sql=SqlService(local, None, entropy),
        connector=relay,
        clock=clock,
        entropy=entropy,
        is_syncing=is_syncing,
    )
    await services.start()
    try:
        yield services
    finally:
        await services.close()


@pytest.fixture
async def relay() -> AsyncIterator[MemoryRelay]:
    """A relay in memory."""
    async with relay_in_memory() as relay:
        yield relay


@pytest.fixture
async def services(relay: MemoryRelay, tmp_path: Path) -> AsyncIterator[Services]:
    """The services of a replica with one document."""
    async with started(relay, tmp_path / "a.db", MemoryKeyFiles()) as services:
        await Collection(services.local, lambda: services.local.default_space.number, "notes").insert(
            {"n": 0}
        )
        yield services


@pytest.fixture
async def other(relay: MemoryRelay, tmp_path: Path) -> AsyncIterator[Services]:
    """Those of an empty one."""
    async with started(relay, tmp_path / "b.db", MemoryKeyFiles()) as services:
        yield services


async def code_for(services: Services, number: int, *, uses: int = 1) -> str:
    """An invitation to a space."""
    return await services.invite(number, role=Role.WRITER, uses=uses, days_ms=DAY_MS)


async def converged(one: Services, two: Services) -> None:
    """Wait until the default spaces of two replicas are the same."""
    numbers = [services.local.default_space.number for services in (one, two)]
    for services, number in zip((one, two), numbers, strict=True):
        await services.synced(number)
    assert await one.digest(numbers[0]) == await two.digest(numbers[1])


async def test_a_shared_space_is_found_under_its_old_number(services: Services) -> None:
    """What the private space's number stood for is the shared space now, with its documents, and synced."""
    private = services.local.default_space.number
    number = await services.share(ADDRESS)
    assert services.current_number(private) == services.current_number(number) == number != private
    assert await services.collections(number) == ["notes"]
    await services.synced(number)
    assert services.status(number).state is SyncState.LIVE


async def test_what_cannot_be_is_refused_before_a_relay_hears_of_it(
    relay: MemoryRelay, services: Services, other: Services
) -> None:
    """Sharing twice, inviting to a private space, and invitations without uses or time reach no relay."""
    private = other.local.default_space.number
    number = await services.share(ADDRESS)
    await services.synced(number)
    connections = relay.connections
    for refused in (
        services.share(ADDRESS),
        code_for(other, private),
        code_for(services, number, uses=0),
        code_for(services, number, uses=MAX_INVITATION_USES + 1),
        services.invite(number, role=Role.WRITER, uses=1, days_ms=0),
    ):
        with pytest.raises(Misused):
            await refused
    assert relay.connections == connections


async def test_without_keys_a_shared_file_is_only_read(relay: MemoryRelay, tmp_path: Path) -> None:
    """Nothing is synced, no device is made in place of the lost one, and everything that writes says why."""
    path = tmp_path / "a.db"
    async with started(relay, path, MemoryKeyFiles()) as services:
        await services.share(ADDRESS)
    connections, empty = relay.connections, MemoryKeyFiles()
    async with started(relay, path, empty) as services:
        number = services.local.default_space.number
        assert (services.has_keys, services.is_syncing) == (False, False)
        assert "keys" in services.status(number).reason
        assert await services.collections(number) == []
        for refused in (
            services.share(ADDRESS),
            services.join("any code", is_default=None),
            code_for(services, number),
            services.synced(number),
        ):
            with pytest.raises(ReadOnly, match="keystore"):
                await refused
    assert relay.connections == connections
    assert empty.read("device") is None


async def test_an_older_copy_is_noticed_at_the_start(relay: MemoryRelay, tmp_path: Path) -> None:
    """A file behind its guard has returned in time and writes under a new number; the newest has not."""
    path, files = tmp_path / "a.db", MemoryKeyFiles()
    async with started(relay, path, files) as services:
        number = await services.share(ADDRESS)
        await services.synced(number)
    older = path.read_bytes()
    writers = []
    async with started(relay, path, files) as services:
        writers.append(services.local.spaces[number].writer)
        assert not services.has_returned_in_time
        await Collection(services.local, lambda: number, "notes").insert({"n": 1})
        await services.synced(number)
    path.write_bytes(older)
    async with started(relay, path, files) as services:
        writers.append(services.local.spaces[number].writer)
        assert services.has_returned_in_time
        await services.synced(number)
        assert await services.collections(number) == ["notes"]
    assert len(set(writers)) == 2


async def test_syncing_that_is_switched_off_is_not_waited_for(relay: MemoryRelay, tmp_path: Path) -> None:
    """A shared space of a program without syncing is offline, and waiting for it is a mistake."""
    async with started(relay, tmp_path / "a.db", MemoryKeyFiles(), is_syncing=False) as services:
        await services.synced(services.local.default_space.number)
        number = await services.share(ADDRESS)
        assert services.status(number).state is SyncState.OFFLINE
        with pytest.raises(Misused, match="switched off"):
            await services.synced(number)
    with pytest.raises(Closed):
        await services.synced(number)
    with pytest.raises(Closed):
        await services.share(ADDRESS)


async def test_invitations_at_one_moment_are_all_made(relay: MemoryRelay, services: Services) -> None:
    """Of those who race for a place in the control log the slower ones try again; every code is another."""
    number = await services.share(ADDRESS)
    codes = await asyncio.gather(*(code_for(services, number) for _ in range(3)))
    assert len(set(codes)) == len(relay.slots) == 3


async def test_an_invitation_needs_the_key_that_it_passes_on(services: Services, relay: MemoryRelay) -> None:
    """Without the content key nothing is written into the control log."""
    number = await services.share(ADDRESS)
    device, files, held = services.keystore.device(), MemoryKeyFiles(), len(relay.log.items)
    assert device is not None
    files.write("device", device.secret_bytes())
    services.keystore = Keystore(files, services.entropy)
    with pytest.raises(NotPermitted, match="keystore"):
        await code_for(services, number)
    assert len(relay.log.items) == held


async def test_a_cancelled_share_is_carried_to_its_end(relay: MemoryRelay, tmp_path: Path) -> None:
    """Once the relay has made the space, cancelling its maker and closing does not leave it to nobody."""
    path, files = tmp_path / "a.db", MemoryKeyFiles()
    async with started(relay, path, files) as services:
        sharing = asyncio.ensure_future(services.share(ADDRESS))
        await until(lambda: bool(relay.logs) and bool(files.read(f"content-{relay.log.space.hex()}-1")))
        sharing.cancel()
        await asyncio.wait([sharing])
    async with started(relay, path, files) as services:
        assert services.local.default_space.id == relay.log.space
        assert not services.has_returned_in_time
        await services.synced(services.local.default_space.number)


async def test_shares_at_one_moment_make_one_space(relay: MemoryRelay, services: Services) -> None:
    """Of two overlapping shares the first one shares, and the other is refused before it makes a space."""
    first, second = await asyncio.gather(
        services.share(ADDRESS), services.share(ADDRESS), return_exceptions=True
    )
    assert first == services.local.default_space.number
    assert isinstance(second, Misused)
    assert list(relay.logs) == [services.local.default_space.id]


async def test_joins_at_one_moment_wait_for_each_other(services: Services, other: Services) -> None:
    """Of two joins with one code the first one joins, and the other says that the replica is in already."""
    code = await code_for(services, await services.share(ADDRESS), uses=2)
    first, second = await asyncio.gather(
        *(other.join(code, is_default=None) for _ in range(2)), return_exceptions=True
    )
    assert first == other.local.default_space.number
    assert isinstance(second, Misused)
    with pytest.raises(Misused, match="already"):
        await other.join(code, is_default=None)
    await converged(services, other)
