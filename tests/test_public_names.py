"""The public names of the package."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import syncore

SOURCE = Path(syncore.__file__).read_text()


def test_every_public_name_can_be_loaded() -> None:
    """Each name in ``__all__`` leads to an object, which knows itself by that name if it has one."""
    for name in syncore.__all__:
        found = getattr(syncore, name)
        assert getattr(found, "__name__", name) == name


def test_type_checkers_see_the_names_that_programs_can_load() -> None:
    """The imports under ``TYPE_CHECKING`` are those of the lazy table, from the same modules."""
    imported = {
        alias.asname: node.module
        for node in ast.walk(ast.parse(SOURCE))
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
        if alias.asname is not None
    }
    assert sorted(imported) == syncore.__all__
    for name, module in imported.items():
        home = getattr(syncore, name)
        assert module is not None
        assert getattr(sys.modules[module], name) is home


def test_an_unknown_name_is_an_attribute_error() -> None:
    """Asking for a name that is none says so, as modules do."""
    with pytest.raises(AttributeError, match="Nothing"):
        syncore.Nothing  # noqa: B018 - the access is what is tested


def test_importing_the_package_loads_nothing_heavy() -> None:
    """``import syncore`` alone loads neither pycrdt nor SQLite nor websockets."""
    heavy = ("pycrdt", "sqlite3", "websockets", "nacl")
    program = f"import sys, syncore; print([name for name in {heavy} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
