"""Facts that the command line shows and the library has no public name for: read here, and nowhere else."""
# ruff: noqa: SLF001 - the reason for this module

from dataclasses import dataclass

from syncore.core.identifiers import device_index
from syncore.engine.replica import Replica
from syncore.engine.space import Space
from syncore.protocol.commit_codec import decode_commit
from syncore.storage.pending_rows import PendingRows


@dataclass(frozen=True, slots=True, kw_only=True)
class Membership:
    """What this device is in a shared space.

    Attributes:
        device_key: Its public signing key in hexadecimal, for others to compare; None before it was admitted.
        role: ``reader``, ``writer``, ``admin`` or ``owner``; None if it is no member.
        devices: How many devices the space has.
    """

    device_key: str | None
    role: str | None
    devices: int


def can_write(replica: Replica) -> bool:
    """Whether the replica takes writes: without the keys of its shared spaces it does not."""
    return not replica._services.local.read_only_reason


def membership(space: Space) -> Membership | None:
    """This device in a shared space; None for a private one."""
    control = space._state.control
    if control is None:
        return None
    index = device_index(space._state.writer)
    device, role = control.devices.get(index), control.role(index)
    return Membership(
        device_key=None if device is None else device.signing_key.hex(),
        role=None if role is None else role.name.lower(),
        devices=len(control.devices),
    )


async def set_aside_reasons(space: Space) -> list[str]:
    """Why the space's own transactions that cannot be sent were set aside, in the order of their making."""
    number = space._local_number()
    found = await space._services.local.read(lambda sql: PendingRows(sql, number).all_set_aside())
    return [one.reason for one in sorted(found, key=lambda one: decode_commit(one.body).time)]
