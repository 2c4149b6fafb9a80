"""The keys of a space: all of them, and the right ones, or an error that says which."""

from pathlib import Path

import pytest

from syncore.adapters.memory_key_files import MemoryKeyFiles
from syncore.core.errors import IntegrityError, NotPermitted
from syncore.crypto.keys import ContentKey
from syncore.replica.keystore import Keystore
from syncore.replica.space_keys import SpaceCipher
from syncore.sync.unlocking import unlock
from tests.replica.world import SeededEntropy, make_world


async def test_keys_are_those_that_the_space_names(tmp_path: Path) -> None:
    """Without the device's key, without the space's, or with another one nothing is unlocked."""
    relay, (device,) = make_world(tmp_path, "unlocking", 1)
    await device.open()
    entropy = SeededEntropy("unlocking")
    assert unlock(device.state, device.keystore, SpaceCipher, entropy).signer.public == (
        device.keys.signing.public
    )
    files = MemoryKeyFiles()
    keystore = Keystore(files, entropy)
    with pytest.raises(NotPermitted, match="no device keys"):
        unlock(device.state, keystore, SpaceCipher, entropy)
    files.write("device", device.keys.secret_bytes())
    with pytest.raises(NotPermitted, match="no key for the space"):
        unlock(device.state, keystore, SpaceCipher, entropy)
    keystore.add_content_key(relay.space, 1, ContentKey(bytes(32)))
    with pytest.raises(IntegrityError, match="another key"):
        unlock(device.state, keystore, SpaceCipher, entropy)
    await device.close()
