"""The relay's signing key: 32 bytes in ``relay.key``, made on first start, never replaced.

Spaces name this key, so a relay that lost it can serve none of them any more. That is why a store without
its key is refused instead of getting a new one. Layout: ``"synrelay"``, version u8 = 1, seed 32, checksum 8
of all before it.
"""

from relay.adapters.folder import StoreFolder
from relay.schema import FILE_NAME
from syncore.core.errors import IntegrityError, NewerFormat, StorageError
from syncore.core.hashing import checksum
from syncore.core.ports import Entropy
from syncore.crypto.signing import SEED_BYTES, SigningKey

KEY_NAME = "relay.key"
_MAGIC = b"synrelay"
_VERSION = 1
_CHECKSUM_BYTES = 8
_SIZE_BYTES = len(_MAGIC) + 1 + SEED_BYTES + _CHECKSUM_BYTES


def load_or_create(folder: StoreFolder, entropy: Entropy) -> SigningKey:
    """The relay's key; made, and durable, when the folder holds neither key nor store.

    Raises:
        IntegrityError: the file is damaged.
        StorageError: the key is missing beside an existing store, or cannot be read or written.
    """
    if folder.exists(KEY_NAME):
        return SigningKey(decode_seed(folder.read_file(KEY_NAME, max_bytes=_SIZE_BYTES + 1)))
    if folder.exists(FILE_NAME):
        raise StorageError(
            f"{folder.path} holds a store, but not its key {KEY_NAME}",
            hint="restore the key from a backup; spaces that name it accept no other relay",
        )
    seed = entropy.random_bytes(SEED_BYTES)
    folder.create_file(KEY_NAME, encode_seed(seed))
    return SigningKey(seed)


def encode_seed(seed: bytes) -> bytes:
    """The content of the key file."""
    assert len(seed) == SEED_BYTES
    content = _MAGIC + bytes((_VERSION,)) + seed
    return content + checksum(content)


def decode_seed(content: bytes) -> bytes:
    """The seed in a key file.

    Raises:
        IntegrityError: it is damaged, or no key file.
        NewerFormat: a later version wrote it.
    """
    body, seal = content[:-_CHECKSUM_BYTES], content[-_CHECKSUM_BYTES:]
    if not content.startswith(_MAGIC) or checksum(body) != seal:
        raise IntegrityError(f"{KEY_NAME} is damaged", hint="restore it from a backup")
    if body[len(_MAGIC)] != _VERSION:
        raise NewerFormat(f"{KEY_NAME} was written by a later version")
    if len(content) != _SIZE_BYTES:
        raise IntegrityError(f"{KEY_NAME} has the wrong size", hint="restore it from a backup")
    return body[len(_MAGIC) + 1 :]
