"""A map of results that are good for one version of what they were made of, bounded in bytes."""

from collections import OrderedDict
from dataclasses import dataclass
from typing import Generic, TypeVar

V = TypeVar("V")


@dataclass(frozen=True, slots=True)
class _Held(Generic[V]):
    version: int
    value: V
    size_bytes: int


class ResultCache(Generic[V]):
    """Results by key, each of one version; what was used least recently is forgotten first.

    Attributes:
        size_bytes: What is held, by the sizes that callers gave.
    """

    def __init__(self, capacity_bytes: int, *, max_result_bytes: int) -> None:
        """Hold so many bytes at most, and no single result that is larger than ``max_result_bytes``."""
        assert 0 < max_result_bytes <= capacity_bytes
        self.size_bytes = 0
        self._capacity_bytes = capacity_bytes
        self._max_result_bytes = max_result_bytes
        self._held: OrderedDict[bytes, _Held[V]] = OrderedDict()

    def get(self, key: bytes, version: int) -> V | None:
        """The result under a key if it is of this version; one of another version is forgotten."""
        held = self._held.get(key)
        if held is None:
            return None
        if held.version != version:
            self._drop(key)
            return None
        self._held.move_to_end(key)
        return held.value

    def put(self, key: bytes, version: int, value: V, size_bytes: int) -> None:
        """Hold a result, unless it is too large."""
        self._drop(key)
        if size_bytes > self._max_result_bytes:
            return
        self._held[key] = _Held(version, value, size_bytes)
        self.size_bytes += size_bytes
        while self.size_bytes > self._capacity_bytes:
            self._drop(next(iter(self._held)))

    def clear(self) -> None:
        """Forget everything."""
        self._held.clear()
        self.size_bytes = 0

    def __len__(self) -> int:
        """How many results are held."""
        return len(self._held)

    def _drop(self, key: bytes) -> None:
        held = self._held.pop(key, None)
        if held is not None:
            self.size_bytes -= held.size_bytes
