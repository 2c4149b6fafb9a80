"""One writer, twenty readers through the relay, against a bare websockets broadcast of such frames."""

import asyncio
from pathlib import Path

from websockets.asyncio.client import ClientConnection, connect
from websockets.asyncio.server import ServerConnection, broadcast, serve

from benchmarks.measuring import Comparison, compare, relay
from syncore import Replica, Space

READERS = 20
MESSAGES = 200
FRAME_BYTES = 600
"""About what one small segment takes with its envelope."""
ROUNDS = 3


async def measure(folder: Path) -> list[Comparison]:
    """Deliveries a second, each durable at the relay and merged by the reader before it counts."""
    with relay(folder / "relay") as address:
        async with Replica.open(folder / "writer.db", keystore=folder / "keys") as writer:
            film = await writer.collection("films").insert({"gross": 0})
            space = await writer.share(address)
            code = await space.invite(uses=READERS)
            readers = [
                await Replica.open(folder / f"{n}.db", keystore=folder / f"k{n}") for n in range(READERS)
            ]
            try:
                spaces = [await reader.join(code) for reader in readers]
                for joined in spaces:
                    await joined.synced()

                async def delivered() -> int:
                    return await _deliver(writer, film.id, spaces)

                return [
                    await compare(
                        f"one writer to {READERS} replicas in one process", "delivered update", delivered,
                        "websockets: broadcast of frames of that size", _broadcast, rounds=ROUNDS,
                    )
                ]  # fmt: skip
            finally:
                for reader in readers:
                    await reader.close()


async def _deliver(writer: Replica, film: str, spaces: list[Space]) -> int:
    streams = [space.watch() for space in spaces]
    for number in range(MESSAGES):
        await writer.collection("films").update(film, gross=number)
        await writer.space.synced()
    for stream in streams:
        async with stream:
            async for change in stream:
                if change.document is not None and change.document["gross"] == MESSAGES - 1:
                    break
    return MESSAGES * READERS


async def _broadcast() -> int:
    connections: set[ServerConnection] = set()

    async def hold(connection: ServerConnection) -> None:
        connections.add(connection)
        await connection.wait_closed()

    async def read(client: ClientConnection) -> None:
        for _ in range(MESSAGES):
            await client.recv()

    async with serve(hold, "127.0.0.1", 0, compression=None) as server:
        port = next(iter(server.sockets)).getsockname()[1]
        clients = [await connect(f"ws://127.0.0.1:{port}", compression=None) for _ in range(READERS)]
        reading = [asyncio.create_task(read(client)) for client in clients]
        for _ in range(MESSAGES):
            broadcast(connections, bytes(FRAME_BYTES))
            await asyncio.sleep(0)
        await asyncio.gather(*reading)
        for client in clients:
            await client.close()
    return MESSAGES * READERS
