"""What programs pass in, checked for its type where it comes in, so that a slip names itself."""

from collections.abc import Callable, Iterable, Mapping
from typing import TypeVar

from syncore.core.errors import LocalError, Misused

Item = TypeVar("Item")


def several(given: Iterable[Item], name: str, *, error: type[LocalError] = Misused) -> tuple[Item, ...]:
    """The things that an argument holds; text is one thing, and what is no collection holds none.

    Raises:
        Misused, or ``error``: it is text, bytes, or nothing to iterate over.
    """
    if isinstance(given, str | bytes) or not isinstance(given, Iterable):
        raise error(f"{name} takes several things, such as a list, not {type(given).__name__}", hint="[..]")
    return tuple(given)


def check_mapping(given: object, name: str) -> None:
    """Refuse what maps nothing to anything.

    Raises:
        Misused: it is no mapping.
    """
    if not isinstance(given, Mapping):
        raise Misused(f"{name} is a mapping from names, such as a dict, not {type(given).__name__}")


def check_callable(given: Callable[..., object] | None, name: str, *, hint: str = "") -> None:
    """Refuse what cannot be called.

    Raises:
        Misused: it is neither a function nor None.
    """
    if given is not None and not callable(given):
        raise Misused(f"{name} is a function, not {type(given).__name__}", hint=hint)


def check_number(given: float, name: str) -> None:
    """Refuse what is no number; which numbers are meant is for others to say.

    Raises:
        Misused: it is neither an int nor a float.
    """
    if type(given) is not int and type(given) is not float:
        raise Misused(f"{name} is a number, not {type(given).__name__}")


def check_whole(given: int, name: str) -> None:
    """Refuse what is no int.

    Raises:
        Misused: it is none.
    """
    if type(given) is not int:
        raise Misused(f"{name} is an int, not {type(given).__name__}")


def check_text(given: str, name: str, *, error: type[LocalError] = Misused) -> None:
    """Refuse what is no text.

    Raises:
        Misused, or ``error``: it is no str.
    """
    if not isinstance(given, str):
        raise error(f"{name} is a str, not {type(given).__name__}")
