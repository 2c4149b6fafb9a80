"""Addresses of relays: what people type, and what is connected to."""

import ipaddress
from urllib.parse import urlsplit

from syncore.core.errors import Misused

_SCHEMES = ("ws", "wss")
_HINT = "such as ws://127.0.0.1:8787 or wss://relay.example.org"


def relay_address(text: object) -> str:
    """The ``ws://`` or ``wss://`` address that a person means.

    Without a scheme, a loopback host is reached by ``ws://`` and every other one by ``wss://``.

    Raises:
        Misused: no relay can have this address.
    """
    if not isinstance(text, str) or not text.strip():
        raise Misused("a relay's address is missing", hint=_HINT)
    if "://" not in text:
        text = f"{'ws' if _is_loopback(text) else 'wss'}://{text}"
    try:
        parts = urlsplit(text)
        is_address = parts.scheme in _SCHEMES and bool(parts.hostname) and parts.port != 0
    except ValueError:  # brackets that do not match, or a port that is none
        is_address = False
    if not is_address:
        raise Misused(f"{text!r} is no relay's address", hint=_HINT)
    return text.rstrip("/")


def short_address(address: str) -> str:
    """The address as an invitation shows it: without the scheme where it goes without saying."""
    scheme, _, rest = address.partition("://")
    is_usual = scheme == ("ws" if _is_loopback(rest) else "wss")
    has_port = urlsplit(address).port is not None
    return rest if is_usual and has_port and "/" not in rest else address


def _is_loopback(host: str) -> bool:
    try:
        name = urlsplit(f"ws://{host}").hostname
    except ValueError:
        return False
    if name == "localhost":
        return True
    try:
        return name is not None and ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False
