"""The switch: a planted fault replaces something of the code under test while a world is played."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One thing that is replaced.

    Attributes:
        owner: A class or a module.
        attribute: What of it is replaced.
        replacement: Makes the wrong one of the right one.
    """

    owner: Any
    attribute: str
    replacement: Callable[[Any], Any]

    @contextmanager
    def made(self) -> Iterator[None]:
        """Have the wrong one in the code for the block."""
        right = self.owner.__dict__[self.attribute]
        setattr(self.owner, self.attribute, self.replacement(right))
        try:
            yield
        finally:
            setattr(self.owner, self.attribute, right)


@dataclass(frozen=True, slots=True, kw_only=True)
class Planted:
    """One fault of the code.

    Attributes:
        name: What it is called.
        about: What is wrong with the code, in one sentence.
        changes: What is replaced.
        scenario: The scenario whose worlds are to show it.
    """

    name: str
    about: str
    changes: tuple[Change, ...]
    scenario: str = "mixture"


@contextmanager
def planted(fault: Planted) -> Iterator[None]:
    """Have the fault in the code for the block."""
    with ExitStack() as changes:
        for change in fault.changes:
            changes.enter_context(change.made())
        yield
