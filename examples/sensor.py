"""A sensor logger that is offline most of the time: it measures this machine's load.

python examples/sensor.py log.db --share ws://127.0.0.1:8787    the first time; prints an invitation
python examples/sensor.py log.db                                ever after
python examples/sensor.py other.db --join CODE --show           on another machine: what has arrived there

Readings are written a batch at a time, each batch as one document: small, and safe from a power cut before it
is counted as kept. Now and then the logger looks for the network, for a few seconds.
"""

import argparse
import asyncio
import os
import sys
from datetime import UTC, datetime

from syncore import Durability, Model, Replica, SyncoreError, field, sum_


class Batch(Model, collection="batches"):
    """Readings that follow each other at even intervals."""

    sensor: str = field(min_length=1, max_length=64)
    began: datetime
    step_s: float = field(minimum=0)
    size: int = field(minimum=1, maximum=3600)
    loads: list[float] = field(min_length=1, max_length=3600)


async def measure(options: argparse.Namespace) -> Batch:
    """One batch of readings."""
    began, loads = datetime.now(UTC), []
    for _ in range(options.batch):
        loads.append(os.getloadavg()[0])
        await asyncio.sleep(options.step)
    return Batch(sensor=options.name, began=began, step_s=options.step, size=len(loads), loads=loads)


async def log(replica: Replica, options: argparse.Namespace) -> None:
    """Measure and keep, until it is time to look for the network."""
    batches = replica.collection(Batch)
    loop = asyncio.get_running_loop()
    end_s = loop.time() + options.every
    while loop.time() < end_s:
        await batches.insert(await measure(options), durability=Durability.FULL)
        print(f"kept {await kept(replica)} readings")


async def kept(replica: Replica) -> int:
    """How many readings are in the file, of all sensors."""
    found = await replica.collection(Batch).find().aggregate(total=sum_("size"))
    total = found["total"]
    return total if isinstance(total, int) else 0


async def report(replica: Replica, window_s: float) -> None:
    """Send what was not sent yet, if the relay can be reached within a few seconds; the next time otherwise.

    Raises:
        SyncoreError: trying again cannot help, such as at a relay that does not know this device any more.
    """
    if replica.space.is_private:
        return
    try:
        async with asyncio.timeout(window_s):
            await replica.space.synced()
        print("sent everything")
    except TimeoutError:
        print(f"no network: {replica.space.status()}")


async def main(options: argparse.Namespace) -> None:
    """Join or share if that is asked for, then log until somebody stops it."""
    if options.share or options.join:
        async with Replica.open(options.file) as replica:
            if options.share:
                space = await replica.share(options.share)
                print("invitation:", await space.invite(role="writer"))
            else:
                await (await replica.join(options.join)).synced()
    if options.show:
        async with Replica.open(options.file) as replica:
            await report(replica, options.window)
            print(f"here are {await kept(replica)} readings")
        return
    while True:
        async with Replica.open(options.file, sync=False) as replica:  # no radio, no battery used
            await log(replica, options)
        async with Replica.open(options.file) as replica:
            await report(replica, options.window)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("file", help="the log; made if there is none")
    parser.add_argument("--share", metavar="RELAY", help="share the log at a relay")
    parser.add_argument("--join", metavar="CODE", help="join the log of an invitation")
    parser.add_argument(
        "--show", action="store_true", help="measure nothing; fetch, and say how much is here"
    )
    parser.add_argument("--name", default="load", help="the sensor's name")
    parser.add_argument("--step", type=float, default=1.0, metavar="S", help="seconds between readings")
    parser.add_argument("--batch", type=int, default=10, metavar="N", help="readings in a batch")
    parser.add_argument("--every", type=float, default=60.0, metavar="S", help="seconds without the network")
    parser.add_argument("--window", type=float, default=5.0, metavar="S", help="seconds to look for it")
    try:
        asyncio.run(main(parser.parse_args()))
    except KeyboardInterrupt:
        pass
    except SyncoreError as error:
        sys.exit(f"sensor: {error}")
