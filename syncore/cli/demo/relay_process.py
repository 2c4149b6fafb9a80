"""A relay as a process of its own: started, killed, and started again at the same address.

Knows only what anybody who runs a relay knows: its command line. The library does not import it.
"""

from pathlib import Path

from syncore.cli.demo.children import Child, Children, step

_START_S = 30


class RelayProcess:
    """A relay with its store.

    Attributes:
        address: Where it listens, once it was started.
        store: Its folder.
    """

    def __init__(self, children: Children, name: str, store: Path) -> None:
        """Nothing runs before :meth:`start`."""
        self._children = children
        self._name = name
        self._child: Child | None = None
        self.store = store
        self.address = ""

    async def start(self) -> None:
        """Start it, at the address that it had before, and wait until it listens."""
        listen = self.address.removeprefix("ws://") or "127.0.0.1:0"
        async with step(f"{self._name} starts", _START_S):
            self._child = await self._children.start(
                self._name, "relay", "serve", "--listen", listen, "--store", self.store
            )
            line = ""
            while not line.startswith("listening on "):
                line = await self._child.line()
        self.address = line.split()[2]

    async def kill(self) -> None:
        """End it with SIGKILL."""
        assert self._child is not None
        await self._child.kill()
