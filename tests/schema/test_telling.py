"""The words in which problems are told."""

import pytest

from syncore.schema.checking import SchemaChecker


@pytest.mark.parametrize(
    ("part", "value", "words"),
    [
        ({"type": ["string", "boolean"]}, 1, "true or false or a string"),
        ({"enum": [1, "x"]}, 2, "one of 1, 'x'"),
        ({"const": "x"}, 2, "'x'"),
        ({"minimum": 3}, 2, "at least 3"),
        ({"maximum": 1}, 2, "at most 1"),
        ({"exclusiveMinimum": 2}, 2, "more than 2"),
        ({"exclusiveMaximum": 2}, 2, "less than 2"),
        ({"multipleOf": 2}, 3, "a multiple of 2"),
        ({"minLength": 2}, "x", "at least 2 characters"),
        ({"maxItems": 0}, [1], "at most 0 items"),
        ({"minProperties": 1}, {}, "at least 1 entries"),
        ({"pattern": "^a"}, "b", "what matches ^a"),
        ({"uniqueItems": True}, [1, 1], "no item twice"),
        ({"not": {"type": "null"}}, None, "something else"),
        (False, None, "nothing here"),
        ({"oneOf": [{"minimum": 1}, {"minimum": 2}]}, 3, "what fits exactly one of several alternatives"),
        ({"anyOf": [{"type": "string"}, {"type": "null"}]}, 3, "a string or null"),
        ({"anyOf": [{"type": "string", "maxLength": 1}, {"type": "null"}]}, "ab", "at most 1 characters"),
        ({"contains": {"type": "null"}}, [1], "other items"),
    ],
)
def test_every_keyword_has_its_words(part: object, value: object, words: str) -> None:
    """A reader learns what is expected without knowing JSON Schema."""
    [problem] = SchemaChecker({"properties": {"f": part}}).problems({"f": value}, {})
    assert (problem.path, problem.value, problem.expected) == (("f",), value, words)
