"""The keys with which a space is synced: from the keystore, held against what the control log commits to."""

from syncore.core.errors import CryptoError, IntegrityError, NotPermitted
from syncore.core.ports import Entropy
from syncore.crypto.signing import verify
from syncore.replica.keystore import Keystore
from syncore.replica.space_keys import CipherFactory, SpaceKeys, SpacePresenceCipher
from syncore.replica.space_state import SpaceState

GENESIS_SPACE = bytes(32)
"""What the genesis commits its content key over: the space's id is not known yet when it is written."""


def unlock(state: SpaceState, keystore: Keystore, cipher: CipherFactory, entropy: Entropy) -> SpaceKeys:
    """The keys of the space's present epoch.

    Raises:
        NotPermitted: the keystore lacks the device's keys or the space's.
        IntegrityError: it holds another key than the one that the space names.
    """
    control = state.control
    assert control is not None
    device = keystore.device()
    if device is None:
        raise NotPermitted("the keystore of this replica holds no device keys")
    epoch = max(control.epoch, 1)
    key = keystore.content_key(state.id, epoch)
    if key is None:
        raise NotPermitted("the keystore of this replica holds no key for the space")
    commitment = control.commitment(epoch)
    if commitment is not None:
        try:
            key.verify_commitment(commitment, space=GENESIS_SPACE if epoch == 1 else state.id, epoch=epoch)
        except CryptoError as error:
            raise IntegrityError(
                "the keystore holds another key than the one that the space names"
            ) from error
    return SpaceKeys(
        cipher=cipher({epoch: key}, entropy),
        presence=SpacePresenceCipher({epoch: key}, entropy),
        signer=device.signing,
        verify=verify,
    )
