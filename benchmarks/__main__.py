"""``python -m benchmarks [NAME ...] [--json]``: hot paths beside their primitives."""

import argparse
import asyncio
import json
import tempfile
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from importlib import import_module
from pathlib import Path

from benchmarks.measuring import Comparison

MODULES = {
    "write": "write",
    "text": "text",
    "merge": "merge",
    "fanout": "fanout",
    "join": "join",
    "open": "opening",
    "sql": "sql",
    "import": "importing",
    "query": "query",
    "live": "live",
}


def main() -> None:
    """Run the named benchmarks, or all of them."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", choices=[*MODULES, []], help="which ones; all if none is named")
    parser.add_argument("--json", action="store_true", help="one JSON object a line")
    arguments = parser.parse_args()
    for name in arguments.names or MODULES:
        measure: Callable[[Path], Awaitable[list[Comparison]]]
        measure = import_module(f"benchmarks.{MODULES[name]}").measure
        with tempfile.TemporaryDirectory() as folder:
            for comparison in asyncio.run(_run(measure, Path(folder))):
                print(json.dumps(asdict(comparison)) if arguments.json else _line(comparison), flush=True)


async def _run(measure: Callable[[Path], Awaitable[list[Comparison]]], folder: Path) -> list[Comparison]:
    return await measure(folder)


def _line(comparison: Comparison) -> str:
    return (
        f"{comparison.name}: {comparison.per_second:,.0f}/s ({comparison.unit}); "
        f"{comparison.primitive}: {comparison.primitive_per_second:,.0f}/s; ratio {comparison.ratio:.3f}"
    )


if __name__ == "__main__":
    main()
