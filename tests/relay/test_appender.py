"""Group commit: what is judged together, what fails together, and what is never acknowledged."""

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import TypeVar

import pytest

from relay.adapters.database import StoreDatabase
from relay.appender import Appender
from relay.config import RelayConfig
from relay.health import Health, Readiness
from relay.requests import Durable, OfferedControl, OfferedSegment, OfferedSpace, Outcome, Request
from relay.schema import APPLICATION_ID, FORMAT_VERSION, SCHEMA
from relay.spaces import Spaces
from relay.store import Store
from syncore.adapters.clock import SystemClock
from syncore.adapters.entropy import SystemEntropy
from syncore.core.errors import DiskFull
from syncore.core.ports import Durability, SqlConnection
from syncore.protocol.admission import Refuse
from syncore.protocol.items import encode_item, segment_item
from syncore.protocol.refusal_codes import RefusalCode
from syncore.protocol.segments import Segment
from tests.relay.device import TestSpace, key

T = TypeVar("T")
OWNER, RELAY = key("owner"), key("relay")


class FailingDatabase:
    """A database whose writes fail while it is told so, and that counts those that do not."""

    def __init__(self, inner: StoreDatabase) -> None:
        self.inner = inner
        self.is_full = False
        self.writes = 0

    async def write(
        self, work: Callable[[SqlConnection], T], durability: Durability, *, is_large: bool = False
    ) -> T:
        """Write, or find the disk full after the work was done."""

        def failing(sql: SqlConnection) -> T:
            result = work(sql)
            if self.is_full:
                raise DiskFull("full")
            return result

        result = await self.inner.write(failing, durability, is_large=is_large)
        assert durability is Durability.FULL
        self.writes += 1
        return result

    async def read(self, work: Callable[[SqlConnection], T], *, is_long: bool = False) -> T:
        """Read."""
        return await self.inner.read(work, is_long=is_long)

    async def close(self) -> None:
        """Close."""
        await self.inner.close()


class Bench:
    """An appender over a real store, without connections."""

    def __init__(self, database: FailingDatabase, quota_bytes: int) -> None:
        self.database = database
        self.store = Store(database)
        self.spaces = Spaces(self.store)
        self.health = Health(self.store, SystemClock())
        self.appender = Appender(
            store=self.store,
            spaces=self.spaces,
            signer=RELAY,
            clock=SystemClock(),
            entropy=SystemEntropy(),
            config=RelayConfig(store=Path(), quota_bytes=quota_bytes),
            health=self.health,
        )
        self.space = TestSpace(OWNER, RELAY.public)

    async def offer(self, *offers: Segment | OfferedControl | OfferedSpace) -> list[Outcome]:
        """Queue offers so that they share a commit group; what came of each."""
        loop = asyncio.get_running_loop()
        answers: list[asyncio.Future[Outcome]] = []
        for offer in offers:
            answers.append(loop.create_future())
            encoded = encode_item(segment_item(offer)) if isinstance(offer, Segment) else b""
            await self.appender.submit(
                Request(
                    space=self.space.id,
                    offer=OfferedSegment(segment=offer, encoded=encoded)
                    if isinstance(offer, Segment)
                    else offer,
                    size_bytes=len(encoded) or 500,
                    answer=answers[-1].set_result,
                )
            )
        return [await asyncio.wait_for(answer, 10) for answer in answers]

    async def create(self) -> None:
        """Make the space."""
        (made,) = await self.offer(OfferedSpace(genesis=self.space.genesis, relay=self.space.relay))
        assert made == Durable(offset=2, is_new=True)
        held = await self.spaces.get(self.space.id)
        assert held is not None
        link = held.ledger.control.link_at(1)
        assert link is not None
        self.space.links.append(link)


def codes(outcomes: list[Outcome]) -> list[int | RefusalCode]:
    """The offset of what is durable, the code of what was refused."""
    return [outcome.code if isinstance(outcome, Refuse) else outcome.offset for outcome in outcomes]


@pytest.fixture
async def bench(tmp_path: Path, request: pytest.FixtureRequest) -> AsyncIterator[Bench]:
    """An appender that runs, with a space."""
    inner = await StoreDatabase.open(
        tmp_path / "relay.db", application_id=APPLICATION_ID, version=FORMAT_VERSION, schema=SCHEMA
    )
    bench = Bench(FailingDatabase(inner), getattr(request, "param", 10**9))
    running = asyncio.ensure_future(bench.appender.run())
    await bench.create()
    yield bench
    running.cancel()
    await asyncio.wait([running])
    await bench.store.close()


async def test_what_is_offered_together_is_committed_together(bench: Bench) -> None:
    """A burst costs one commit and is handed to a reader as one frame."""
    held = await bench.spaces.get(bench.space.id)
    assert held is not None
    held.stream.read_from(3, lambda _: None)
    before = bench.database.writes
    outcomes = await bench.offer(*(bench.space.segment() for _ in range(50)))
    assert codes(outcomes) == list(range(3, 53))
    assert bench.database.writes == before + 1
    assert held.stream.last is not None
    assert (held.stream.last.first_offset, held.stream.last.last_offset) == (3, 52)


async def test_a_forged_segment_takes_down_only_what_builds_on_it(bench: Bench) -> None:
    """In one group, a bad signature and its successor are refused, before and beside them all is accepted."""
    space = bench.space
    good = [space.segment() for _ in range(10)]
    forged = space.segment(device=key("forger"))
    behind = space.segment()
    other = [space.segment(incarnation=8) for _ in range(3)]
    outcomes = await bench.offer(*good, forged, behind, *other)
    assert codes(outcomes) == [
        *range(3, 13),
        RefusalCode.BAD_SIGNATURE,
        RefusalCode.NOT_CONTIGUOUS,
        *range(13, 16),
    ]


async def test_a_genuine_segment_follows_a_forged_copy_of_itself(bench: Bench) -> None:
    """The same bytes under a wrong signature do not keep the right one out, in the same group or later."""
    genuine = bench.space.segment()
    forged = Segment(
        header=genuine.header,
        header_bytes=genuine.header_bytes,
        body=genuine.body,
        signature=bytes(64),
        hash=genuine.hash,
    )
    assert codes(await bench.offer(forged)) == [RefusalCode.BAD_SIGNATURE]
    assert codes(await bench.offer(forged, genuine, forged)) == [RefusalCode.BAD_SIGNATURE, 3, 3]


async def test_a_duplicate_is_found_wherever_its_first_copy_is(bench: Bench) -> None:
    """In the same group, at the head, and long below it, the answer is the first offset."""
    segments = [bench.space.segment() for _ in range(4)]
    outcomes = await bench.offer(segments[0], segments[0])
    assert outcomes == [Durable(offset=3, is_new=True), Durable(offset=3, is_new=False)]
    await bench.offer(*segments[1:])
    outcomes = await bench.offer(*segments)
    assert outcomes == [Durable(offset=3 + n, is_new=False) for n in range(4)]


async def test_dependencies_are_found_at_and_below_the_heads(bench: Bench) -> None:
    """A segment may build on another writer's older segment; on what is missing or different it may not."""
    space = bench.space
    old = space.segment(incarnation=8)
    newer = space.segment(incarnation=8)
    (other,) = space.heads
    await bench.offer(old, newer)
    newest = space.heads[other]
    space.heads[other] = (1, old.hash)
    on_old = space.segment(dependencies=[other])
    space.heads[other] = newest
    third = space.segment(incarnation=8)
    on_third = space.segment(dependencies=[other])
    assert codes(await bench.offer(on_third, on_old, third, on_third)) == [
        RefusalCode.NOT_CONTIGUOUS,
        5,
        6,
        7,
    ]
    space.heads[other] = (3, bytes(32))
    assert codes(await bench.offer(space.segment(dependencies=[other]))) == [RefusalCode.DEPENDENCY_MISMATCH]


async def test_a_full_disk_refuses_for_now_and_loses_nothing(bench: Bench) -> None:
    """When the commit fails nothing is acknowledged, reading goes on, and the same succeeds later."""
    space = bench.space
    held = await bench.spaces.get(space.id)
    assert held is not None
    first, second = space.segment(), space.segment()
    assert codes(await bench.offer(first)) == [3]
    assert await bench.health.readiness() is Readiness.READY
    bench.database.is_full = True
    invite = OfferedControl(record=space.invite(key("invitation")))
    outcomes = await bench.offer(second, first, invite, second)
    assert codes(outcomes) == [RefusalCode.READ_ONLY, 3, RefusalCode.READ_ONLY, RefusalCode.READ_ONLY]
    assert not any(outcome.is_final for outcome in outcomes if isinstance(outcome, Refuse))
    assert (held.stream.head, held.ledger.head, held.ledger.control.head_seq) == (3, 3, 1)
    assert await bench.health.readiness() is Readiness.NO_STORAGE
    assert len(await bench.store.items(1, 1, max_items=9, max_bytes=10**6)) == 3
    bench.database.is_full = False
    assert codes(await bench.offer(second, invite)) == [4, 5]
    assert held.stream.head == 5


async def test_a_full_disk_refuses_new_spaces_for_now(bench: Bench) -> None:
    """A space whose creation could not be committed is not there, and can be created later."""
    bench.space = TestSpace(OWNER, RELAY.public, name="another")
    bench.database.is_full = True
    offer = OfferedSpace(genesis=bench.space.genesis, relay=bench.space.relay)
    assert codes(await bench.offer(offer)) == [RefusalCode.READ_ONLY]
    assert await bench.spaces.get(bench.space.id) is None
    bench.database.is_full = False
    assert codes(await bench.offer(offer)) == [2]


@pytest.mark.parametrize("bench", [5_000], indirect=True)
async def test_a_space_over_its_quota_is_refused_for_now(bench: Bench) -> None:
    """What would pass the quota is refused, what still fits is not, and the rest of the space goes on."""
    large = bench.space.segment(filling=bytes(10_000))
    assert codes(await bench.offer(large)) == [RefusalCode.QUOTA_EXCEEDED]
    bench.space.heads.clear()
    assert codes(await bench.offer(bench.space.segment())) == [3]
    (answer,) = await bench.offer(bench.space.segment(filling=bytes(4_000)))
    assert codes([answer]) == [RefusalCode.QUOTA_EXCEEDED]
    assert not answer.is_final  # type: ignore[union-attr]
    held = await bench.spaces.get(bench.space.id)
    assert held is not None
    stored = await bench.store.space(bench.space.id)
    assert stored is not None
    assert held.ledger.size_bytes == stored.size_bytes


async def test_one_request_that_cannot_be_answered_harms_no_other(bench: Bench) -> None:
    """A connection whose answer fails is its own affair: its group is published, the next one committed."""
    failures: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: failures.append(context["exception"]))
    first = bench.space.segment()

    def fail(_outcome: Outcome) -> None:
        raise KeyError("a connection's own mistake")

    offer = OfferedSegment(segment=first, encoded=encode_item(segment_item(first)))
    await bench.appender.submit(Request(space=bench.space.id, offer=offer, size_bytes=100, answer=fail))
    assert codes(await bench.offer(bench.space.segment())) == [4]
    assert len(failures) == 1
    asyncio.get_running_loop().set_exception_handler(None)


async def test_ledgers_in_memory_are_what_the_store_holds(bench: Bench) -> None:
    """After any mixture of groups, loading the space anew gives the same ledger."""
    space = bench.space
    await bench.offer(space.segment(), space.segment(incarnation=8))
    await bench.offer(OfferedControl(record=space.invite(key("invitation"))), space.segment())
    held = await bench.spaces.get(space.id)
    async with bench.spaces.replaced(space.id):
        pass
    loaded = await bench.spaces.get(space.id)
    assert held is not None
    assert loaded is not None
    for name in ("generation", "key", "head", "running", "size_bytes", "control_offsets", "heads"):
        assert getattr(held.ledger, name) == getattr(loaded.ledger, name), name
    assert held.ledger.control.head_link == loaded.ledger.control.head_link
    assert held.stream.head == loaded.stream.head
