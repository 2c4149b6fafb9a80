"""The application's own resolvers: functions that programs register by name and version.

Owns what such a function is given and how it is run. What it raises or returns never gets out: it costs the
resolver its say, not the replica its work.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from syncore.codec.values import Value, encode_value
from syncore.core.arguments import several
from syncore.core.errors import InvalidValue, Misused
from syncore.core.identifiers import name_problem
from syncore.documents.rules import ResolverName
from syncore.documents.structures import MAX_NUMBER

_SHOWN_CHARACTERS = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """One of the values that were written at once, as a resolver is given it.

    Attributes:
        value: The value.
        device: The index of the device that wrote it, in the order of admission to the space.
        time: When it was written, by that device's clock, but not before its admission.
        label: The authority by which it is claimed; empty for none.
    """

    value: Value
    device: int
    time: datetime
    label: str


ResolveFunction = Callable[[Sequence[Candidate]], Value]
"""Two candidates or more, in an order that is the same on every replica, in; the value to show out."""


@dataclass(frozen=True, slots=True)
class Resolver:
    """A function that says what a field shows when several values were written at once.

    It must be pure: every device that has it shows what it returns, and they agree only as far as it does.
    Give a function that decides otherwise a new version, and the field's settings the new version when the
    devices have it.

    Attributes:
        name: What settings call it.
        version: From 1; another version is another resolver.
        function: What it does.
    """

    name: str
    version: int
    function: ResolveFunction

    def __post_init__(self) -> None:
        """Check that settings can name it.

        Raises:
            Misused: they cannot, or the function is none.
        """
        if type(self.name) is not str or name_problem(self.name):
            raise Misused(f"{self.name!r} cannot be the name of a resolver", hint="use a short name")
        if type(self.version) is not int or not 1 <= self.version <= MAX_NUMBER:
            raise Misused(f"the version of a resolver counts from 1, and is not {self.version!r}")
        if not callable(self.function):
            raise Misused(f"the resolver {self.name} has no function")

    @property
    def key(self) -> ResolverName:
        """What settings call it."""
        return ResolverName(self.name, self.version)


@dataclass(frozen=True, slots=True)
class ResolverFailure:
    """A resolver raised, or returned what no field can hold; the text says which."""

    text: str


def registry(resolvers: Iterable[Resolver]) -> Mapping[ResolverName, ResolveFunction]:
    """The functions of resolvers, by name.

    Raises:
        Misused: something else than a resolver, or two of one name and version.
    """
    found: dict[ResolverName, ResolveFunction] = {}
    for resolver in several(resolvers, "resolvers"):
        if not isinstance(resolver, Resolver):
            raise Misused(f"{resolver!r} is not a Resolver", hint="Resolver(name, version, function)")
        if resolver.key in found:
            raise Misused(f"the resolver {resolver.key} is registered twice", hint="count its version up")
        found[resolver.key] = resolver.function
    return found


def run_resolver(function: ResolveFunction, candidates: Sequence[Candidate]) -> bytes | ResolverFailure:
    """The value that a resolver makes of candidates, encoded, or why it has none that can be shown."""
    try:
        return encode_value(function(candidates))
    except InvalidValue as error:
        return ResolverFailure(f"it returned what no field can hold: {error.message}")
    except (KeyboardInterrupt, SystemExit):
        raise
    # What else is no Exception, a CancelledError above all: nothing is awaited in here, so nobody has
    # cancelled anything, and let through it would end the task that merges without a word.
    except BaseException as error:  # noqa: BLE001 - whatever a function of the application may raise
        return ResolverFailure(f"it raised {_said(error)}"[:_SHOWN_CHARACTERS])


def _said(error: BaseException) -> str:
    """An exception in words; one of the application's own may fail even at that."""
    try:
        return f"{type(error).__name__}: {error}"
    except Exception:  # noqa: BLE001 - the first failure is the one to tell
        return type(error).__name__
