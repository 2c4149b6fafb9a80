"""Exit codes."""

import pytest

from syncore.cli.exit_codes import exit_code
from syncore.core.errors import (
    ConnectionFailed,
    CryptoError,
    DocumentNotFound,
    IntegrityError,
    Locked,
    Malformed,
    Refused,
    SyncoreError,
)


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (DocumentNotFound("x"), 1),
        (SyncoreError("x"), 1),
        (Malformed("x"), 3),
        (Refused("x", code="x", is_final=True), 3),
        (ConnectionFailed("x"), 4),
        (Locked("x"), 5),
        (IntegrityError("x"), 6),
        (CryptoError("x"), 7),
    ],
)
def test_exit_code(error: SyncoreError, code: int) -> None:
    """Every branch of the error tree has its own exit code."""
    assert exit_code(error) == code
