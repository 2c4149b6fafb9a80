"""What every connection of a relay works with: all that a desk needs, and no server, socket or wall clock."""

import asyncio
from pathlib import Path

from relay.adapters.database import StoreDatabase
from relay.appender import Appender
from relay.config import RelayConfig
from relay.desk import Desk
from relay.health import Health
from relay.schema import APPLICATION_ID, FORMAT_VERSION, SCHEMA
from relay.services import Services
from relay.spaces import Spaces
from relay.store import Store
from syncore.protocol.client_events import SpaceOpened
from syncore.protocol.relay_events import CreateRequested
from tests.protocol.builders import RELAY, Space, device_key
from tests.protocol.small_relay import SmallRelay, Wire
from tests.replica.world import SeededEntropy, SteppingClock


async def test_services_are_all_that_a_desk_needs(tmp_path: Path) -> None:
    """Over any clock and entropy a space is created: its generation begins with what those two said."""
    clock, entropy = SteppingClock(), SeededEntropy("services")
    store = Store(
        await StoreDatabase.open(
            tmp_path / "relay.db", application_id=APPLICATION_ID, version=FORMAT_VERSION, schema=SCHEMA
        )
    )
    spaces, health, config = Spaces(store), Health(store, clock), RelayConfig(store=tmp_path)
    appender = Appender(
        store=store,
        spaces=spaces,
        signer=RELAY,
        clock=clock,
        entropy=entropy,
        config=config,
        health=health,
    )
    services = Services(
        config=config,
        store=store,
        spaces=spaces,
        appender=appender,
        signer=RELAY,
        clock=clock,
        entropy=entropy,
    )
    running = asyncio.ensure_future(appender.run())
    space, wire = Space(), Wire(SmallRelay(), device_key(0)).connected()
    desk = Desk(wire.session, services, changed=lambda: None, wake=lambda _: None)
    wire.client.create_space(space.genesis, space.relay_record.signed)
    wire.collect()
    (request,) = wire.session.receive_data(wire.to_relay.popleft())
    assert isinstance(request, CreateRequested)
    started_ms = clock.time_ms
    await desk.handle(request)
    events = wire.step_client()
    assert events is not None
    (opened,) = events
    assert isinstance(opened, SpaceOpened)
    assert (opened.space, opened.head.offset) == (space.id, 2)
    made_ms = int.from_bytes(opened.head.generation[:8], "big")
    assert started_ms < made_ms <= clock.time_ms
    assert opened.head.generation[8:] == SeededEntropy("services").random_bytes(8)
    desk.close()
    running.cancel()
    await asyncio.wait([running])
    await store.close()
