"""What the package shows."""

import subprocess
import sys
from pathlib import Path

import pytest

import relay
from relay.config import RelayConfig
from relay.server import RelayServer


def test_names_are_loaded_when_they_are_used() -> None:
    """Importing the package alone loads neither sockets nor SQLite; its names are the real ones."""
    program = "import sys, relay; print(*sys.modules)"
    root = Path(__file__).resolve().parents[2]
    loaded = subprocess.run(
        [sys.executable, "-c", program], cwd=root, capture_output=True, text=True, check=True
    ).stdout.split()
    assert "relay" in loaded
    assert {"sqlite3", "websockets", "asyncio", "nacl"}.isdisjoint(loaded)
    assert relay.RelayConfig is RelayConfig
    assert relay.RelayServer is RelayServer
    assert relay.__all__ == ["RelayConfig", "RelayServer"]
    with pytest.raises(AttributeError):
        _ = relay.absent
