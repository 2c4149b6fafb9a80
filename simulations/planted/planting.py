"""The switch: a planted fault replaces something of the code under test while a world is played."""

import inspect
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
        """Have the wrong one in the code for the block.

        Raises:
            TypeError: If the code has changed, and the wrong one can no longer be called as the right one is.
        """
        right = self.owner.__dict__[self.attribute]
        wrong = self.replacement(right)
        if not _can_stand_for(wrong, right):
            raise TypeError(
                f"{self.attribute}{inspect.signature(wrong)} does not fit where "
                f"{self.attribute}{inspect.signature(right)} stands: write the planted fault anew"
            )
        setattr(self.owner, self.attribute, wrong)
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


def _can_stand_for(wrong: Callable[..., Any], right: Callable[..., Any]) -> bool:
    # A fault that does not fit would fail by itself, and be found for that and not for what it is.
    if not inspect.isfunction(right):
        return True
    parameters = inspect.signature(right).parameters.values()
    by_place = [one.name for one in parameters if one.kind is one.POSITIONAL_OR_KEYWORD]
    by_name = {one.name: one.name for one in parameters if one.kind is one.KEYWORD_ONLY}
    try:
        inspect.signature(wrong).bind(*by_place, **by_name)
    except TypeError:
        return False
    return inspect.iscoroutinefunction(wrong) == inspect.iscoroutinefunction(right)
