"""Machines with a replica each, and one relay for all tests of the command line."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.command_line import Machine, running_relay


@pytest.fixture
def machine(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Machine:
    """A machine whose replica is made."""
    machine = Machine(tmp_path / "one", capsys)
    machine.ok("init")
    return machine


@pytest.fixture
def other(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Machine:
    """Another machine whose replica is made."""
    machine = Machine(tmp_path / "two", capsys)
    machine.ok("init")
    return machine


@pytest.fixture(scope="session")
def relay(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a relay."""
    with running_relay(tmp_path_factory.mktemp("relay") / "store") as address:
        yield address
