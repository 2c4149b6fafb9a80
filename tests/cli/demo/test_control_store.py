"""The control is the relay's own store in which nothing but the encryption is missing."""

import sqlite3
from pathlib import Path

import pytest

from relay.schema import FILE_NAME, SCHEMA
from syncore.adapters.memory_key_files import MemoryKeyFiles
from syncore.cli.demo.control_store import unsealed, write_control
from syncore.cli.demo.plaintext_search import Needles, search_folder
from syncore.core.errors import SyncoreError
from syncore.protocol.items import SegmentItem, decode_item, encode_item, read_segment, segment_item
from syncore.replica.keystore import Keystore
from tests.protocol.builders import CONTENT_KEY, Space
from tests.replica.world import SeededEntropy

TEXT = "a sentence that nobody but members may read"


@pytest.fixture
def space() -> Space:
    """A space of one device."""
    return Space()


def keystore(space: Space | None) -> Keystore:
    """The keystore of a member of a space, or of nobody."""
    keys = Keystore(MemoryKeyFiles(), SeededEntropy("control"))
    if space:
        keys.add_content_key(space.id, 1, CONTENT_KEY)
    return keys


def write_store(folder: Path, items: list[bytes]) -> None:
    """A relay's store of these segments."""
    folder.mkdir()
    with sqlite3.connect(folder / FILE_NAME, isolation_level=None) as connection:
        for statement in SCHEMA:
            connection.execute(statement)
        for number, item in enumerate(items, start=1):
            place = (number, 1, number, 1, 5, number, b"", b"", b"", b"")
            connection.execute("INSERT INTO items VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", place)
            connection.execute("INSERT INTO bodies VALUES (?, ?)", (number, item))
    connection.close()


def test_a_segment_keeps_its_header_its_signature_and_its_size(space: Space) -> None:
    """Only what is between the nonce and the tag changes."""
    segment = space.segment(0, body=TEXT.encode())
    item = encode_item(segment_item(segment))
    bare = decode_item(unsealed(item, keystore(space)))
    assert isinstance(bare, SegmentItem)
    assert read_segment(bare).header_bytes == segment.header_bytes
    assert (bare.signature, len(bare.content)) == (segment.signature, len(segment.content))
    assert bare.content != segment.content


def test_the_search_finds_in_the_control_what_the_store_hides(space: Space, tmp_path: Path) -> None:
    """Every segment is rewritten, in a copy: the store itself still hides the text."""
    write_store(tmp_path / "store", [encode_item(segment_item(space.segment(0, body=TEXT.encode())))] * 3)
    assert write_control(tmp_path / "store", tmp_path / "control", keystore(space)) == 3
    needles = Needles([TEXT])
    scratch = tmp_path / "scratch"
    assert search_folder(tmp_path / "store", needles, scratch=scratch).hits == 0
    assert search_folder(tmp_path / "control", needles, scratch=scratch).hits >= 3


@pytest.mark.parametrize("has_segments", [True, False])
def test_a_control_that_would_show_nothing_is_an_error(
    space: Space, tmp_path: Path, *, has_segments: bool
) -> None:
    """Without the key, or without segments, there is no control rather than an empty one."""
    items = [encode_item(segment_item(space.segment(0)))] if has_segments else []
    write_store(tmp_path / "store", items)
    with pytest.raises(SyncoreError, match="no key" if has_segments else "no segment"):
        write_control(tmp_path / "store", tmp_path / "control", keystore(None))
