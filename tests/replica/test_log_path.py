"""The running hash at every offset: of a batch that is being merged, and of all before it."""

from pathlib import Path

from syncore.core.ports import SqlConnection
from syncore.protocol.client_events import ItemsReceived, ReceivedItem
from syncore.replica.document_work import DocumentWork
from syncore.replica.log_path import LogPath
from syncore.replica.space_state import SpaceState
from tests.replica.world import Device, ListRelay, make_world


async def known_to(device: Device, relay: ListRelay) -> list[bytes | None]:
    """What a device knows of every offset while it merges what follows, one offset beyond included."""
    start = device.state.row.log_offset
    items = tuple(
        ReceivedItem(offset=offset, hash=digest, content=content)
        for offset, (digest, content) in enumerate(relay.items[start:], start=start + 1)
    )
    batch = ItemsReceived(
        space=relay.space,
        items=items,
        cursor=relay.cursor_at(len(relay.items)),
        receipt=None,
        is_caught_up=True,
    )

    def look(sql: SqlConnection, state: SpaceState, _work: DocumentWork) -> list[bytes | None]:
        path = LogPath(sql, state, batch)
        return [path.at(relay.generation, offset) for offset in range(len(relay.items) + 2)]

    return await device.local.change(device.number, look, is_local=False)


async def test_every_offset_has_the_hash_that_the_relay_computes(tmp_path: Path) -> None:
    """However much of the log was read before, all of it is known, and nothing beyond."""
    relay, (author, behind, fresh) = make_world(tmp_path, "path", 3)
    await author.open()
    for device in (behind, fresh):
        await device.open()
    for number in range(4):
        await author.collection("notes").insert({"n": number})
        await author.exchange()
        if number == 1:
            await behind.pull(step=1)
    hashes = [relay.cursor_at(offset).running_hash for offset in range(len(relay.items) + 1)]
    for device in (behind, fresh):
        assert await known_to(device, relay) == [*hashes, None]
        await device.close()
    await author.close()
