"""What a relay keeps: spaces, their sequenced items, heads of writers, invitation slots.

Owns every statement and every seal (a checksum of a row's columns, checked on read). Must not know what an
item says, whose it is, or whether it may be kept: that was judged before. A group of items is one
transaction, synced before it returns.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from relay.seals import as_bytes, as_integer, check_seal, sealed
from relay.slot_rows import Slot, delete_slots, put_slot, read_slot
from syncore.core.errors import IntegrityError
from syncore.core.hashing import checksum
from syncore.core.identifiers import SpaceId, Writer
from syncore.core.ports import Database, Durability, Row, SqlConnection

_MAX_STORED_INTEGER = 2**63 - 1
"""SQLite's largest integer; no commit number that was ever stored comes near it."""

_RENEWED = 512
"""Places that are read at a time when a space gets a new generation."""

Extend = Callable[[bytes, int, bytes], bytes]
"""The running hash at an offset, from the one before it, the offset and the item's hash."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredItem:
    """One place in a space's sequence.

    Attributes:
        offset: From 1, without gaps.
        writer: The segment's writer; None for a control record.
        number: The segment's last commit number; None for a control record.
        hash: The item's hash, which the running hash takes in.
        running: The running hash after this item.
        item: The bytes that go into an items frame.
    """

    offset: int
    kind: int
    writer: Writer | None
    number: int | None
    hash: bytes
    running: bytes
    item: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredSpace:
    """A space as it was last committed, with what a relay keeps of it in memory."""

    key: int
    space: SpaceId
    generation: bytes
    head: int
    running: bytes
    size_bytes: int
    heads: Mapping[Writer, tuple[int, bytes]]
    control: tuple[StoredItem, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SpaceGroup:
    """What one commit group adds to one space.

    Attributes:
        spent: Invitations whose slots go with this group.
    """

    space: SpaceId
    generation: bytes
    size_bytes: int
    items: tuple[StoredItem, ...]
    spent: tuple[bytes, ...] = ()


class Store:
    """The relay's store, over the ``Database`` port.

    All methods raise ``StorageError`` kinds; reads raise ``IntegrityError`` for a broken seal.
    """

    def __init__(self, database: Database) -> None:
        """Use an opened database that has :data:`relay.schema.SCHEMA`."""
        self._database = database

    async def space(self, space: SpaceId) -> StoredSpace | None:
        """A space's committed state, or None."""
        return await self._database.read(lambda sql: _read_space(sql, space))

    async def items(self, space_key: int, first: int, *, max_items: int, max_bytes: int) -> list[StoredItem]:
        """Items from offset ``first``, at least one if there is one, until a bound is reached."""
        return await self._database.read(lambda sql: _read_items(sql, space_key, first, max_items, max_bytes))

    async def running_at(self, space_key: int, offset: int) -> bytes | None:
        """The running hash after an offset of at least 1, or None beyond the head."""
        if offset > _MAX_STORED_INTEGER:
            return None
        return await self._database.read(lambda sql: _read_running(sql, space_key, offset))

    async def segment_ends(
        self, places: Iterable[tuple[int, Writer, int]]
    ) -> dict[tuple[int, Writer, int], tuple[int, bytes]]:
        """(Offset, hash) of the segments that end at these (space key, writer, number), where one does."""
        wanted = [place for place in places if max(place[1:]) <= _MAX_STORED_INTEGER]
        if not wanted:
            return {}
        return await self._database.read(lambda sql: _read_segment_ends(sql, wanted))

    async def append(self, groups: Sequence[SpaceGroup]) -> None:
        """Commit items of any number of spaces; durable when this returns, absent when it raises."""
        await self._database.write(lambda sql: _append(sql, groups), Durability.FULL)

    async def renew(self, space: SpaceId, generation: bytes, start: bytes, extend: Extend) -> None:
        """Give a space another generation: the same items, with running hashes that begin at ``start``."""
        await self._database.write(lambda sql: _renew(sql, space, generation, start, extend), Durability.FULL)

    async def put_slot(self, slot: Slot, *, max_slots: int) -> bool:
        """Keep a slot; False when the space has ``max_slots`` or another space has one of this id."""
        return await self._database.write(lambda sql: put_slot(sql, slot, max_slots), Durability.FULL)

    async def slot(self, invitation: bytes) -> Slot | None:
        """The slot of an invitation, or None."""
        return await self._database.read(lambda sql: read_slot(sql, invitation))

    async def delete_slots(self, invitations: Sequence[bytes]) -> None:
        """Forget slots that are spent or expired."""
        await self._database.write(lambda sql: delete_slots(sql, invitations), Durability.FULL)

    async def expired_slots(self, now_ms: int, *, limit: int) -> list[bytes]:
        """Some invitations whose slots have expired."""
        sql = "SELECT invitation FROM slots WHERE expires_ms <= ? LIMIT ?"
        rows = await self._database.read(lambda connection: connection.rows(sql, (now_ms, limit)))
        return [as_bytes(invitation) for (invitation,) in rows]

    async def beat(self, *, probe_bytes: int = 0) -> None:
        """Commit something, of about ``probe_bytes``, to see that commits reach the disk."""
        sql = "UPDATE pulse SET beats = beats + 1, probe = zeroblob(?)"
        await self._database.write(
            lambda connection: connection.execute(sql, (probe_bytes,)), Durability.FULL
        )

    async def count_spaces(self) -> int:
        """How many spaces there are."""
        row = await self._database.read(lambda sql: sql.row("SELECT count(*) FROM spaces"))
        assert row is not None
        return as_integer(row[0])

    async def close(self) -> None:
        """Release the file. Idempotent."""
        await self._database.close()


# --- reading ---

_PLACE = "SELECT id, space_key, offset, kind, writer, number, hash, running, body_seal, seal FROM items"
_ITEM = (
    "SELECT id, space_key, offset, kind, writer, number, hash, running, body_seal, seal, body"
    " FROM items JOIN bodies USING (id)"
)


def _read_space(sql: SqlConnection, space: SpaceId) -> StoredSpace | None:
    row = sql.row(
        "SELECT key, space, generation, head, running, size, seal FROM spaces WHERE space = ?", (space,)
    )
    if row is None:
        return None
    check_seal(row, "a space")
    key, _, generation, head, running, size, _ = row
    heads = sql.rows("SELECT space_key, writer, number, hash, seal FROM heads WHERE space_key = ?", (key,))
    control = sql.rows(f"{_ITEM} WHERE space_key = ? AND writer IS NULL ORDER BY offset", (key,))
    return StoredSpace(
        key=as_integer(key),
        space=space,
        generation=as_bytes(generation),
        head=as_integer(head),
        running=as_bytes(running),
        size_bytes=as_integer(size),
        heads=dict(_read_head(head_row) for head_row in heads),
        control=tuple(_item(item_row) for item_row in control),
    )


def _read_head(row: Row) -> tuple[Writer, tuple[int, bytes]]:
    check_seal(row, "a writer's head")
    return Writer(as_integer(row[1])), (as_integer(row[2]), as_bytes(row[3]))


def _read_items(
    sql: SqlConnection, space_key: int, first: int, max_items: int, max_bytes: int
) -> list[StoredItem]:
    sizes = sql.rows(
        "SELECT offset, length(body) FROM items JOIN bodies USING (id)"
        " WHERE space_key = ? AND offset >= ? ORDER BY offset LIMIT ?",
        (space_key, first, max_items),
    )
    last, room_bytes = first, max_bytes
    for offset, size_bytes in sizes:
        room_bytes -= as_integer(size_bytes)
        if room_bytes < 0 and offset != first:
            break
        last = as_integer(offset)
    rows = sql.rows(
        f"{_ITEM} WHERE space_key = ? AND offset BETWEEN ? AND ? ORDER BY offset", (space_key, first, last)
    )
    items = [_item(row) for row in rows]
    if [item.offset for item in items] != list(range(first, first + len(items))):
        raise IntegrityError("an item is missing from the relay's store", first=first)
    return items


def _read_running(sql: SqlConnection, space_key: int, offset: int) -> bytes | None:
    row = sql.row(f"{_PLACE} WHERE space_key = ? AND offset = ?", (space_key, offset))
    if row is None:
        return None
    check_seal(row, "an item's place")
    return as_bytes(row[7])


def _read_segment_ends(
    sql: SqlConnection, places: Sequence[tuple[int, Writer, int]]
) -> dict[tuple[int, Writer, int], tuple[int, bytes]]:
    ends = {}
    for place in places:
        row = sql.row(f"{_PLACE} WHERE space_key = ? AND writer = ? AND number = ?", place)
        if row is not None:
            check_seal(row, "an item's place")
            ends[place] = as_integer(row[2]), as_bytes(row[6])
    return ends


def _item(row: Row) -> StoredItem:
    *place, body = row
    check_seal(tuple(place), "an item's place")
    _, _, offset, kind, writer, number, item_hash, running, body_seal, _ = place
    if checksum(as_bytes(body)) != body_seal:
        raise IntegrityError("an item in the relay's store is not what was written", offset=offset)
    return StoredItem(
        offset=as_integer(offset),
        kind=as_integer(kind),
        writer=None if writer is None else Writer(as_integer(writer)),
        number=None if number is None else as_integer(number),
        hash=as_bytes(item_hash),
        running=as_bytes(running),
        item=as_bytes(body),
    )


# --- writing ---


def _append(sql: SqlConnection, groups: Sequence[SpaceGroup]) -> None:
    for group in groups:
        _append_group(sql, group)


def _append_group(sql: SqlConnection, group: SpaceGroup) -> None:
    key = _make_key(sql, group)
    first_id = _next_id(sql)
    sql.execute_many(
        "INSERT INTO items (id, space_key, offset, kind, writer, number, hash, running, body_seal, seal)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (_place_row(first_id + index, key, item) for index, item in enumerate(group.items)),
    )
    sql.execute_many(
        "INSERT INTO bodies (id, body) VALUES (?, ?)",
        ((first_id + index, item.item) for index, item in enumerate(group.items)),
    )
    heads = {item.writer: item for item in group.items if item.writer is not None}
    sql.execute_many(
        "INSERT OR REPLACE INTO heads (space_key, writer, number, hash, seal) VALUES (?, ?, ?, ?, ?)",
        (sealed((key, writer, item.number, item.hash)) for writer, item in heads.items()),
    )
    last = group.items[-1]
    row = sealed((key, group.space, group.generation, last.offset, last.running, group.size_bytes))
    sql.execute("UPDATE spaces SET head = ?, running = ?, size = ?, seal = ? WHERE key = ?", (*row[3:], key))
    delete_slots(sql, group.spent)


def _next_id(sql: SqlConnection) -> int:
    row = sql.row("SELECT coalesce(max(id), 0) + 1 FROM items")
    assert row is not None
    return as_integer(row[0])


def _place_row(row_id: int, key: int, item: StoredItem) -> Row:
    return sealed(
        (
            row_id,
            key,
            item.offset,
            item.kind,
            item.writer,
            item.number,
            item.hash,
            item.running,
            checksum(item.item),
        )
    )


def _make_key(sql: SqlConnection, group: SpaceGroup) -> int:
    """The space's row, made if it is new, and checked to stand just before the group."""
    row = sql.row("SELECT key, head FROM spaces WHERE space = ?", (group.space,))
    key, head = row or (None, 0)
    assert group.items
    assert [item.offset for item in group.items] == list(
        range(as_integer(head) + 1, as_integer(head) + 1 + len(group.items))
    )
    if key is None:
        sql.execute(
            "INSERT INTO spaces (space, generation, head, running, size, seal) VALUES (?, ?, 0, x'', 0, x'')",
            (group.space, group.generation),
        )
        made = sql.row("SELECT key FROM spaces WHERE space = ?", (group.space,))
        assert made is not None
        (key,) = made
    return as_integer(key)


def _renew(sql: SqlConnection, space: SpaceId, generation: bytes, start: bytes, extend: Extend) -> None:
    found = sql.row("SELECT key, head, size FROM spaces WHERE space = ?", (space,))
    assert found is not None
    key, head, size_bytes = found
    running, offset = start, 0
    while True:
        places = sql.rows(
            f"{_PLACE} WHERE space_key = ? AND offset > ? ORDER BY offset LIMIT ?", (key, offset, _RENEWED)
        )
        if not places:
            break
        changed = []
        for place in places:
            check_seal(place, "an item's place")
            offset = as_integer(place[2])
            running = extend(running, offset, as_bytes(place[6]))
            row = sealed((*place[:7], running, place[8]))
            changed.append((running, row[-1], place[0]))
        sql.execute_many("UPDATE items SET running = ?, seal = ? WHERE id = ?", changed)
    if offset != head:
        raise IntegrityError("the relay's store holds fewer items than it should", space=space.hex())
    row = sealed((key, space, generation, head, running, size_bytes))
    sql.execute(
        "UPDATE spaces SET generation = ?, running = ?, seal = ? WHERE key = ?",
        (generation, running, row[-1], key),
    )
