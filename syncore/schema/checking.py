"""What is wrong with a document: all of it at once, with places, values and what was expected.

Owns the one use of jsonschema_rs (https://docs.rs/jsonschema): its linear-time regular expressions, formats
as the notes that they are by default, and nothing fetched from anywhere.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import jsonschema_rs

from syncore.core.errors import InvalidSchema
from syncore.core.limits import MAX_LISTED_STEPS, MAX_PATTERN_BYTES, MAX_PROBLEMS, MAX_VALIDATION_STEPS
from syncore.core.problems import Problem
from syncore.schema.compiling import compile_schema
from syncore.schema.instances import Encoder
from syncore.schema.telling import problems_of

_KIND_NAMES = {
    "register": "a register",
    "counter": "a counter",
    "set": "a set",
    "text": "a text",
    "list": "a list",
}
_PATTERNS = jsonschema_rs.RegexOptions(size_limit=MAX_PATTERN_BYTES, dfa_size_limit=MAX_PATTERN_BYTES)
_SHOWN_CHARACTERS = 200


class SchemaChecker:
    """Holds documents against one schema."""

    def __init__(self, schema: Mapping[str, object]) -> None:
        """Take a schema.

        Raises:
            InvalidSchema: it cannot be used; the message says why.
        """
        self._compiled = compile_schema(schema)
        self._validator = _guarded(self._make)

    def problems(self, values: Mapping[str, object], kinds: Mapping[str, str]) -> tuple[Problem, ...]:
        """What is wrong with a document; nothing if it fits. At most ``MAX_PROBLEMS``.

        Args:
            values: What its fields show.
            kinds: The kinds of the fields that are no registers, by their names in ``x-kind``.
        """
        found = list(self._kind_problems(values, kinds)) if self._compiled.kinds else []
        encoder = Encoder()
        instance = encoder.document(values)
        steps = (encoder.count + 1) * self._compiled.parts
        if steps > MAX_VALIDATION_STEPS:
            return (Problem((), values, "a document small enough to be held against the schema"),)
        try:
            if not self._validator.is_valid(instance):
                errors = self._errors(instance, is_small=steps <= MAX_LISTED_STEPS)
                wrong = {problem.path for problem in found}
                told = problems_of(errors, self._compiled.schema, values)
                found += [problem for problem in told if problem.path[:1] not in wrong]
        except BaseException as error:
            if not _is_of_library(error):
                raise
            found.append(Problem((), values, "a document that the schema can be carried out on"))
        return tuple({(one.path, one.expected, id(one.value)): one for one in found[:MAX_PROBLEMS]}.values())

    def _make(self) -> jsonschema_rs.Draft202012Validator:
        return jsonschema_rs.Draft202012Validator(
            self._compiled.schema, pattern_options=_PATTERNS, validate_formats=False, offline=True
        )

    def _errors(self, instance: Any, *, is_small: bool) -> Iterable[jsonschema_rs.ValidationError]:  # noqa: ANN401
        if is_small:
            return self._validator.iter_errors(instance)
        try:
            self._validator.validate(instance)
        except jsonschema_rs.ValidationError as error:
            return [error]
        return []

    def _kind_problems(self, values: Mapping[str, object], kinds: Mapping[str, str]) -> Iterable[Problem]:
        for name, wanted in self._compiled.kinds.items():
            if name in values and kinds.get(name, "register") != wanted:
                yield Problem((name,), values[name], _KIND_NAMES[wanted])


def _guarded(make: Callable[[], jsonschema_rs.Draft202012Validator]) -> jsonschema_rs.Draft202012Validator:
    """Whatever keeps a schema from being used is said in one way, a panic of the library too."""
    try:
        return make()
    except jsonschema_rs.ValidationError as error:
        place = "/".join(str(step) for step in error.instance_path)
        said = error.message[:_SHOWN_CHARACTERS]
        raise InvalidSchema(f"the schema does not work at {place or 'its root'}: {said}") from error
    except BaseException as error:
        if not _is_of_library(error):
            raise
        raise InvalidSchema(f"the schema does not work: {error}"[:_SHOWN_CHARACTERS]) from error


def _is_of_library(error: BaseException) -> bool:
    """Whether the library could not do its work, which it says by a ValueError or by a panic."""
    return isinstance(error, ValueError) or type(error).__name__ == "PanicException"
