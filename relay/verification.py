"""Verifying many signatures: on threads if there is enough to do (libsodium lets go of the global lock)."""

import asyncio
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from relay.config import PARALLEL_FROM_SIGNATURES, SIGNATURE_THREADS
from syncore.core.errors import CryptoError
from syncore.protocol.ports import Verify
from syncore.protocol.segments import Segment, verify_segment

Check = tuple[bytes, Segment]
"""A public key, and the segment that it should have signed."""


class SignaturePool:
    """Verifies segments in a small thread pool."""

    def __init__(self, verify: Verify) -> None:
        """Threads start when they are first needed."""
        self._verify = verify
        self._threads = ThreadPoolExecutor(SIGNATURE_THREADS, thread_name_prefix="verify")

    async def failures(self, checks: Sequence[Check]) -> set[int]:
        """The positions of the checks that do not hold."""
        if len(checks) < PARALLEL_FROM_SIGNATURES:
            return set(self._failed(checks, range(len(checks))))
        loop = asyncio.get_running_loop()
        shares = [range(start, len(checks), SIGNATURE_THREADS) for start in range(SIGNATURE_THREADS)]
        found = await asyncio.gather(
            *(loop.run_in_executor(self._threads, self._failed, checks, share) for share in shares)
        )
        return {position for failed in found for position in failed}

    def close(self) -> None:
        """Let the threads end."""
        self._threads.shutdown(wait=False)

    def _failed(self, checks: Sequence[Check], positions: range) -> list[int]:
        failed = []
        for position in positions:
            key, segment = checks[position]
            try:
                verify_segment(segment, public_key=key, verify=self._verify)
            except CryptoError:
                failed.append(position)
        return failed
