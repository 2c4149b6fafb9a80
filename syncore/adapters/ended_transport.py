"""What a websocket keeps of its transport when the connection is over.

``websockets`` aborts the transport of a connection that is over, to be sure. Where the other side's end of
stream had met bytes that were still being sent, asyncio's own loop does not take that: ``abort()`` raises
AttributeError (https://github.com/agronholm/anyio/issues/1250 describes it, up to Python 3.13). So a relay
that closed while a large frame was being sent to it made ``close()`` raise.
"""

import asyncio
from typing import Any


class EndedTransport(asyncio.Transport):
    """Stands for a transport whose connection was lost: it says whose it was, and ends without complaint."""

    def __init__(self, transport: asyncio.BaseTransport) -> None:
        """Replace that transport."""
        super().__init__()
        self._transport = transport

    def get_extra_info(self, name: str, default: Any = None) -> Any:  # noqa: ANN401 - as in the base class
        """What the lost transport says."""
        return self._transport.get_extra_info(name, default)

    def is_closing(self) -> bool:
        """It is over."""
        return True

    def close(self) -> None:
        """Nothing to close."""

    def abort(self) -> None:
        """Nothing to end."""
