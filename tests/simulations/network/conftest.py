"""Async tests of the network run in virtual time."""

from typing import Any

import pytest

from simulations.loop import VirtualLoop


@pytest.fixture(scope="session")
def anyio_backend() -> tuple[str, dict[str, Any]]:
    """Asyncio, on the simulation's loop."""
    return "asyncio", {"loop_factory": VirtualLoop}
