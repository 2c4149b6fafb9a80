"""The search for plaintext finds what is there, wherever it is hidden, and nothing in random bytes."""

import random
import sqlite3
from pathlib import Path

import pytest

from syncore.cli.demo.plaintext_search import Findings, Needles, search_folder
from syncore.codec.compression import compress

NAMES = ["Leonardo da Vinci International Airport", "Aéroport de Paris-Orly", "Zürich Airport", "Oslo"]


def search(folder: Path, tmp_path: Path) -> Findings:
    """Search a folder for the names."""
    return search_folder(folder, Needles(NAMES), scratch=tmp_path / "scratch")


@pytest.fixture
def store(tmp_path: Path) -> Path:
    """An empty folder to be searched."""
    folder = tmp_path / "store"
    folder.mkdir()
    return folder


def test_texts_are_known_by_their_longest_ascii_part() -> None:
    """Accents split a name, and a name without eight plain characters in a row is left out."""
    assert Needles(NAMES).runs == {
        b"Leonardo da Vinci International Airport",
        b"roport de Paris-Orly",
        b"rich Airport",
    }


def test_nothing_is_found_in_random_bytes(store: Path, tmp_path: Path) -> None:
    """What is encrypted has no hits."""
    (store / "relay.db").write_bytes(random.Random(2).randbytes(2_000_000))
    findings = search(store, tmp_path)
    assert (findings.hits, findings.needles) == (0, set())
    assert findings.searched_bytes == 2_000_000


def test_names_are_found_in_any_file(store: Path, tmp_path: Path) -> None:
    """Every occurrence counts, also inside longer text, in folders and in files of any name."""
    (store / "deeper").mkdir()
    (store / "deeper" / "relay.db-wal").write_bytes("\0near Zürich Airports\0".encode())
    (store / "log").write_text("Zürich Airport, Zürich Airport")
    findings = search(store, tmp_path)
    assert findings.hits == 3
    assert findings.needles == {b"rich Airport"}


def test_names_are_found_inside_zstd_frames(store: Path, tmp_path: Path) -> None:
    """Compression does not hide a name."""
    frame = compress("\0".join(NAMES * 50).encode())
    assert NAMES[0].encode() not in frame[60:]
    noise = random.Random(3).randbytes(5_000)
    (store / "relay.db").write_bytes(noise + frame + noise[:99])
    findings = search(store, tmp_path)
    assert findings.frames == 1
    assert findings.needles == Needles(NAMES).runs


def test_a_value_that_sqlite_cuts_into_pages_is_searched_whole(store: Path, tmp_path: Path) -> None:
    """A frame across many pages, which can be read in no file, is found in its row; also in the log."""
    filler = random.Random(5).randbytes(30_000)
    connection = sqlite3.connect(store / "relay.db", isolation_level=None)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("CREATE TABLE bodies (id INTEGER PRIMARY KEY, body BLOB)")
    connection.execute("INSERT INTO bodies (body) VALUES (?)", (compress(filler + NAMES[0].encode()),))
    try:
        assert (store / "relay.db-wal").exists()
        findings = search(store, tmp_path)
    finally:
        connection.close()
    assert findings.needles == {NAMES[0].encode()}
    assert not (tmp_path / "scratch").exists()
