"""One relay: composes folder, key, store, appender and endpoint, and takes them down in the right order.

Stopping (SIGTERM, SIGINT or :meth:`RelayServer.stop`): no new connections, readiness says so, every append
that was read is committed and acknowledged, connections are closed with 1001, then the store. Bounded by
``DRAIN_TIMEOUT_SECONDS``.
"""

import asyncio
import contextlib
import logging
import signal
from collections.abc import AsyncIterator, Callable
from typing import Self

from websockets.asyncio.server import ServerConnection

from relay import config as bounds
from relay import logs
from relay.adapters.database import StoreDatabase
from relay.adapters.folder import StoreFolder
from relay.appender import Appender
from relay.config import RelayConfig
from relay.connection import Connection
from relay.endpoint import Endpoint
from relay.health import Health
from relay.identity import load_or_create
from relay.schema import APPLICATION_ID, FILE_NAME, FORMAT_VERSION, SCHEMA
from relay.services import Services
from relay.spaces import Spaces
from relay.store import Store
from syncore.core.errors import IntegrityError, StorageError
from syncore.core.ports import Clock, Entropy

_LOG = logging.getLogger(logs.LOGGER_NAME)


class RelayServer:
    """A relay that listens. Use :meth:`start`."""

    def __init__(self, services: Services, health: Health) -> None:
        """Compose; nothing listens yet."""
        self._services = services
        self._health = health
        self._connections: set[Connection] = set()
        self._stop = asyncio.Event()
        self._endpoint = Endpoint(services.config, health, self._handle)

    @classmethod
    @contextlib.asynccontextmanager
    async def start(cls, config: RelayConfig, *, clock: Clock, entropy: Entropy) -> AsyncIterator[Self]:
        """Open the store, listen, and drain at the end of the block.

        Raises:
            StorageError: the store cannot be used (``Locked``: another relay owns it).
            IntegrityError: the key or the store is damaged.
            Misused: the address or the certificate cannot be used.
        """
        with StoreFolder.open(config.store) as folder:
            signing_key = load_or_create(folder, entropy)
            database = await StoreDatabase.open(
                folder.path / FILE_NAME, application_id=APPLICATION_ID, version=FORMAT_VERSION, schema=SCHEMA
            )
            store = Store(database)
            try:
                spaces = Spaces(store)
                health = Health(store, clock)
                appender = Appender(
                    store=store,
                    spaces=spaces,
                    signer=signing_key,
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
                    signer=signing_key,
                    clock=clock,
                    entropy=entropy,
                )
                async with cls(services, health).running() as server:
                    yield server
            finally:
                await store.close()

    @property
    def address(self) -> str:
        """What clients connect to."""
        return self._endpoint.address

    @property
    def public_key(self) -> bytes:
        """The key that spaces name."""
        return self._services.signer.public

    @property
    def connection_count(self) -> int:
        """How many clients are connected now."""
        return len(self._connections)

    def stop(self) -> None:
        """Ask :meth:`run_until_stopped` to return."""
        self._stop.set()

    async def run_until_stopped(self, ready: Callable[[], None]) -> None:
        """Wait for SIGTERM, SIGINT or :meth:`stop`; call ``ready`` once the signals are waited for.

        A second signal, while the relay drains, ends the process at once.
        """
        loop = asyncio.get_running_loop()
        signals = (signal.SIGTERM, signal.SIGINT)
        for number in signals:
            loop.add_signal_handler(number, self._stop.set)
        try:
            ready()
            await self._stop.wait()
        finally:
            for number in signals:
                loop.remove_signal_handler(number)

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[Self]:
        """Listen and work for the block, then drain.

        Raises:
            Misused: the address or the certificate cannot be used.
        """
        await self._endpoint.listen()
        loop = asyncio.get_running_loop()
        # No task group: errors of the block inside must come out as they are.
        tasks = [loop.create_task(self._services.appender.run()), loop.create_task(self._sweep_slots())]
        for task in tasks:
            task.add_done_callback(lambda _: self.stop())  # without its appender a relay is of no use
        _LOG.info("listening", extra=logs.facts(address=self.address))
        try:
            yield self
        finally:
            await self._drain()
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks)
        for task in tasks:
            if not task.cancelled():
                task.result()

    async def _handle(self, websocket: ServerConnection) -> None:
        connection = Connection(websocket, self._services)
        self._connections.add(connection)
        try:
            await connection.run()
        finally:
            self._connections.discard(connection)

    async def _drain(self) -> None:
        """Answer what was asked, then close everything."""
        self._health.drain()
        try:
            async with asyncio.timeout(self._services.config.timeouts.drain):
                self._endpoint.stop_listening()
                connections = list(self._connections)
                await asyncio.gather(*(connection.drain() for connection in connections))
                await self._endpoint.wait_closed()
        except TimeoutError:
            _LOG.warning(
                "stopping without waiting any longer", extra=logs.facts(connections=len(self._connections))
            )
            self._endpoint.abort()
            await self._endpoint.wait_closed()
        _LOG.info("stopped")

    async def _sweep_slots(self) -> None:
        """Forget invitation slots that nobody may use any more."""
        services = self._services
        while True:
            await asyncio.sleep(bounds.SLOT_SWEEP_SECONDS)
            with contextlib.suppress(
                StorageError, IntegrityError
            ):  # readiness tells of it; the next round tries again
                expired = await services.store.expired_slots(
                    services.clock.now_ms(), limit=bounds.MAX_SWEPT_SLOTS
                )
                if expired:
                    await services.store.delete_slots(expired)
