"""Randomness from the operating system: :class:`syncore.core.ports.Entropy` for real."""

import os


class SystemEntropy:
    """The operating system's generator, fit for keys; waits at boot until it is seeded."""

    def random_bytes(self, size_bytes: int) -> bytes:
        """That many fresh random bytes."""
        return os.urandom(size_bytes)
