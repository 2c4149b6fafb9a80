"""A relay in this process, over real websockets."""

from pathlib import Path

from syncore.protocol.client_events import ItemsReceived, OwnUpload, SpaceOpened
from tests.relay.device import TestSpace, connected, key, running_relay


async def test_what_one_member_appends_the_next_connection_reads(tmp_path: Path) -> None:
    """A space is created, segments are acknowledged by stubs, and another connection reads them whole."""
    async with running_relay(tmp_path) as relay:
        space = TestSpace(key("owner"), relay.public_key)
        segments = [space_segment for space_segment in ()]
        async with connected(relay.address, key("owner")) as device:
            items = await device.create(space)
            assert [item.offset for item in items.items] == [1, 2]
            segments = [space.segment() for _ in range(3)]
            events = await device.append(*segments)
            own = [item for event in events if isinstance(event, ItemsReceived) for item in event.items]
            assert [item.content for item in own] == [OwnUpload(hash=segment.hash) for segment in segments]
            assert all(event.receipt for event in events if isinstance(event, ItemsReceived))
        async with connected(relay.address, key("owner")) as device:
            device.session.open_space(space.id, cursor=None)
            opened = await device.expect(SpaceOpened)
            assert opened.head.offset == 5
            items = await device.expect(ItemsReceived)
            assert [item.content for item in items.items[2:]] == segments
