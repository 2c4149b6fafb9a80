"""What the exit status says, and which error leads to which. The numbers never change."""

from typing import Final

from syncore.core.errors import (
    ConnectionFailed,
    CryptoError,
    IntegrityError,
    RemoteError,
    StorageError,
    SyncoreError,
)

OK: Final = 0
LOCAL: Final = 1
USAGE: Final = 2
REMOTE: Final = 3
NO_CONNECTION: Final = 4
STORAGE: Final = 5
INTEGRITY: Final = 6
CRYPTO: Final = 7
INTERRUPTED: Final = 130
BROKEN_PIPE: Final = 141

_CODES: Final[tuple[tuple[type[SyncoreError], int], ...]] = (
    (RemoteError, REMOTE),
    (ConnectionFailed, NO_CONNECTION),
    (StorageError, STORAGE),
    (IntegrityError, INTEGRITY),
    (CryptoError, CRYPTO),
)


def exit_code(error: SyncoreError) -> int:
    """The exit status for an error: one for each branch of the error tree."""
    return next((code for kind, code in _CODES if isinstance(error, kind)), LOCAL)
