"""One relay without an address: what its connections work with, and the loops behind them.

Owns the composition of store, spaces, appender and connections over a ``Database``. Must not know where
clients come from or who stops the relay: :mod:`relay.server` puts it behind a websocket endpoint, a
simulation behind a network of its own.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable

from relay import config as bounds
from relay.appender import Appender
from relay.channel import ClientChannel
from relay.config import RelayConfig
from relay.connection import Connection
from relay.health import Health
from relay.services import Services
from relay.spaces import Spaces
from relay.store import Store
from syncore.core.errors import IntegrityError, StorageError
from syncore.core.ports import Clock, Database, Entropy
from syncore.protocol.ports import Signer


class Relay:
    """Serves channels. Use :meth:`working` around :meth:`serve`.

    Attributes:
        health: Whether new work should be sent here.
    """

    def __init__(
        self, database: Database, *, signer: Signer, clock: Clock, entropy: Entropy, config: RelayConfig
    ) -> None:
        """Compose over an open database that has :data:`relay.schema.SCHEMA`; who opened it closes it."""
        store = Store(database)
        spaces = Spaces(store)
        self.health = Health(store, clock)
        appender = Appender(
            store=store,
            spaces=spaces,
            signer=signer,
            clock=clock,
            entropy=entropy,
            config=config,
            health=self.health,
        )
        self._services = Services(
            config=config,
            store=store,
            spaces=spaces,
            appender=appender,
            signer=signer,
            clock=clock,
            entropy=entropy,
        )
        self._connections: dict[Connection, None] = {}

    @property
    def public_key(self) -> bytes:
        """The key that spaces name."""
        return self._services.signer.public

    @property
    def connection_count(self) -> int:
        """How many clients are connected now."""
        return len(self._connections)

    @contextlib.asynccontextmanager
    async def working(self, *, failed: Callable[[], None]) -> AsyncIterator[None]:
        """Commit what connections offer, for the block; the database is open as long.

        Args:
            failed: Called when one of the loops ends; if that is before the block, the relay is of no use.

        Raises:
            StorageError, IntegrityError: the store cannot be read; raised at the end of the block.
        """
        loop = asyncio.get_running_loop()
        # No task group: errors of the block inside must come out as they are.
        tasks = [loop.create_task(self._services.appender.run()), loop.create_task(self._sweep_slots())]
        for task in tasks:
            task.add_done_callback(lambda _: failed())
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks)
        for task in tasks:
            if not task.cancelled():
                task.result()

    async def serve(self, channel: ClientChannel) -> None:
        """Serve one client until it leaves, breaks a rule, or the relay drains."""
        connection = Connection(channel, self._services)
        self._connections[connection] = None
        try:
            await connection.run()
        finally:
            del self._connections[connection]

    async def drain(self) -> None:
        """Answer what every client was read to have asked, and close their channels with 1001.

        The caller accepts no more clients, and bounds the time.
        """
        self.health.drain()
        await asyncio.gather(*(connection.drain() for connection in tuple(self._connections)))

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
