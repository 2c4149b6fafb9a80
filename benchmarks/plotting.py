"""Small charts beside each other, as SVG: what a page of the documentation can show without any library."""

import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple
from xml.sax.saxutils import escape

WIDTH, HEIGHT = 300, 200
COLUMNS = 3
_LEFT, _RIGHT, _TOP, _BOTTOM = 20, 30, 52, 36
_INK, _FAINT, _LINE = "#333333", "#dddddd", "#2a6f97"


class Panel(NamedTuple):
    """One chart.

    Attributes:
        title: What it shows.
        unit: In which unit.
        name: Under which name the numbers are.
    """

    title: str
    unit: str
    name: str


def plot(panels: Sequence[Panel], sizes: Sequence[int], rows: Sequence[Mapping[str, float]]) -> str:
    """An SVG picture: a chart for each panel, over the logarithm of the sizes, from zero."""
    lines = -(-len(panels) // COLUMNS)
    width, height = COLUMNS * WIDTH, lines * HEIGHT
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" font-family="sans-serif">',
        f'<rect width="{width}" height="{height}" fill="white"/>',
    ]
    for number, panel in enumerate(panels):
        x, y = number % COLUMNS * WIDTH, number // COLUMNS * HEIGHT
        parts.append(f'<g transform="translate({x} {y})">')
        parts += _chart(panel, sizes, [row[panel.name] for row in rows])
        parts.append("</g>")
    return "\n".join([*parts, "</svg>", ""])


def _chart(panel: Panel, sizes: Sequence[int], values: Sequence[float]) -> list[str]:
    low, high = math.log10(min(sizes)), math.log10(max(sizes))
    wide, tall = WIDTH - _LEFT - _RIGHT, HEIGHT - _TOP - _BOTTOM
    most = max(values) or 1.0
    places = [
        (
            _LEFT + wide * ((math.log10(size) - low) / (high - low) if high > low else 0.5),
            _TOP + tall * (1 - value / most),
        )
        for size, value in zip(sizes, values, strict=True)
    ]
    floor = HEIGHT - _BOTTOM
    points = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
    parts = [
        f'<text x="{_LEFT}" y="20" font-size="13" font-weight="bold">{escape(panel.title)}</text>',
        f'<text x="{_LEFT}" y="36" font-size="11" fill="{_INK}">{escape(panel.unit)}</text>',
        f'<line x1="{_LEFT}" y1="{floor}" x2="{WIDTH - _RIGHT}" y2="{floor}" stroke="{_FAINT}"/>',
        f'<polyline points="{points}" fill="none" stroke="{_LINE}" stroke-width="2"/>',
    ]
    for size, value, (x, y) in zip(sizes, values, places, strict=True):
        parts += [
            f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{_LINE}"/>',
            _label(x, y - 7, _short(value)),
            _label(x, floor + 15, f"{size // 1000}k" if size >= 1000 else str(size)),
        ]
    return parts


def _label(x: float, y: float, text: str) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" font-size="10" text-anchor="middle" fill="{_INK}">{text}</text>'


def _short(value: float) -> str:
    return f"{value:,.0f}" if value >= 10 else f"{value:.1f}"
