"""Verifying many signatures."""

import threading
from collections.abc import AsyncIterator

import pytest

from relay.config import PARALLEL_FROM_SIGNATURES
from relay.verification import Check, SignaturePool
from syncore.core.errors import Misused
from syncore.crypto.signing import verify
from tests.relay.device import TestSpace, key
from tests.relay.ledgers import OWNER, RELAY

FORGER = key("forger")


class CountingVerifier:
    """Verifies, and notes on which thread each time."""

    def __init__(self) -> None:
        self.threads: list[str] = []

    def __call__(self, public_key: bytes, kind: str, digest: bytes, signature: bytes) -> None:
        """Verify for real."""
        self.threads.append(threading.current_thread().name)
        verify(public_key, kind, digest, signature)


@pytest.fixture
def verifier() -> CountingVerifier:
    """What the pool under test verifies with."""
    return CountingVerifier()


@pytest.fixture
async def pool(verifier: CountingVerifier) -> AsyncIterator[SignaturePool]:
    """The pool under test."""
    pool = SignaturePool(verifier)
    yield pool
    pool.close()


def checks(count: int, forged: set[int]) -> list[Check]:
    """Checks of the owner's signature, at some places under segments that somebody else signed."""
    space = TestSpace(OWNER, RELAY.public)
    return [
        (OWNER.public, space.segment(device=FORGER if position in forged else OWNER))
        for position in range(count)
    ]


@pytest.mark.parametrize(
    "forged", [set(), {0}, {1, 2, 5}, set(range(PARALLEL_FROM_SIGNATURES - 1))], ids=repr
)
@pytest.mark.parametrize("count", [PARALLEL_FROM_SIGNATURES - 1, PARALLEL_FROM_SIGNATURES, 33])
async def test_exactly_what_does_not_hold_is_named(
    pool: SignaturePool, verifier: CountingVerifier, count: int, forged: set[int]
) -> None:
    """Failures are the positions of the forged ones, among few and many, and each is looked at once."""
    assert await pool.failures(checks(count, forged)) == forged
    assert len(verifier.threads) == count


async def test_few_are_verified_on_the_spot_and_many_on_threads(
    pool: SignaturePool, verifier: CountingVerifier
) -> None:
    """A hop to the threads is made only where it pays, and then nothing is left to the loop's thread."""
    here = threading.current_thread().name
    assert await pool.failures([]) == set()
    await pool.failures(checks(PARALLEL_FROM_SIGNATURES - 1, set()))
    assert set(verifier.threads) == {here}
    verifier.threads.clear()
    await pool.failures(checks(PARALLEL_FROM_SIGNATURES, set()))
    assert verifier.threads
    assert all(name.startswith("verify") for name in verifier.threads)


@pytest.mark.parametrize("count", [1, PARALLEL_FROM_SIGNATURES])
async def test_a_fault_of_the_verifier_is_no_forgery(count: int) -> None:
    """Only a signature that does not hold is a failure; any other error comes out."""

    def broken(_key: bytes, _kind: str, _digest: bytes, _signature: bytes) -> None:
        raise Misused("a mistake")

    pool = SignaturePool(broken)
    with pytest.raises(Misused):
        await pool.failures(checks(count, set()))
    pool.close()
