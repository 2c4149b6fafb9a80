"""Names of the sides of a conflict: short, easily typed, and the same wherever and whenever it is listed.

A name follows from the commit that wrote the side, so it neither depends on what else arrived nor on who
asks. It has letters only, so that it is never taken for a place in a list, and no vowels, so that it is no
word.
"""

from typing import Final

from syncore.core.hashing import hash_parts
from syncore.core.identifiers import Dot

_LETTERS: Final = "bcdfghjkmnpqrstvwxyz"
NAME_LETTERS: Final = 6
"""64 million names: of 64 sides, two have the same once in 30,000 conflicts, and then neither is chosen by
name."""
_KIND: Final = "sibling"


def sibling_name(dot: Dot, *, is_deletion: bool = False) -> str:
    """The name of what a commit wrote, or of its deletion of the document."""
    digest = hash_parts(
        _KIND, dot.writer.to_bytes(8, "big"), dot.number.to_bytes(8, "big"), bytes([is_deletion])
    )
    number, letters = int.from_bytes(digest[:8], "big"), ""
    for _ in range(NAME_LETTERS):
        number, place = divmod(number, len(_LETTERS))
        letters += _LETTERS[place]
    return letters
