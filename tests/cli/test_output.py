"""What is printed."""

import json

import pytest

from syncore.cli.output import Output, printable, table
from syncore.core.errors import DocumentNotFound


def test_printable() -> None:
    """Text from documents cannot move the cursor, ring bells or reverse the line."""
    assert printable("a\x1b[2J\n\x9b\u202eb é") == r"a\x1b[2J\n\x9b\u202eb é"


def test_table() -> None:
    """Columns are aligned, and long cells are cut."""
    assert table([["a", "x" * 50], ["bbb", ""]], ["id", "title"]) == f"id   title\na    {'x' * 39}…\nbbb"


def test_error(capsys: pytest.CaptureFixture[str]) -> None:
    """An error is one line on standard error, and one JSON object with --json."""
    error = DocumentNotFound("no\nsuch")
    Output(is_json=False).error(error, hint="look")
    assert capsys.readouterr() == ("", "syncore: no\\nsuch (look)\n")
    Output(is_json=True).error(error, hint="")
    out, err = capsys.readouterr()
    assert out == ""
    assert json.loads(err) == {"error": "DocumentNotFound", "message": "no\nsuch", "hint": ""}


def test_json_is_alone(capsys: pytest.CaptureFixture[str]) -> None:
    """With --json nothing but results is printed."""
    output = Output(is_json=True)
    output.note("by the way")
    output.result({"a": "é\n"}, "text")
    output.flush()
    assert capsys.readouterr() == ('{"a": "é\\n"}\n', "")
