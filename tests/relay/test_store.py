"""What a relay keeps."""

import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest

from relay.adapters.database import StoreDatabase
from relay.schema import APPLICATION_ID, FORMAT_VERSION, SCHEMA
from relay.slot_rows import Slot
from relay.store import SpaceGroup, Store, StoredItem
from syncore.core.errors import IntegrityError
from syncore.core.identifiers import SpaceId, Writer

SPACE = SpaceId(b"s" * 32)
OTHER = SpaceId(b"o" * 32)
GENERATION = b"g" * 16


async def open_store(path: Path) -> Store:
    """The store under test."""
    return Store(
        await StoreDatabase.open(
            path / "relay.db", application_id=APPLICATION_ID, version=FORMAT_VERSION, schema=SCHEMA
        )
    )


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    """An empty store."""
    store = await open_store(tmp_path)
    yield store
    await store.close()


def item(offset: int, *, size_bytes: int = 10, number: int | None = None) -> StoredItem:
    """A segment at an offset, or a control record when it has no number."""
    return StoredItem(
        offset=offset,
        kind=1 if number else 2,
        writer=Writer(2**52 + 1) if number else None,
        number=number,
        hash=bytes([offset]) * 32,
        running=bytes([100 + offset]) * 32,
        item=bytes([offset]) * size_bytes,
    )


def group(*items: StoredItem, space: SpaceId = SPACE, spent: tuple[bytes, ...] = ()) -> SpaceGroup:
    """Items of one space."""
    size = sum(len(one.item) for one in items)
    return SpaceGroup(space=space, generation=GENERATION, size_bytes=size, items=items, spent=spent)


async def test_a_space_is_found_as_it_was_committed(store: Store, tmp_path: Path) -> None:
    """Head, running hash, writers' heads and control items come back, also after reopening."""
    assert await store.space(SPACE) is None
    await store.append([group(item(1), item(2), item(3, number=4)), group(item(1), space=OTHER)])
    await store.append([group(item(4, number=9))])
    await store.close()
    again = await open_store(tmp_path)
    space = await again.space(SPACE)
    assert space is not None
    assert (space.generation, space.head, space.running) == (GENERATION, 4, bytes([104]) * 32)
    assert space.heads == {Writer(2**52 + 1): (9, bytes([4]) * 32)}
    assert space.control == (item(1), item(2))
    await again.close()


async def test_items_are_read_in_bounded_batches(store: Store) -> None:
    """A batch ends before the byte or item bound, but holds at least one item however large."""
    await store.append([group(*(item(offset, size_bytes=100 * offset) for offset in range(1, 9)))])
    space = await store.space(SPACE)
    assert space is not None

    async def offsets(first: int, max_items: int, max_bytes: int) -> list[int]:
        batch = await store.items(space.key, first, max_items=max_items, max_bytes=max_bytes)
        return [one.offset for one in batch]

    assert await offsets(1, 3, 10_000) == [1, 2, 3]
    assert await offsets(1, 9, 600) == [1, 2, 3]
    assert await offsets(1, 9, 599) == [1, 2]
    assert await offsets(8, 9, 1) == [8]
    assert await offsets(9, 9, 1) == []


async def test_running_hashes_and_segment_ends_are_found(store: Store) -> None:
    """A place in the sequence is known by offset and by writer and number; what is not there is absent."""
    await store.append([group(item(1), item(2, number=4))])
    space = await store.space(SPACE)
    assert space is not None
    assert await store.running_at(space.key, 2) == bytes([102]) * 32
    assert await store.running_at(space.key, 3) is None
    assert await store.running_at(space.key, 2**64 - 1) is None
    writer = Writer(2**52 + 1)
    places = [(space.key, writer, 4), (space.key, writer, 3), (space.key, writer, 2**64 - 1)]
    assert await store.segment_ends(places) == {(space.key, writer, 4): (2, bytes([2]) * 32)}
    assert await store.segment_ends([]) == {}


async def test_a_group_is_whole_or_absent(store: Store) -> None:
    """When one space of a group cannot be written, the others are not either."""
    await store.append([group(item(1))])
    with pytest.raises(AssertionError):
        await store.append([group(item(1), space=OTHER), group(item(3))])
    assert await store.space(OTHER) is None


async def test_slots_are_kept_until_they_are_spent_or_expire(store: Store) -> None:
    """A slot is found by its invitation, counted and replaced per space, and goes with the group."""
    await store.append([group(item(1)), group(item(1), space=OTHER)])

    def slot(name: bytes, space: SpaceId = SPACE, expires_ms: int = 1000) -> Slot:
        return Slot(
            invitation=name * 16, space=space, signing_key=b"k" * 32, expires_ms=expires_ms, sealed=b"sealed"
        )

    assert await store.put_slot(slot(b"a"), max_slots=2)
    assert await store.put_slot(slot(b"b", expires_ms=2000), max_slots=2)
    assert not await store.put_slot(slot(b"c"), max_slots=2)
    assert await store.put_slot(slot(b"a"), max_slots=2)
    assert not await store.put_slot(slot(b"a", space=OTHER), max_slots=2)
    assert await store.slot(b"a" * 16) == slot(b"a")
    assert await store.slot(b"c" * 16) is None
    assert await store.expired_slots(999, limit=9) == []
    assert await store.expired_slots(1000, limit=9) == [b"a" * 16]
    await store.delete_slots([b"a" * 16])
    await store.append([group(item(2), spent=(b"b" * 16,))])
    assert await store.slot(b"a" * 16) is None
    assert await store.slot(b"b" * 16) is None


TAMPERINGS = {
    "items": ["hash", "running", "body_seal", "seal"],
    "bodies": ["body"],
    "spaces": ["generation", "running", "seal"],
    "heads": ["hash", "seal"],
    "slots": ["signing_key", "sealed", "seal"],
}


@pytest.mark.parametrize(
    ("table", "column"), [(table, column) for table, columns in TAMPERINGS.items() for column in columns]
)
async def test_every_flipped_column_is_noticed(tmp_path: Path, table: str, column: str) -> None:
    """A changed byte in any stored column is an IntegrityError when it is read, never an answer."""
    store = await open_store(tmp_path)
    await store.append([group(item(1), item(2, number=4))])
    await store.put_slot(
        Slot(invitation=b"a" * 16, space=SPACE, signing_key=b"k" * 32, expires_ms=1, sealed=b"x"), max_slots=9
    )
    await store.close()
    with sqlite3.connect(tmp_path / "relay.db") as connection:
        flipped = f"CAST(x'00' || substr({column}, 2) AS BLOB)"
        connection.execute(f"UPDATE {table} SET {column} = {flipped}")  # noqa: S608 - names from the table above
    connection.close()
    store = await open_store(tmp_path)
    read: dict[str, Callable[[], Awaitable[object]]] = {
        "spaces": lambda: store.space(SPACE),
        "slots": lambda: store.slot(b"a" * 16),
    }
    read["heads"] = read["spaces"]
    with pytest.raises(IntegrityError):
        await read.get(table, lambda: store.items(1, 1, max_items=9, max_bytes=999))()
    if table == "items" and column in {"hash", "running", "seal"}:
        with pytest.raises(IntegrityError):
            await store.running_at(1, 1)
        with pytest.raises(IntegrityError):
            await store.segment_ends([(1, Writer(2**52 + 1), 4)])
    await store.close()


async def test_a_missing_item_is_noticed(tmp_path: Path) -> None:
    """A hole in the sequence is an IntegrityError: a reader is never handed what comes behind it."""
    store = await open_store(tmp_path)
    await store.append([group(item(1), item(2), item(3))])
    await store.close()
    with sqlite3.connect(tmp_path / "relay.db") as connection:
        connection.execute("DELETE FROM items WHERE offset = 2")
    connection.close()
    store = await open_store(tmp_path)
    with pytest.raises(IntegrityError):
        await store.items(1, 1, max_items=9, max_bytes=999)
    with pytest.raises(IntegrityError):
        await store.items(1, 2, max_items=9, max_bytes=999)
    await store.close()


async def test_a_beat_commits(store: Store) -> None:
    """The readiness check writes."""
    await store.beat()


async def test_a_new_generation_keeps_the_items_and_their_order(store: Store) -> None:
    """Renewing a space changes generation and running hashes, and nothing else."""
    await store.append([group(*(item(offset, number=offset) for offset in range(1, 30)))])

    def extend(running: bytes, offset: int, item_hash: bytes) -> bytes:
        return bytes([running[0] ^ item_hash[0], offset]) + bytes(30)

    await store.renew(SPACE, b"n" * 16, bytes(32), extend)
    space = await store.space(SPACE)
    assert space is not None
    assert (space.generation, space.head) == (b"n" * 16, 29)
    items = await store.items(space.key, 1, max_items=99, max_bytes=9999)
    assert [one.item for one in items] == [item(offset).item for offset in range(1, 30)]
    assert items[0].running == bytes([1, 1]) + bytes(30)
    assert items[-1].running == space.running == await store.running_at(space.key, 29)
