"""Words of texts: what full text finds, the same in SQLite's index and where documents are read one by one.

Owns folding. A text is folded so that SQLite's plainest tokenizer, ``ascii``, cuts it into words: letters and
digits of ASCII, and everything beyond ASCII, are words, all else stands between them. So capitals, accents
and compatibility forms are gone, every sign of Chinese and Japanese is a word of its own, and nothing depends
on the version of SQLite. It depends on the Unicode version of Python: :data:`WORDS_VERSION`.
"""

import re
import unicodedata
from itertools import accumulate
from typing import Final

WORDS_VERSION: Final = f"1 {unicodedata.unidata_version}"
"""Changes whenever texts may fold otherwise: full-text indexes of another version are built anew."""
BETWEEN_TEXTS: Final = " \ue000 "
"""Stands between the folded texts of a list, so that no phrase runs over their ends. Nothing folds to it."""

_WORD: Final = re.compile("[0-9A-Za-z\x80-\U0010ffff]+")
_ACCENTS: Final = ((0x300, 0x36F), (0x1AB0, 0x1AFF), (0x1DC0, 0x1DFF), (0x20D0, 0x20FF), (0xFE20, 0xFE2F))
_SIGNS: Final = ((0x3040, 0x30FF), (0x3400, 0x4DBF), (0x4E00, 0x9FFF), (0xF900, 0xFAFF), (0x20000, 0x3FFFF))


class _Folded(dict[int, str]):
    """What each character folds to, found out when it is first met."""

    def __missing__(self, code: int) -> str:
        folded = self[code] = _fold(chr(code))
        return folded


def fold(text: str) -> str:
    """A text as it goes into an index; pure ASCII as it is, which is all that most texts need."""
    return text if text.isascii() else unicodedata.normalize("NFC", text).translate(_FOLDED)


def words_of(folded: str) -> list[str]:
    """The words of a folded text, in order."""
    return _WORD.findall(folded.lower() if folded.isascii() else folded.translate(_LOWER))


def places_of(text: str) -> list[tuple[int, int]]:
    """Where each word of a composed text (NFC) that is not folded yet begins and ends, in order."""
    if text.isascii():
        return [match.span() for match in _WORD.finditer(text)]
    pieces = [_FOLDED[ord(character)] for character in text]
    ends = list(accumulate(map(len, pieces)))
    origin = [number for number, piece in enumerate(pieces) for _ in piece]
    assert not ends or ends[-1] == len(origin)
    return [(origin[match.start()], origin[match.end() - 1] + 1) for match in _WORD.finditer("".join(pieces))]


def _fold(character: str) -> str:
    decomposed = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", character).casefold())
    bare = "".join(one for one in decomposed if not _is_in(ord(one), _ACCENTS))
    return "".join(map(_folded_sign, unicodedata.normalize("NFC", bare)))


def _folded_sign(sign: str) -> str:
    if unicodedata.category(sign)[0] not in "LNM":
        return " "
    return f" {sign} " if _is_in(ord(sign), _SIGNS) else sign


def _is_in(code: int, ranges: tuple[tuple[int, int], ...]) -> bool:
    return any(first <= code <= last for first, last in ranges)


_FOLDED: Final = _Folded()
_LOWER: Final = {code: code + 32 for code in range(ord("A"), ord("Z") + 1)}
