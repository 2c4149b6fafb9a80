"""Pictures of measurements are well-formed and show each number."""

import xml.etree.ElementTree as ET

import pytest

from benchmarks.plotting import COLUMNS, Panel, plot

PANELS = [Panel("a < b", "us", "one"), Panel("c", "ms & s", "two")] * COLUMNS
SVG = "{http://www.w3.org/2000/svg}"


@pytest.mark.parametrize("sizes", [[1000], [10, 1000, 300_000]])
def test_every_panel_shows_every_number(sizes: list[int]) -> None:
    """A chart a panel, with a circle, a value and a size for each row, inside of the picture."""
    rows = [{"one": 0.0, "two": 1.5 * number} for number in range(len(sizes))]
    root = ET.fromstring(plot(PANELS, sizes, rows))  # noqa: S314 - our own
    charts = root.findall(f"{SVG}g")
    assert len(charts) == len(PANELS)
    for chart in charts:
        assert len(chart.findall(f"{SVG}circle")) == len(sizes)
        assert len(chart.findall(f"{SVG}text")) == 2 + 2 * len(sizes)
        for circle in chart.findall(f"{SVG}circle"):
            assert 0 <= float(circle.attrib["cx"]) <= 300
            assert 0 <= float(circle.attrib["cy"]) <= 200
