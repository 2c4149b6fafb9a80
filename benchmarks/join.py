"""Joining a space of many small updates, against downloading as many bytes over a bare websocket."""

import asyncio
from pathlib import Path

from websockets.asyncio.client import connect
from websockets.asyncio.server import ServerConnection, serve

from benchmarks.measuring import Comparison, compare, relay
from syncore import Replica

UPDATES = 10_000
ROUNDS = 3


async def measure(folder: Path) -> list[Comparison]:
    """A newcomer joins with an invitation and has everything."""
    numbers = iter(range(1_000))
    received: list[int] = []
    with relay(folder / "relay") as address:
        async with Replica.open(folder / "owner.db", keystore=folder / "keys") as owner:
            film = await owner.collection("films").insert({"title": "x", "gross": 0})
            space = await owner.share(address)
            for number in range(UPDATES):
                await owner.collection("films").update(film.id, gross=number)
            await space.synced()
            code = await space.invite(uses=100)

            async def joined() -> int:
                number = next(numbers)
                async with Replica.open(folder / f"{number}.db", keystore=folder / f"k{number}") as newcomer:
                    joining = await newcomer.join(code)
                    await joining.synced()
                    received.append(joining.status().received_bytes)
                return UPDATES

            async def downloaded() -> int:
                return await _download(received[-1])

            return [
                await compare(
                    f"join a space of {UPDATES:,} updates", "update", joined,
                    "websockets: the same bytes in frames of 256 KiB", downloaded, rounds=ROUNDS,
                )
            ]  # fmt: skip


async def _download(size_bytes: int) -> int:
    frame = bytes(256 * 1024)

    async def send(connection: ServerConnection) -> None:
        for start in range(0, size_bytes, len(frame)):
            await connection.send(frame[: size_bytes - start])

    async with serve(send, "127.0.0.1", 0, compression=None) as server:
        port = next(iter(server.sockets)).getsockname()[1]
        async with asyncio.timeout(60), connect(f"ws://127.0.0.1:{port}", compression=None) as client:
            got = 0
            while got < size_bytes:
                message = await client.recv()
                got += len(message)
    return UPDATES
