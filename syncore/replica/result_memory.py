"""Results of queries that need not be read again, because nothing touched their collection since.

A result is held under the canonical bytes of the query, for one version of the collection. Every commit and
merge that touches a collection gives it another version before anybody is told of the commit, and a write
that failed half way gives one to all: so what is found here is never older than what was returned. Only
packed bytes and values are held, never objects that a program was given.
"""

from collections.abc import Iterable
from copy import deepcopy
from typing import Final

from syncore.cache.results import ResultCache
from syncore.core.identifiers import DocumentKey
from syncore.core.limits import KIB, MIB

MAX_RESULT_CACHE_BYTES: Final = 16 * MIB
"""All results of one replica: some hundred pages of 50 documents, and little beside a program."""
MAX_RESULT_BYTES: Final = MAX_RESULT_CACHE_BYTES // 8
"""One result: a larger one would push out all others, and its reader goes through it once."""

_RESULT_BYTES: Final = 400
"""What holding anything costs: the key's object, the entry, the tuple."""
_DOCUMENT_BYTES: Final = 256
"""What each document of a result costs beside its id and its projection: five objects (64-bit CPython)."""
_VALUE_BYTES: Final = 64

Documents = tuple[tuple[DocumentKey, bytes], ...]
"""Keys and packed projections."""
Rows = tuple[dict[str, object], ...]
"""What an aggregate comes to."""
Result = Documents | Rows | int


class ResultMemory:
    """The results and the versions of one replica."""

    def __init__(self) -> None:
        """Hold nothing."""
        self.cache: ResultCache[Result] = ResultCache(
            MAX_RESULT_CACHE_BYTES, max_result_bytes=MAX_RESULT_BYTES
        )
        self._versions: dict[tuple[int, str], int] = {}
        self._last = 0
        self._oldest = 0  # of collections that were not touched since everything was forgotten

    def version(self, space: int, collection: str) -> int:
        """The version that a collection has now; no other content ever had it."""
        return self._versions.get((space, collection), self._oldest)

    def touch(self, space: int, documents: Iterable[DocumentKey]) -> None:
        """Know that a commit changed these documents."""
        for collection in {key.collection for key in documents}:
            self._last += 1
            self._versions[space, collection] = self._last

    def forget(self) -> None:
        """Know that anything may have changed."""
        self._last += 1
        self._oldest = self._last
        self._versions.clear()
        self.cache.clear()

    def hold_documents(self, key: bytes, version: int, documents: Documents) -> None:
        """Hold what a query found."""
        size = _RESULT_BYTES + len(key)
        size += sum(_DOCUMENT_BYTES + len(one.id) + len(packed) for one, packed in documents)
        self.cache.put(key, version, documents, size)

    def hold_count(self, key: bytes, version: int, count: int) -> None:
        """Hold how many a query found."""
        self.cache.put(key, version, count, _RESULT_BYTES + len(key))

    def hold_rows(self, key: bytes, version: int, rows: Iterable[dict[str, object]]) -> None:
        """Hold what aggregates came to."""
        held = tuple(own_row(row) for row in rows)
        size = _RESULT_BYTES + len(key) + sum(_size_of(row) for row in held)
        self.cache.put(key, version, held, size)


def own_row(row: dict[str, object]) -> dict[str, object]:
    """The same row, sharing nothing that can be changed."""
    return {name: deepcopy(value) if isinstance(value, list | dict) else value for name, value in row.items()}


def _size_of(value: object) -> int:
    """About how many bytes a value takes; what is shared is counted each time."""
    match value:
        case dict():
            inner = sum(_VALUE_BYTES + _size_of(one) for one in value.values())
            return KIB // 4 + inner
        case list() | frozenset():
            return _VALUE_BYTES + sum(8 + _size_of(one) for one in value)
        case str() | bytes():
            return _VALUE_BYTES + 4 * len(value)
        case int():
            return _VALUE_BYTES + value.bit_length() // 8
        case _:
            return 2 * _VALUE_BYTES
