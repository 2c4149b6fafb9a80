"""The benchmark of growth measures real programs."""

import json
from pathlib import Path

import pytest

from benchmarks import growth
from benchmarks.plotting import plot


async def test_a_size_is_measured_kept_and_drawn(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every figure of a size is there, and both files are written from it."""
    point = await growth.measure(300)
    assert min(point.insert_us, point.update_us, point.merge_us, point.open_ms, point.query_us) > 0
    assert min(point.open_mib, point.join_mib, point.file_bytes) > 10
    monkeypatch.setattr(growth, "FOLDER", tmp_path)
    growth.write([point], "a test")
    kept = json.loads((tmp_path / "growth.json").read_text())
    assert kept["points"][0]["documents"] == 300
    assert (tmp_path / "growth.svg").read_text().startswith("<svg")


def test_the_picture_in_the_documentation_is_of_the_figures_beside_it() -> None:
    """Drawing what is kept gives the picture that the page shows."""
    kept = json.loads((growth.FOLDER / "growth.json").read_text())
    points = kept["points"]
    drawn = plot(growth.PANELS, [point["documents"] for point in points], points)
    assert (growth.FOLDER / "growth.svg").read_text() == drawn
