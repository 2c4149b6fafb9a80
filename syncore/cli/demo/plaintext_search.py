"""The search for plaintext in a relay's folder: in its files, in its rows, and in every zstd frame.

SQLite cuts long values into pages, which would hide a phrase or a frame that lies across the cut, so rows are
read through SQLite too, on a copy. What is searched for are texts by their longest run of ASCII; texts whose
longest run is too short to tell from chance are left out.
"""

import re
import shutil
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from syncore.adapters.sqlite_connection import read_transaction
from syncore.adapters.sqlite_opening import connect_to_read
from syncore.cli.demo.zstd_frames import contents_of_frames
from syncore.core.ports import SqlConnection

MIN_NEEDLE_BYTES = 8
"""Eight given bytes stand somewhere in a gigabyte of random ones once in ten billion times."""

_ASCII_RUN = re.compile(rb"[\x20-\x7e]{%d,}" % MIN_NEEDLE_BYTES)
_SQLITE_MAGIC = b"SQLite format 3\0"


class Needles:
    """Texts to be found.

    Attributes:
        runs: The bytes that stand for them.
    """

    def __init__(self, texts: Iterable[str]) -> None:
        """Look for these texts, as far as they are distinctive."""
        self._by_start: dict[bytes, list[bytes]] = {}
        longest = {max(_ASCII_RUN.findall(text.encode()), key=len, default=b"") for text in texts}
        self.runs = frozenset(longest - {b""})
        for run in sorted(self.runs):
            self._by_start.setdefault(run[:MIN_NEEDLE_BYTES], []).append(run)

    def found_in(self, data: bytes) -> Iterator[bytes]:
        """Every needle, each time that it stands in ``data``."""
        for run in _ASCII_RUN.finditer(data):
            text = run.group()
            for start in range(len(text) - MIN_NEEDLE_BYTES + 1):
                for needle in self._by_start.get(text[start : start + MIN_NEEDLE_BYTES], ()):
                    if text.startswith(needle, start):
                        yield needle


@dataclass(slots=True, kw_only=True)
class Findings:
    """What a search found.

    Attributes:
        hits: How often any needle was found, in any place.
        needles: The different needles that were found.
        frames: How many zstd frames were looked into.
        searched_bytes: How much was looked at, frames' contents included.
    """

    hits: int
    needles: set[bytes]
    frames: int
    searched_bytes: int


def search_folder(folder: Path, needles: Needles, *, scratch: Path) -> Findings:
    """Search all files of a folder whose relay was stopped or killed.

    Args:
        folder: The relay's store.
        needles: What must not be there.
        scratch: A folder that does not exist yet, for the copy that SQLite may look at.
    """
    findings = Findings(hits=0, needles=set(), frames=0, searched_bytes=0)
    for data in _file_contents(folder):
        _search(data, needles, findings)
    shutil.copytree(folder, scratch)
    for data in _row_values(scratch):
        _search(data, needles, findings)
    shutil.rmtree(scratch)
    return findings


def _search(data: bytes, needles: Needles, findings: Findings) -> None:
    _count(data, needles, findings)
    for content in contents_of_frames(data):
        findings.frames += 1
        _count(content, needles, findings)


def _count(data: bytes, needles: Needles, findings: Findings) -> None:
    findings.searched_bytes += len(data)
    for needle in needles.found_in(data):
        findings.hits += 1
        findings.needles.add(needle)


def _file_contents(folder: Path) -> Iterator[bytes]:
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            yield path.read_bytes()


def _row_values(folder: Path) -> Iterator[bytes]:
    for path in sorted(folder.rglob("*")):
        if path.is_file() and path.read_bytes()[: len(_SQLITE_MAGIC)] == _SQLITE_MAGIC:
            connection = connect_to_read(path.resolve())
            try:
                yield from read_transaction(connection, _values_of_tables)
            finally:
                connection.close()


def _values_of_tables(sql: SqlConnection) -> list[bytes]:
    values: list[bytes] = []
    for (name,) in sql.rows("SELECT name FROM sqlite_schema WHERE type = 'table'"):
        assert isinstance(name, str)
        for row in sql.rows(f'SELECT * FROM "{name}"'):  # noqa: S608 - a name that SQLite itself gave
            values += [value for value in row if isinstance(value, bytes)]
            values += [value.encode() for value in row if isinstance(value, str)]
    return values
