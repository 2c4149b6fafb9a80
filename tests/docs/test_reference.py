"""What the reference lists is what there is."""

import re
from pathlib import Path

import syncore
from syncore.core import errors, limits

FOLDER = Path(__file__).parents[2] / "docs" / "reference"


def test_every_error_is_listed() -> None:
    """The table of errors names every exception of the tree in its branch, and nothing else."""
    rows = re.findall(r"^\|(.*?)\| (`.*?) \|", (FOLDER / "errors.md").read_text(), re.MULTILINE)
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
    text = (FOLDER / "limits.md").read_text()
    rows = re.findall(r"^\| .* \| ([\d,]+)( KiB| MiB|) .*\| `(MAX_\w+)` \|$", text, re.MULTILINE)
    assert len(rows) == text.count("| `MAX_")
    for number, unit, name in rows:
        scale = {"": 1, " KiB": limits.KIB, " MiB": limits.MIB}[unit]
        assert int(number.replace(",", "")) * scale == getattr(limits, name), name


def test_every_public_name_is_in_the_reference() -> None:
    """What `syncore` exports is described on exactly one page of the reference, and nothing else is."""
    pages = "".join(page.read_text() for page in sorted(FOLDER.glob("*.md")))
    listed = re.findall(r"^\.\. auto\w+:: syncore\.(\w+)$", pages, re.MULTILINE)
    assert sorted(listed) == sorted(syncore.__all__)
