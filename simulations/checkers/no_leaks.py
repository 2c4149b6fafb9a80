"""What people write, and their keys, are nowhere but on their devices."""

from collections.abc import Iterator

from simulations.ending import Ending
from simulations.workload import PLAINTEXT
from syncore.cli.demo.zstd_frames import contents_of_frames

NAME = "no leaks"


def check(ending: Ending) -> Iterator[str]:
    """What the network carried and the relay's disk holds that they must not."""
    yield from ending.leaks
    secrets = [(name, secret) for name, one in ending.devices.items() for secret in one.secrets]
    for content in ending.relay_bytes:
        for data in (content, *contents_of_frames(content)):
            if PLAINTEXT.encode() in data:
                yield "the relay's disk holds what people wrote"
        for name, secret in secrets:
            if secret in content:
                yield f"the relay's disk holds a key of {name}"
