"""The control of the search for plaintext: the relay's own store, with the identity in the cipher's place.

A process that copies the store of the demo's relay and writes every segment's body in it once more: opened
with the content key of one of the devices, and kept as it was before it was encrypted. All else stays as the
relay wrote it, so that what the search finds here and not there is what the cipher hides.
"""

import argparse
import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from syncore.adapters.entropy import SystemEntropy
from syncore.adapters.key_files import FileKeyFiles
from syncore.adapters.sqlite_connection import write_transaction
from syncore.adapters.sqlite_opening import connect_to_write
from syncore.cli.demo.device import say
from syncore.codec.compression import compress
from syncore.core.errors import SyncoreError
from syncore.core.ports import Durability, SqlConnection
from syncore.crypto.padding import pad
from syncore.crypto.sealing import NONCE_BYTES, TAG_BYTES
from syncore.protocol.items import SegmentItem, decode_item, encode_item, read_segment
from syncore.replica.keystore import Keystore
from syncore.replica.space_keys import SpaceCipher

_FILE = "relay.db"
_SEGMENTS = "SELECT id FROM items WHERE writer IS NOT NULL ORDER BY id"


def main(arguments: Sequence[str]) -> int:
    """Run the process; the exit status."""
    parser = argparse.ArgumentParser(prog="syncore.cli.demo control")
    parser.add_argument("--store", type=Path, required=True, help="of the relay, which was stopped or killed")
    parser.add_argument("--into", type=Path, required=True, help="a folder that does not exist yet")
    parser.add_argument("--keystore", type=Path, required=True, help="of one replica, a member of the space")
    options = parser.parse_args(arguments)
    (folder,) = options.keystore.iterdir()  # a keystore has a folder for each replica
    keystore = Keystore(FileKeyFiles(folder), SystemEntropy())
    try:
        count = write_control(options.store, options.into, keystore)
    except SyncoreError as error:
        say({"error": f"{type(error).__name__}: {error}"})
        return 1
    say({"answer": {"segments": count}})
    return 0


def write_control(store: Path, into: Path, keystore: Keystore) -> int:
    """Copy a relay's store with every segment unencrypted; how many those are.

    Raises:
        SyncoreError: a segment is sealed under a key that is not in the keystore, there are no segments, or
            the store cannot be read.
    """
    shutil.copytree(store, into)
    connection = connect_to_write(into / _FILE, durability=Durability.NORMAL, wait_ms=0)
    try:
        return write_transaction(connection, lambda sql: _rewrite(sql, keystore))
    finally:
        connection.close()


def unsealed(item: bytes, keystore: Keystore) -> bytes:
    """A segment's item whose body is compressed and padded, and not encrypted; as long as it was."""
    found = decode_item(item)
    assert isinstance(found, SegmentItem)
    segment = read_segment(found)
    header = segment.header
    key = keystore.content_key(header.space, header.epoch)
    if key is None:
        raise SyncoreError(
            f"the keystore holds no key of epoch {header.epoch} of a space in the relay's store"
        )
    cipher = SpaceCipher({header.epoch: key}, SystemEntropy())
    plain = cipher.open(header.epoch, segment.body, segment.header_bytes)
    body = segment.body[:NONCE_BYTES] + pad(compress(plain)) + segment.body[-TAG_BYTES:]
    return encode_item(replace(found, content=segment.header_bytes + body))


def _rewrite(sql: SqlConnection, keystore: Keystore) -> int:
    places = sql.rows(_SEGMENTS)
    for place in places:
        row = sql.row("SELECT body FROM bodies WHERE id = ?", place)
        assert row is not None
        assert isinstance(row[0], bytes)
        sql.execute("UPDATE bodies SET body = ? WHERE id = ?", (unsealed(row[0], keystore), place[0]))
    if not places:
        raise SyncoreError("the relay's store holds no segment")
    return len(places)
