"""The floors: who may import whom, as written down in pyproject.toml, and what a relay loads."""

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

IMPORT_EVERY_MODULE_OF_THE_RELAY = """
import importlib, json, pkgutil, sys
import relay
names = [module.name for module in pkgutil.walk_packages(relay.__path__, "relay.")]
for name in names:
    if not name.endswith("__main__"):
        importlib.import_module(name)
print(json.dumps(sorted(sys.modules)))
"""


def test_imports_keep_to_the_floors() -> None:
    """Every import contract in pyproject.toml is kept."""
    verdict = run_python(
        "-c", "from importlinter.cli import lint_imports; raise SystemExit(lint_imports(no_cache=True))"
    )
    assert verdict.returncode == 0, verdict.stdout + verdict.stderr


def test_importing_the_relay_loads_neither_pycrdt_nor_web3() -> None:
    """A relay process holds no code that could read documents or sign for a chain."""
    loaded = run_python("-c", IMPORT_EVERY_MODULE_OF_THE_RELAY)
    assert loaded.returncode == 0, loaded.stderr
    modules = set(json.loads(loaded.stdout))
    assert "relay" in modules
    assert modules.isdisjoint({"pycrdt", "pycrdt._pycrdt", "web3", "eth_account"})


def run_python(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a fresh interpreter in the checkout's root."""
    return subprocess.run(
        [sys.executable, *arguments], cwd=ROOT, capture_output=True, text=True, check=False, timeout=50
    )
