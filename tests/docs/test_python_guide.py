"""The examples of the guide to the Python interface run as they stand there, and print what they say."""

import ast
import contextlib
import inspect
import io
import re
from dataclasses import dataclass
from pathlib import Path

import pytest

from syncore import Replica
from syncore.core import errors, limits

GUIDE = Path(__file__).parents[2] / "docs" / "python.md"
TEXT = GUIDE.read_text()
RELAY = "ws://127.0.0.1:8787"
PRINTS = "# prints: "


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """A block of Python in the guide.

    Attributes:
        line: The line of the guide before its first.
        source: What is in it.
    """

    line: int
    source: str

    @property
    def prints(self) -> list[str]:
        """The lines that its comments say it prints, in order."""
        return [line.split(PRINTS)[1].strip() for line in self.source.splitlines() if PRINTS in line]


def read_sections() -> dict[str, list[Example]]:
    """The examples by the title of their section."""
    sections: dict[str, list[Example]] = {}
    for part in re.finditer(r"^## (.*?)\n(.*?)(?=^## |\Z)", TEXT, re.DOTALL | re.MULTILINE):
        blocks = re.finditer(r"^```python\n(.*?)^```", part.group(2), re.DOTALL | re.MULTILINE)
        sections[part.group(1)] = [
            Example(line=TEXT.count("\n", 0, part.start(2) + block.start(1)), source=block.group(1))
            for block in blocks
        ]
    return {title: examples for title, examples in sections.items() if examples}


SECTIONS = read_sections()


async def run(example: Example, namespace: dict[str, object], address: str) -> list[str]:
    """Run an example, which may await at its top level; the lines that it printed."""
    # Empty lines in front make line numbers in a traceback those of the guide.
    source = "\n" * example.line + example.source.replace(RELAY, address)
    code = compile(source, str(GUIDE), "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        result = eval(code, namespace)  # noqa: S307 - the guide's own program
        if inspect.isawaitable(result):
            await result
    return printed.getvalue().splitlines()


@pytest.mark.parametrize("title", SECTIONS)
async def test_examples_run_and_print_what_they_say(
    title: str, address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The examples of a section, one after the other, run to their end and print what their comments say."""
    folder = tmp_path / "section"
    folder.mkdir()
    monkeypatch.chdir(folder)
    monkeypatch.setenv("SYNCORE_KEYSTORE", str(tmp_path / "keys"))
    namespace: dict[str, object] = {"__name__": "guide"}
    try:
        for example in SECTIONS[title]:
            assert await run(example, namespace, address) == example.prints
    finally:
        for opened in list(namespace.values()):
            if isinstance(opened, Replica):
                await opened.close()


def test_every_block_of_python_is_run() -> None:
    """No block of Python in the guide stands outside the sections that the test above runs."""
    assert TEXT.count("```python") == sum(len(examples) for examples in SECTIONS.values())


def test_every_error_is_in_the_guide() -> None:
    """The table of errors names every exception of the tree in its branch, and nothing else."""
    section = TEXT.split("\n## Errors\n")[1].split("\n## ")[0]
    rows = re.findall(r"^\|(.*?)\| (`.*?) \|", section, re.MULTILINE)
    listed: dict[str, str] = {}
    branch = ""
    for first, second in rows:
        branch = first.strip() or branch
        listed.update(dict.fromkeys(re.findall(r"`(\w+)`", second), branch.partition(":")[0].strip("`")))
    found = {name: kind for name, kind in vars(errors).items() if isinstance(kind, type)}
    tree = {name: kind for name, kind in found.items() if issubclass(kind, Exception)}
    branches = {"SyncoreError", "LocalError", "StorageError", "RemoteError"}
    below = {name: kind.__bases__[0].__name__ for name, kind in tree.items() if name not in branches}
    assert listed == {name: "none" if base == "SyncoreError" else base for name, base in below.items()}


def test_limits_are_those_of_the_source() -> None:
    """Each number that the table of limits gives for a constant is the constant's value."""
    rows = re.findall(r"^\| .* \| ([\d,]+)( KiB| MiB|) .*\| `(MAX_\w+)` \|$", TEXT, re.MULTILINE)
    assert len(rows) == TEXT.count("| `MAX_")
    for number, unit, name in rows:
        scale = {"": 1, " KiB": limits.KIB, " MiB": limits.MIB}[unit]
        assert int(number.replace(",", "")) * scale == getattr(limits, name), name
