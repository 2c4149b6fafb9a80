"""The golden vectors of docs/formats/primitives.md, which were computed without syncore."""

import json
from pathlib import Path
from typing import Any

_FILE = Path(__file__).parent.parent / "vectors" / "primitives.json"

Vector = dict[str, Any]
"""Any: each section has its own shape, which the test that reads it knows."""

PRIMITIVES: dict[str, Any] = json.loads(_FILE.read_text(encoding="utf-8"))


def flipped(data: bytes, position: int, bit: int = 0) -> bytes:
    """The data with one bit turned over."""
    return data[:position] + bytes([data[position] ^ 1 << bit]) + data[position + 1 :]
