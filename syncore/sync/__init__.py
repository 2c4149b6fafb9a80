"""Replicas and relays brought together: asyncio here, the outside world only through ports."""
