"""What is wrong with a document, by its collection's schema: a place, what is there, what should be."""

from dataclasses import dataclass
from enum import Enum
from typing import Final

_SHOWN_CHARACTERS = 80


class Missing(Enum):
    """The type of :data:`MISSING`."""

    MISSING = "missing"


MISSING: Final = Missing.MISSING
"""The value of a problem where a value is missing."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong with a document.

    Attributes:
        path: Where: the field's name, then keys and indexes inside its value; empty for the whole document.
        value: What is there, or ``MISSING``.
        expected: What should be, as words that go on from "expected".
    """

    path: tuple[str | int, ...]
    value: object
    expected: str

    @property
    def place(self) -> str:
        """The path as people write it: ``cast[0].name``."""
        if not self.path:
            return "the document"
        first, *others = self.path
        return str(first) + "".join(f"[{step}]" if type(step) is int else f".{step}" for step in others)

    def __str__(self) -> str:
        """One sentence."""
        if not self.path:
            return f"the document: expected {self.expected}"
        if self.value is MISSING:
            return f"{self.place} is missing"
        return f"{self.place}: expected {self.expected}, not {_shown(self.value)}"


def _shown(value: object) -> str:
    """A value in few characters."""
    try:
        text = repr(value)
    except ValueError:  # an int of thousands of digits has no decimal form
        return "an int of very many digits"
    return text if len(text) <= _SHOWN_CHARACTERS else f"{text[: _SHOWN_CHARACTERS - 2]}.."
