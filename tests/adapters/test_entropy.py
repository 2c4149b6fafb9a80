"""Tests of syncore.adapters.entropy."""

import pytest

from syncore.adapters.entropy import SystemEntropy
from syncore.core.ports import Entropy


@pytest.mark.parametrize("size_bytes", [0, 1, 24, 32, 1000])
def test_as_many_bytes_as_asked_for(size_bytes: int) -> None:
    """The answer has the size that was asked for."""
    entropy: Entropy = SystemEntropy()
    assert len(entropy.random_bytes(size_bytes)) == size_bytes


def test_no_two_answers_are_alike() -> None:
    """A thousand nonces all differ."""
    entropy = SystemEntropy()
    assert len({entropy.random_bytes(24) for _ in range(1000)}) == 1000
