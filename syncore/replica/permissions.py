"""What a space does not allow, found before anything is written."""

from syncore.core.errors import Misused, NotPermitted
from syncore.core.identifiers import device_index
from syncore.protocol.control_payloads import Role
from syncore.replica.space_state import SpaceState


def check_may_write(state: SpaceState) -> None:
    """Refuse a write that no other member would accept.

    Raises:
        NotPermitted: the device may only read this space.
    """
    if state.control is None:
        return
    role = state.control.role(device_index(state.writer))
    if role is None:
        raise NotPermitted(
            "the relay has not confirmed yet that this device is a member of the space",
            hint="open the replica with sync until space.synced() returns once",
        )
    if role < Role.WRITER:
        raise NotPermitted(
            "this device may only read the space", hint="ask an owner for an invitation to write"
        )


def check_space_kind(state: SpaceState, *, is_private: bool) -> None:
    """Refuse what only a private, or only a shared space can do."""
    if state.is_private != is_private:
        if is_private:
            raise Misused("the space is shared already", hint="invite others to it with space.invite()")
        raise Misused("the space is private", hint="share() it first")
