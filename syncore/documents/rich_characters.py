"""How characters are kept in a rich text: each character of pycrdt's text is exactly one unit of clocks.

Yjs counts UTF-16 code units. A character beyond U+FFFF takes two, and a hostile delta may point between them;
yrs then splits the character wrongly, its clocks stop fitting its content, and the document breaks on every
replica. Whether a delta points there cannot be told from its bytes. So no such character is in a delta: it is
kept as two characters of the private use area, which may be torn apart without harm. Those that serve for
this are kept as two as well when a text holds them itself, so every text comes back as it was.

Owns: this mapping (``docs/formats/rich-update.md``). An unpaired half is shown as U+FFFD.
"""

import re
from typing import Final

_FIRST: Final = 0xE000
_HIGH_HALVES: Final = 1_027
_LOW_HALVES: Final = 1_024
_FIRST_LOW: Final = _FIRST + _HIGH_HALVES
_LAST: Final = _FIRST_LOW + _LOW_HALVES - 1
_ASTRAL: Final = 0x1_0000
_ASTRAL_COUNT: Final = 0x10_0000
_COUNT: Final = _ASTRAL_COUNT + _LAST - _FIRST + 1
REPLACEMENT: Final = "\ufffd"

_KEPT_AS_TWO: Final = re.compile(f"[{chr(_FIRST)}-{chr(_LAST)}{chr(_ASTRAL)}-{chr(0x10FFFF)}]")
_HALVES: Final = re.compile(
    f"[{chr(_FIRST)}-{chr(_FIRST_LOW - 1)}][{chr(_FIRST_LOW)}-{chr(_LAST)}]|[{chr(_FIRST)}-{chr(_LAST)}]"
)
_PRIVATE_LEAD: Final = b"\xee"
_LEADS: Final = (_PRIVATE_LEAD, b"\xf0", b"\xf1", b"\xf2", b"\xf3", b"\xf4")
"""The first bytes in UTF-8 of all characters that are kept as two (and of some others)."""

assert _COUNT <= _HIGH_HALVES * _LOW_HALVES


def keep(text: str) -> str:
    """A text as it is kept: without a character beyond U+FFFF."""
    if text.isascii() or not _may_need_two(text.encode()):
        return text
    return _KEPT_AS_TWO.sub(_split, text)


def show(kept: str) -> str:
    """The text that is kept as ``kept``; of equal length where nothing was kept as two."""
    if kept.isascii() or _PRIVATE_LEAD not in kept.encode():
        return kept
    return _HALVES.sub(_join, kept)


def kept_bytes(text: str) -> int:
    """How many bytes of UTF-8 a shown text takes where it is kept (an unpaired half: as many as U+FFFD)."""
    if text.isascii():
        return len(text)
    encoded = text.encode()
    return len(_KEPT_AS_TWO.sub(_split, text).encode()) if _may_need_two(encoded) else len(encoded)


def _may_need_two(encoded: bytes) -> bool:
    return any(lead in encoded for lead in _LEADS)


def _split(match: re.Match[str]) -> str:
    point = ord(match[0])
    number = point - _ASTRAL if point >= _ASTRAL else _ASTRAL_COUNT + point - _FIRST
    high, low = divmod(number, _LOW_HALVES)
    return chr(_FIRST + high) + chr(_FIRST_LOW + low)


def _join(match: re.Match[str]) -> str:
    halves = match[0]
    if len(halves) == 1:
        return REPLACEMENT
    number = (ord(halves[0]) - _FIRST) * _LOW_HALVES + ord(halves[1]) - _FIRST_LOW
    if number >= _COUNT:
        return REPLACEMENT * 2
    return chr(_ASTRAL + number) if number < _ASTRAL_COUNT else chr(_FIRST + number - _ASTRAL_COUNT)
