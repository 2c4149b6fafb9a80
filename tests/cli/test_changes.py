"""What the words and options of put and find mean."""

import io
from decimal import Decimal

import pytest

from syncore.cli.changes import wanted_document
from syncore.cli.parser import parse
from syncore.core.errors import InvalidValue, TooLarge
from syncore.documents.changes import UNSET, Counter, add, increment, remove


def _wanted(*words: str) -> tuple[str | None, dict[str, object]]:
    return wanted_document(parse(["put", "movies", *words], {}))


@pytest.mark.parametrize(
    ("word", "value"),
    [
        ("a=1", 1),
        ("a=1.0", 1.0),
        ('a="1"', "1"),
        ("a=true", True),
        ("a=null", None),
        ("a=", ""),
        ("a=b=c", "b=c"),
        ("a={broken", "{broken"),
        ("a=NaN", "NaN"),
        ('a={"$decimal": "1.5"}', Decimal("1.5")),
        ('a={"$counter": 1}', Counter(1)),
    ],
)
def test_value(word: str, value: object) -> None:
    """A value is JSON if it reads as JSON, and otherwise text."""
    assert _wanted(word) == (None, {"a": value})


def test_bad_tag() -> None:
    """JSON with a tag that does not fit is refused, not taken for text."""
    with pytest.raises(InvalidValue):
        _wanted('a={"$decimal": "much"}')


def test_id() -> None:
    """The first word without an equals sign is the id; --id takes any."""
    assert _wanted("alien", "a=1")[0] == "alien"
    assert _wanted("--id", "a=b", "a=1")[0] == "a=b"
    assert _wanted("a=1")[0] is None


def test_data(monkeypatch: pytest.MonkeyPatch) -> None:
    """A document's fields can come as JSON, from an option or standard input, with more words beside them."""
    assert _wanted("--data", '{"$id": "x", "a": 1}', "b=2") == ("x", {"a": 1, "b": 2})
    monkeypatch.setattr("sys.stdin", io.StringIO('{"a": 1}\n'))
    assert _wanted("x", "-") == ("x", {"a": 1})


def test_relative() -> None:
    """Options change counters, sets and fields: values first, then increments, adds, removes, unsets."""
    changes = _wanted(
        "x", "--unset", "a", "--remove", "t=1", "--add", "t=2", "--add", "t=b", "--increment", "n=-1", "a=1"
    )[1]
    assert changes == {"a": (1, UNSET), "n": increment(-1), "t": (add(2), add("b"), remove(1))}


@pytest.mark.parametrize(
    "words",
    [
        (),
        ("x",),
        ("x", "y"),
        ("x", "--increment", "n=1.5"),
        ("x", "--increment", "n=a"),
        ("x", "--add", "t"),
        ("-", "--data", "{}"),
        ("x", "--data", '{"$id": "y"}'),
    ],
)
def test_wrong_words(words: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    """Words that say nothing, or two things, are wrong arguments."""
    with pytest.raises(SystemExit) as stop:
        _wanted(*words)
    assert stop.value.code == 2
    assert "error: " in capsys.readouterr().err


def test_endless_input(monkeypatch: pytest.MonkeyPatch) -> None:
    """Standard input is not read without a bound."""
    monkeypatch.setattr("sys.stdin", io.StringIO(" " * (9 * 1024 * 1024)))
    with pytest.raises(TooLarge):
        _wanted("x", "-")


def test_foreign_input(monkeypatch: pytest.MonkeyPatch) -> None:
    """Bytes that are not UTF-8 are an invalid value."""
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"\xff"), encoding="utf-8"))
    with pytest.raises(InvalidValue):
        _wanted("x", "-")
