"""The relay's machine: hardware, and on it the real relay, life after life."""

import asyncio
from pathlib import Path

from relay.config import RelayConfig
from relay.relay import Relay
from relay.schema import APPLICATION_ID, FILE_NAME, FORMAT_VERSION, SCHEMA
from simulations.disk.database import open_simulated_store
from simulations.hardware import Hardware
from syncore.crypto.signing import SigningKey

ADDRESS = "ws://127.0.0.1:8787"


class RelayMachine:
    """The relay of a world.

    Attributes:
        hardware: What it is made of.
        relay: What runs; None while it does not.
        failures: What ended it without anybody asking.
    """

    def __init__(self, hardware: Hardware) -> None:
        """A relay that is switched off. Its key outlives its store: an operator keeps a copy of it."""
        self.hardware = hardware
        self.relay: Relay | None = None
        self.failures: list[str] = []
        self._key = SigningKey(hardware.around.entropy("relay key").random_bytes(32))

    async def start(self) -> None:
        """Start it on what its disk holds; nothing happens if it runs."""
        if self.hardware.process is not None:
            return
        process = self.hardware.boot()
        is_up = asyncio.Event()
        process.start(self._run(is_up))
        await is_up.wait()

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
                signer=self._key,
                clock=hardware.clock,
                entropy=hardware.around.entropy(f"{hardware.name}/{hardware.life}"),
                config=RelayConfig(store=Path()),
            )
            async with relay.working(failed=lambda: None), asyncio.TaskGroup() as tasks:
                if process.is_alive:
                    hardware.host.listen(ADDRESS, relay.serve, tasks)
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
