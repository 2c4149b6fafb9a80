"""Whether documents fit the schema and the validators of their collections.

Owns the verdict. What this device is about to write has to fit, or is refused before anything changes. What
others wrote, and what merging makes of it, is kept whatever it is, and flagged in the transaction that stores
it: two writes that fit each for itself can come to a document that does not.
"""

from collections.abc import Mapping, Sequence

from syncore.core.errors import InvalidSchema, ValidationFailed
from syncore.core.identifiers import DocumentKey
from syncore.core.limits import MAX_PROBLEMS, MAX_RULE_PROBLEMS
from syncore.core.problems import Problem
from syncore.documents.operations import FieldKind
from syncore.documents.projection import Projection
from syncore.documents.rules import CollectionRules, SchemaSetting, Unreadable
from syncore.schema.checking import SchemaChecker
from syncore.schema.validators import ValidateFunction, ValidatorFailure, run_validator

Validators = Mapping[tuple[str, int], ValidateFunction]
"""The application's own validators that this program has, by name and version."""

_NAMES = {kind: kind.name.lower() for kind in FieldKind}


class Judge:
    """What one collection's documents are held against, as far as this program can.

    Attributes:
        schema, validators: The settings that it was made of.
        lacking: What of them this program cannot carry out, a sentence each.
        failures: What went wrong in validators that it has, a sentence each.
    """

    def __init__(self, rules: CollectionRules, known: Validators) -> None:
        """Judge by the settings of a collection, with the validators of this program."""
        self.schema = rules.schema
        self.validators = rules.validators
        self.lacking: list[str] = []
        self.failures: dict[str, None] = {}
        self._checker = self._usable(rules.schema)
        self._functions: dict[str, ValidateFunction] = {}
        if isinstance(rules.validators, Unreadable):
            self.lacking.append("validators: this version of syncore does not know them")
            return
        for name in rules.validators:
            function = known.get((name.name, name.version))
            if function is None:
                self.lacking.append(f"validators: {name} is not registered in this program")
            else:
                self._functions[str(name)] = function

    def fits(self, rules: CollectionRules) -> bool:
        """Whether these settings are judged in the same way."""
        return rules.schema == self.schema and rules.validators == self.validators

    def problems(self, projection: Projection) -> tuple[Problem, ...]:
        """What is wrong with a document; nothing for one that is deleted."""
        if not projection.is_live and projection.is_deleted:
            return ()
        found: tuple[Problem, ...] = ()
        if self._checker is not None:
            kinds = {name: _NAMES[kind] for name, kind in projection.kinds.items()}
            found = self._checker.problems(projection.values, kinds)
        for name, function in self._functions.items():
            verdict = run_validator(function, projection.values)
            if not isinstance(verdict, ValidatorFailure):
                found += verdict
            elif len(self.failures) < MAX_RULE_PROBLEMS:
                self.failures[f"the validator {name} failed, and has no say: {verdict.text}"] = None
        return found[:MAX_PROBLEMS]

    def _usable(self, schema: SchemaSetting | Unreadable | None) -> SchemaChecker | None:
        if isinstance(schema, Unreadable):
            self.lacking.append("schema: this version of syncore does not know it")
        elif schema is not None:
            try:
                return SchemaChecker(schema.schema)
            except InvalidSchema as error:
                self.lacking.append(f"schema: it cannot be used: {error.message}")
        return None


def refuse_new_problems(
    found: Sequence[tuple[DocumentKey, tuple[Problem, ...], tuple[Problem, ...]]],
) -> None:
    """Refuse a transaction that would make documents worse than they are.

    A document that does not fit already, because of a merge or of a schema that came later, can be mended in
    steps, and its other fields written.

    Args:
        found: Of each document: its key, what is wrong with it before, and what would be afterwards.

    Raises:
        ValidationFailed: something would be wrong that is not wrong yet; it has all of that.
    """
    added = [
        (key, problem) for key, before, after in found for problem in after if not _is_known(problem, before)
    ]
    if not added:
        return
    (key, first), *others = added
    more = f" (and {len(others)} more)" if others else ""
    raise ValidationFailed(
        f"{key.collection}/{key.id} would not fit its schema: {first}{more}",
        problems=[problem for _, problem in added],
        documents=list(dict.fromkeys((key.collection, key.id) for key, _ in added)),
    )


def _is_known(problem: Problem, before: Sequence[Problem]) -> bool:
    """Whether a problem was there before: the same place and expectation, whatever the value is."""
    return any(old.path == problem.path and old.expected == problem.expected for old in before)
