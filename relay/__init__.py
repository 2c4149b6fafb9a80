"""A small server that stores and forwards sealed segments and can read none of them.

Run it with ``syncore-relay serve`` or ``python -m relay serve``, or inside another program with
:meth:`RelayServer.start`. Names are loaded when they are first used.
"""

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from relay.config import RelayConfig
    from relay.server import RelayServer

__all__ = ["RelayConfig", "RelayServer"]

_HOMES = {"RelayConfig": "relay.config", "RelayServer": "relay.server"}


def __getattr__(name: str) -> object:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(home), name)
