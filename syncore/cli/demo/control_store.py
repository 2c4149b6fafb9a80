"""The control of the search for plaintext: the same content at a relay, sealed by a cipher that does nothing.

A process that reads a replica of the demo, makes its documents anew in a fresh replica, and shares that one
through the ordinary sealing path with :class:`NoCipher` in the place of the cipher. Nothing but this process
can do so: there is no option for it.
"""

import argparse
import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from syncore.adapters.clock import SystemClock
from syncore.adapters.entropy import SystemEntropy
from syncore.adapters.key_files import FileKeyFiles
from syncore.adapters.sqlite_database import open_database
from syncore.adapters.websockets_connector import WebsocketsConnector
from syncore.cli.demo.device import say
from syncore.cli.demo.failures import first_failure
from syncore.cli.demo.scenario import SHARED_TEXT, TEXT_FIELD
from syncore.codec.compression import compress, decompress
from syncore.core.errors import SyncoreError
from syncore.core.limits import MAX_SEGMENT_PLAIN_BYTES
from syncore.core.ports import Entropy
from syncore.crypto.keys import ContentKey
from syncore.crypto.padding import pad, unpad
from syncore.crypto.sealing import NONCE_BYTES, TAG_BYTES
from syncore.documents.changes import Text
from syncore.engine.replica import Replica
from syncore.engine.services import Services
from syncore.replica.guarding import FileGuard
from syncore.replica.keystore import Keystore
from syncore.replica.local_replica import LocalReplica
from syncore.storage.schema import APPLICATION_ID
from syncore.sync.service import Outside, SyncService

_WRITTEN_TOGETHER = 200


class NoCipher:
    """A :class:`syncore.protocol.ports.BodyCipher` that compresses and pads, and hides nothing."""

    def __init__(self, _keys: Mapping[int, ContentKey], entropy: Entropy) -> None:
        """Take what the real cipher takes."""
        self._entropy = entropy

    def seal(self, _epoch: int, plain: bytes, _header: bytes) -> bytes:
        """The body with the identity in the place of the encryption."""
        return self._entropy.random_bytes(NONCE_BYTES) + pad(compress(plain)) + bytes(TAG_BYTES)

    def open(self, _epoch: int, body: bytes, _header: bytes) -> bytes:
        """What :meth:`seal` was given."""
        return decompress(unpad(body[NONCE_BYTES:-TAG_BYTES]), max_bytes=MAX_SEGMENT_PLAIN_BYTES)


def main(arguments: Sequence[str]) -> int:
    """Run the process; the exit status."""
    parser = argparse.ArgumentParser(prog="syncore.cli.demo control")
    parser.add_argument("--source", type=Path, required=True)
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--relay", required=True)
    options = parser.parse_args(arguments)
    status = 0
    try:
        asyncio.run(_copy(options))
    except* SyncoreError as failures:
        error = first_failure(failures)
        say({"error": f"{type(error).__name__}: {error}"})
        status = 1
    return status


async def _copy(options: argparse.Namespace) -> None:
    nowhere = options.folder / "no keys"
    opening = Replica.open(options.source, keystore=nowhere, read_only=True, sync=False)
    async with opening as source, _open_unsealed(options.folder) as target:
        space = await target.share(options.relay)
        count = 0
        for name in await source.space.collections():
            collection = target.collection(name)
            documents = [document async for document in source.collection(name).find()]
            for start in range(0, len(documents), _WRITTEN_TOGETHER):
                async with asyncio.TaskGroup() as inserts:
                    for document in documents[start : start + _WRITTEN_TOGETHER]:
                        fields: dict[str, object] = dict(document)
                        if (name, document.id) == SHARED_TEXT:
                            fields[TEXT_FIELD] = Text(str(fields[TEXT_FIELD]))
                        inserts.create_task(collection.insert(fields, id=document.id))
            count += len(documents)
        await space.synced()
        say({"answer": {"documents": count}})


@asynccontextmanager
async def _open_unsealed(folder: Path) -> AsyncIterator[Replica]:
    """A fresh replica whose segments are not encrypted; otherwise composed as ``Replica.open`` does it."""
    clock, entropy, connector = SystemClock(), SystemEntropy(), WebsocketsConnector()
    database = await open_database(folder / "control.db", application_id=APPLICATION_ID)
    local = await LocalReplica.open(database, clock, entropy)
    keystore = Keystore(FileKeyFiles(folder / "keys"), entropy)
    guard = FileGuard(local, keystore)
    outside = Outside(connector=connector, clock=clock, entropy=entropy, cipher=NoCipher)
    services = Services(
        local=local,
        keystore=keystore,
        guard=guard,
        sync=SyncService(local, keystore, guard, outside),
        connector=connector,
        clock=clock,
        entropy=entropy,
        is_syncing=True,
    )
    replica = Replica(services, None)
    try:
        await services.start()
        yield replica
    finally:
        await replica.close()
