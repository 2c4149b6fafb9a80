"""The relay's machine: hardware, and on it the real relay, life after life."""

import asyncio
from pathlib import Path

from relay.channel import ClientChannel
from relay.config import RelayConfig
from relay.relay import Relay
from relay.resumption import running_at
from relay.schema import APPLICATION_ID, FILE_NAME, FORMAT_VERSION, SCHEMA
from relay.spaces import Space
from simulations.disk.database import open_simulated_store
from simulations.hardware import Hardware
from simulations.malice.speaking import Speech
from syncore.core.identifiers import SpaceId
from syncore.crypto.signing import SigningKey
from syncore.protocol.receipts import Cursor

ADDRESS = "ws://127.0.0.1:8787"


class RelayMachine:
    """The relay of a world.

    Attributes:
        hardware: What it is made of.
        address: Where it listens.
        relay: What runs; None while it does not.
        failures: What ended it without anybody asking.
        speech: What it says, and to whom it lies.
        key: What it signs with.
    """

    def __init__(self, hardware: Hardware, address: str = ADDRESS) -> None:
        """A relay that is switched off. Its key outlives its store: an operator keeps a copy of it.

        All relays of a world have one key, as a fleet does.
        """
        self.hardware = hardware
        self.address = address
        self.relay: Relay | None = None
        self.failures: list[str] = []
        self.speech = Speech()
        self.key = SigningKey(hardware.around.entropy("relay key").random_bytes(32))

    async def start(self) -> None:
        """Start it on what its disk holds; nothing happens if it runs."""
        if self.hardware.process is not None:
            return
        process = self.hardware.boot()
        is_up = asyncio.Event()
        process.start(self._run(is_up))
        await is_up.wait()

    async def head(self, space: SpaceId) -> Cursor | None:
        """Where its log of a space ends; None while nobody can tell.

        Raises:
            StorageError: it cannot read its store.
        """
        held = await self._held(space)
        if held is None:
            return None
        ledger = held.ledger
        return Cursor(generation=ledger.generation, offset=ledger.head, running_hash=ledger.running)

    async def contains(self, space: SpaceId, place: Cursor) -> bool:
        """Whether its log of a space has been at a place.

        Raises:
            StorageError: it cannot read its store.
        """
        held = await self._held(space)
        if held is None or self.relay is None or held.ledger.generation != place.generation:
            return False
        store = self.relay._services.store  # noqa: SLF001 - no client may ask as nobody
        return await running_at(held, place.offset, store) == place.running_hash

    async def _held(self, space: SpaceId) -> Space | None:
        if self.relay is None or self.hardware.process is None:
            return None
        return await self.relay._services.spaces.get(space)  # noqa: SLF001 - no client may ask as nobody

    async def _run(self, is_up: asyncio.Event) -> None:
        hardware = self.hardware
        process = hardware.process
        assert process is not None
        try:
            database = await open_simulated_store(
                hardware.disk, FILE_NAME, application_id=APPLICATION_ID, version=FORMAT_VERSION, schema=SCHEMA
            )
            hardware.databases.append(database)
            relay = Relay(
                database,
                signer=self.key,
                clock=hardware.clock,
                entropy=hardware.around.entropy(f"{hardware.name}/{hardware.life}"),
                config=RelayConfig(store=Path()),
            )
            async with relay.working(failed=lambda: None), asyncio.TaskGroup() as tasks:
                if process.is_alive:
                    hardware.host.listen(self.address, lambda channel: self._serve(relay, channel), tasks)
                    self.relay = relay
                is_up.set()
                await asyncio.get_running_loop().create_future()  # until it dies
        except Exception as error:  # noqa: BLE001 - whatever ends a relay is told at the end of the run
            if process.is_alive:
                self.failures.append(repr(error))
                hardware.note(f"failed: {error!r}")
                hardware.die(is_power_cut=False)
        finally:
            is_up.set()

    async def _serve(self, relay: Relay, channel: ClientChannel) -> None:
        spoken = self.speech.channel(channel)
        self.speech.joined(spoken)
        try:
            await relay.serve(spoken)
        finally:
            self.speech.left(spoken)
