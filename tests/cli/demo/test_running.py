"""The demo as a command: where it works, what it refuses before it begins, and what it leaves behind."""

import argparse
import sys
import tempfile
from pathlib import Path

import pytest

from syncore.cli.demo import add_arguments
from syncore.cli.demo.running import run_demo
from syncore.core.errors import Misused


@pytest.fixture(autouse=True)
def no_airports(monkeypatch: pytest.MonkeyPatch) -> None:
    """The package of airports is missing, so a demo that would begin ends there, before any process."""
    monkeypatch.setitem(sys.modules, "airportsdata", None)


def options_for(*arguments: str | Path) -> argparse.Namespace:
    """The options of a command line."""
    parser = argparse.ArgumentParser()
    add_arguments(parser)
    return parser.parse_args([*map(str, arguments)])


def test_a_folder_with_something_in_it_is_refused(tmp_path: Path) -> None:
    """Nothing of what is there is touched, and nothing is added."""
    (tmp_path / "mine").write_text("precious")
    with pytest.raises(Misused, match="not empty") as caught:
        run_demo(options_for("--keep", tmp_path))
    assert caught.value.hint
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]
    assert (tmp_path / "mine").read_text() == "precious"


@pytest.mark.parametrize("place", ["file", "file/below"])
def test_a_place_that_can_be_no_folder_is_refused(tmp_path: Path, place: str) -> None:
    """A file in the folder's place, or in its way, is reported and left alone."""
    (tmp_path / "file").write_text("precious")
    with pytest.raises(Misused, match="cannot be used"):
        run_demo(options_for("--keep", tmp_path / place))
    assert (tmp_path / "file").read_text() == "precious"


def test_a_folder_to_keep_is_made(tmp_path: Path) -> None:
    """A new or empty folder is taken, whatever comes of the demo; the failure is the one that ended it."""
    for _ in range(2):
        with pytest.raises(Misused, match=r"syncore\[demo\]"):
            run_demo(options_for("--keep", tmp_path / "new" / "folder"))
        assert list((tmp_path / "new" / "folder").iterdir()) == []


def test_a_temporary_folder_does_not_stay(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without one to keep, the demo's folder is gone again when it has failed."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with pytest.raises(Misused, match=r"syncore\[demo\]"):
        run_demo(options_for())
    assert list(tmp_path.iterdir()) == []
