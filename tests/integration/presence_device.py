"""A device process of the presence tests: opens a replica, shows something, and stays until its input ends.

``python -m tests.integration.presence_device PATH KEYSTORE SHOWN TTL [CODE]`` joins with the code if there is
one, shows the text ``SHOWN`` for ``TTL`` seconds at a time, and prints who is here whenever that changes.
"""

import asyncio
import sys

from syncore import Replica
from tests.integration.sync_device import tell


async def _watch(replica: Replica) -> None:
    async for others in replica.space.presence.changes():
        tell("here", *sorted(str(one.value) for one in others))


async def _main(path: str, keystore: str, shown: str, ttl_s: float, code: str) -> None:
    async with Replica.open(path, keystore=keystore) as replica:
        if code:
            await replica.join(code)
        await replica.space.presence.set(shown, ttl=ttl_s)
        async with asyncio.TaskGroup() as tasks:
            watching = tasks.create_task(_watch(replica))
            await asyncio.to_thread(sys.stdin.read)
            watching.cancel()


if __name__ == "__main__":
    asyncio.run(_main(sys.argv[1], sys.argv[2], sys.argv[3], float(sys.argv[4]), "".join(sys.argv[5:])))
