"""A keystore in memory, for tests and simulations.

Implements :class:`syncore.core.ports.KeyFiles`; the twin of :mod:`syncore.adapters.key_files`, with the same
refusals. What is written is durable at once: an object of this class stands for the disk, so it outlives a
simulated process.
"""

from syncore.adapters.key_files import already_stored, check_key_name, check_key_size


class MemoryKeyFiles:
    """A keystore that forgets everything with the process."""

    def __init__(self) -> None:
        self._secrets: dict[str, bytes] = {}
        self._guard: bytes | None = None

    def copy(self) -> "MemoryKeyFiles":
        """What a copy of the disk holds."""
        twin = MemoryKeyFiles()
        twin._secrets = dict(self._secrets)
        twin._guard = self._guard
        return twin

    def read(self, name: str) -> bytes | None:
        """The secret stored under a name, or None."""
        check_key_name(name)
        return self._secrets.get(name)

    def write(self, name: str, secret: bytes) -> None:
        """Store a secret; it must not exist yet."""
        check_key_name(name)
        check_key_size(secret)
        if name in self._secrets:
            raise already_stored(name)
        self._secrets[name] = secret

    def read_guard(self) -> bytes | None:
        """The guard's content, or None when there is none."""
        return self._guard

    def write_guard(self, content: bytes) -> None:
        """Replace the guard."""
        check_key_size(content)
        self._guard = content
