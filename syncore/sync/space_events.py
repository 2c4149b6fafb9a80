"""Which part of a space's syncing an event of its connection is for."""

from syncore.protocol.client_events import (
    ItemsReceived,
    PresenceReceived,
    RequestDone,
    RequestRefused,
    SpaceOpened,
    UploadStored,
)
from syncore.sync.space_sync import SpaceSync

SpaceEvent = SpaceOpened | ItemsReceived | UploadStored | RequestRefused | RequestDone | PresenceReceived
"""What concerns one space."""


async def take_event(sync: SpaceSync, event: SpaceEvent) -> None:
    """Let a space take in what the relay said.

    Raises:
        SyncoreError: what it makes of that; the connection cannot go on as it is.
    """
    match event:
        case SpaceOpened():
            await sync.on_opened(event)
        case ItemsReceived():
            await sync.on_items(event)
        case UploadStored():
            await sync.on_stored(event)
        case RequestRefused():
            await sync.on_refused(event)
        case RequestDone():
            sync.presence.answered(event)
        case PresenceReceived():
            sync.presence.received(event)
