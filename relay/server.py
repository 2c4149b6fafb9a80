"""One relay process: composes folder, key, database, relay and endpoint, and stops them in the right order.

Stopping (SIGTERM, SIGINT or :meth:`RelayServer.stop`): no new connections, readiness says so, every append
that was read is committed and acknowledged, connections are closed with 1001, then the store. Bounded by
``Timeouts.drain``.
"""

import asyncio
import contextlib
import logging
import signal
from collections.abc import AsyncIterator, Callable
from typing import Self

from relay import logs
from relay.adapters.database import StoreDatabase
from relay.adapters.endpoint import Endpoint
from relay.adapters.folder import StoreFolder
from relay.config import RelayConfig
from relay.identity import load_or_create
from relay.relay import Relay
from relay.schema import APPLICATION_ID, FILE_NAME, FORMAT_VERSION, SCHEMA
from syncore.core.ports import Clock, Entropy

_LOG = logging.getLogger(logs.LOGGER_NAME)


class RelayServer:
    """A relay that listens. Use :meth:`start`."""

    def __init__(self, relay: Relay, config: RelayConfig) -> None:
        """Compose; nothing listens yet."""
        self._relay = relay
        self._drain_timeout = config.timeouts.drain
        self._stop = asyncio.Event()
        self._endpoint = Endpoint(config, relay.health, relay.serve)

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
            try:
                relay = Relay(database, signer=signing_key, clock=clock, entropy=entropy, config=config)
                async with cls(relay, config).running() as server:
                    yield server
            finally:
                await database.close()

    @property
    def address(self) -> str:
        """What clients connect to."""
        return self._endpoint.address

    @property
    def public_key(self) -> bytes:
        """The key that spaces name."""
        return self._relay.public_key

    @property
    def connection_count(self) -> int:
        """How many clients are connected now."""
        return self._relay.connection_count

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
        async with self._relay.working(failed=self.stop):
            _LOG.info("listening", extra=logs.facts(address=self.address))
            try:
                yield self
            finally:
                await self._drain()

    async def _drain(self) -> None:
        """Answer what was asked, then close everything."""
        try:
            async with asyncio.timeout(self._drain_timeout):
                self._endpoint.stop_listening()
                await self._relay.drain()
                await self._endpoint.wait_closed()
        except TimeoutError:
            _LOG.warning(
                "stopping without waiting any longer", extra=logs.facts(connections=self.connection_count)
            )
            self._endpoint.abort()
            await self._endpoint.wait_closed()
        _LOG.info("stopped")
