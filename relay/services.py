"""What every connection of a relay works with, composed once by :mod:`relay.relay`."""

from dataclasses import dataclass, field

from relay.appender import Appender
from relay.config import RelayConfig
from relay.presence import PresenceHall
from relay.spaces import Spaces
from relay.store import Store
from syncore.core.ports import Clock, Entropy
from syncore.protocol.ports import Signer


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """The relay around its connections."""

    config: RelayConfig
    store: Store
    spaces: Spaces
    appender: Appender
    signer: Signer
    clock: Clock
    entropy: Entropy
    presence: PresenceHall = field(default_factory=PresenceHall)
