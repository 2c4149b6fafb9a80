"""What people type as a relay's address."""

import pytest

from syncore.core.errors import Misused
from syncore.sync.addresses import relay_address, short_address


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("127.0.0.1:8787", "ws://127.0.0.1:8787"),
        ("localhost:8787", "ws://localhost:8787"),
        ("[::1]:8787", "ws://[::1]:8787"),
        ("relay.example.org", "wss://relay.example.org"),
        ("relay.example.org:8787", "wss://relay.example.org:8787"),
        ("192.168.1.5:8787", "wss://192.168.1.5:8787"),
        ("ws://127.0.0.1:8787/", "ws://127.0.0.1:8787"),
        ("wss://relay.example.org/path", "wss://relay.example.org/path"),
    ],
)
def test_addresses_are_completed(typed: str, meant: str) -> None:
    """Without a scheme this machine is reached in the clear, every other one encrypted."""
    assert relay_address(typed) == meant


@pytest.mark.parametrize(
    "typed", ["", "ws://", "http://x", "ws://[::1", "ws://x:y", "ws://x:70000", "ws://x:0", "[", "://"]
)
def test_what_is_no_address_is_refused(typed: str) -> None:
    """Whatever cannot be connected to is refused with an example, and never by another exception."""
    with pytest.raises(Misused, match="ws://127"):
        relay_address(typed)


@pytest.mark.parametrize(
    "address",
    [
        "ws://127.0.0.1:8787",
        "ws://[::1]:8787",
        "wss://relay.example.org:8787",
        "wss://relay.example.org",
        "ws://relay.example.org:8787",
        "wss://127.0.0.1:8787",
        "wss://relay.example.org:1/path",
    ],
)
def test_short_addresses_mean_the_same(address: str) -> None:
    """What an invitation shows leads to the same address again."""
    assert relay_address(short_address(address)) == address
