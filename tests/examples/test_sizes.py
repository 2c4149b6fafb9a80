"""What is promised of all examples."""

from pathlib import Path

import pytest

PROGRAMS = sorted((Path(__file__).parents[2] / "examples").glob("*.py"))


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda program: program.name)
def test_an_example_is_short_and_uses_the_public_names_alone(program: Path) -> None:
    """Less than 150 lines, and nothing from inside of syncore."""
    text = program.read_text()
    assert text.count("\n") < 150
    assert "syncore." not in text.replace("syncore.db", "")
