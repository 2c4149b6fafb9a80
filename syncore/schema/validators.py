"""The application's own validators: functions over a whole document, registered by name and version.

Owns what such a function is given and how it is run. What it raises never gets out: it costs the validator
its say, not the replica its work.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from syncore.core.arguments import several
from syncore.core.errors import Misused
from syncore.core.identifiers import name_problem
from syncore.core.limits import MAX_PROBLEMS
from syncore.core.problems import MISSING, Problem

MAX_VERSION = 2**63 - 1
_SHOWN_CHARACTERS = 200

Findings = Iterable[Problem | str] | str | None
"""What a validator returns: nothing if all is well, else problems, or sentences about the whole document."""
ValidateFunction = Callable[[Mapping[str, Any]], Findings]
"""The document's values by field in, what is wrong with it out."""


@dataclass(frozen=True, slots=True)
class Validator:
    """A rule over the fields of a document that no schema can say, such as that one date comes after another.

    It must be pure: every device that has it flags what it flags, and they agree only as far as it does. Give
    a function that judges otherwise a new version, and the collection's settings the new version when the
    devices have it.

    Attributes:
        name: What settings call it.
        version: From 1; another version is another validator.
        function: What it does. It gets the values by field, and returns None if all is well, otherwise one
            sentence, or several sentences and ``Problem`` objects.
    """

    name: str
    version: int
    function: ValidateFunction

    def __post_init__(self) -> None:
        """Check that settings can name it.

        Raises:
            Misused: they cannot, or the function is none.
        """
        if type(self.name) is not str or name_problem(self.name):
            raise Misused(f"{self.name!r} cannot be the name of a validator", hint="use a short name")
        if type(self.version) is not int or not 1 <= self.version <= MAX_VERSION:
            raise Misused(f"the version of a validator counts from 1, and is not {self.version!r}")
        if not callable(self.function):
            raise Misused(f"the validator {self.name} has no function")


@dataclass(frozen=True, slots=True)
class ValidatorFailure:
    """A validator raised, or returned what says nothing; the text says which."""

    text: str


def validator_registry(validators: Iterable[Validator]) -> Mapping[tuple[str, int], ValidateFunction]:
    """The functions of validators, by name and version.

    Raises:
        Misused: something else than a validator, or two of one name and version.
    """
    found: dict[tuple[str, int], ValidateFunction] = {}
    for validator in several(validators, "validators"):
        if not isinstance(validator, Validator):
            raise Misused(f"{validator!r} is not a Validator", hint="Validator(name, version, function)")
        key = (validator.name, validator.version)
        if key in found:
            raise Misused(
                f"the validator {validator.name}@{validator.version} is registered twice",
                hint="count its version up",
            )
        found[key] = validator.function
    return found


def run_validator(
    function: ValidateFunction, values: Mapping[str, object]
) -> tuple[Problem, ...] | ValidatorFailure:
    """What a validator finds wrong with a document, or why it has no say."""
    try:
        found = function(MappingProxyType(dict(values)))
        findings = [] if found is None else [found] if isinstance(found, str) else list(found)
        problems = [_problem(one, values) for one in findings[:MAX_PROBLEMS]]
    except Exception as error:  # noqa: BLE001 - whatever a function of the application may raise
        return ValidatorFailure(f"it raised {_said(error)}"[:_SHOWN_CHARACTERS])
    told = [problem for problem in problems if problem is not None]
    if len(told) < len(problems):
        return ValidatorFailure("it returned what is neither a sentence nor a Problem")
    return tuple(told)


def _problem(found: object, values: Mapping[str, object]) -> Problem | None:
    if isinstance(found, str):
        return Problem((), dict(values), found[:_SHOWN_CHARACTERS])
    if not isinstance(found, Problem):
        return None
    if found.value is MISSING and len(found.path) == 1:  # made without looking the value up
        return Problem(found.path, values.get(str(found.path[0]), MISSING), found.expected)
    return found


def _said(error: Exception) -> str:
    """An exception in words; one of the application's own may fail even at that."""
    try:
        return f"{type(error).__name__}: {error}"
    except Exception:  # noqa: BLE001 - the first failure is the one to tell
        return type(error).__name__
