"""What waits for the next commit group: bounded, and in order for each space."""

import asyncio
from collections import deque

from relay.config import MAX_GROUP_BYTES, MAX_GROUP_ITEMS, MAX_QUEUED_APPENDS, MAX_QUEUED_BYTES
from relay.requests import Request
from syncore.core.identifiers import SpaceId
from syncore.core.limits import MAX_BATCH_BYTES


class AppendQueue:
    """A queue of requests. Any number of putters, one taker."""

    def __init__(self) -> None:
        """An empty queue."""
        self._requests: deque[Request] = deque()
        self._size_bytes = 0
        self._some = asyncio.Event()
        self._room = asyncio.Condition()

    def __len__(self) -> int:
        return len(self._requests)

    async def put(self, request: Request) -> None:
        """Add a request; waits while the queue is full."""
        while self._is_full(request):
            async with self._room:
                await self._room.wait_for(lambda: not self._is_full(request))
        self._requests.append(request)
        self._size_bytes += request.size_bytes
        self._some.set()

    async def wait(self) -> None:
        """Return when there is something to take."""
        await self._some.wait()

    async def take_group(self) -> list[Request]:
        """What the next commit is made of; at least one request when there is any."""
        taken, left = self._split()
        self._requests = left
        self._size_bytes -= sum(request.size_bytes for request in taken)
        if not left:
            self._some.clear()
        async with self._room:
            self._room.notify_all()
        return taken

    def _is_full(self, request: Request) -> bool:
        if not self._requests:
            return False
        return (
            len(self._requests) >= MAX_QUEUED_APPENDS
            or self._size_bytes + request.size_bytes > MAX_QUEUED_BYTES
        )

    def _split(self) -> tuple[list[Request], deque[Request]]:
        """The next group, and what stays; a space whose share is full waits with all that follows for it."""
        taken: list[Request] = []
        left: deque[Request] = deque()
        group_bytes = 0
        shares: dict[SpaceId, int] = {}
        for request in self._requests:
            share_bytes = shares.get(request.space, 0)
            fits_share = not share_bytes or share_bytes + request.size_bytes <= MAX_BATCH_BYTES
            fits_group = len(taken) < MAX_GROUP_ITEMS and group_bytes + request.size_bytes <= MAX_GROUP_BYTES
            if fits_share and (fits_group or not taken):
                taken.append(request)
                group_bytes += request.size_bytes
                shares[request.space] = share_bytes + request.size_bytes
            else:
                left.append(request)
                shares[request.space] = MAX_BATCH_BYTES
        return taken, left
