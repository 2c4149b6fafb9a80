"""``python -m benchmarks [compare|record] [NAME ...] [--json]``: hot paths beside their primitives.

``size`` weighs the file, ``growth`` measures from 1,000 to 300,000 documents and draws the plot of the
documentation. ``trace --trace FILE`` replays an editing trace through two replicas and a relay.
``compare`` holds a run against the recorded ratios and fails where one is worse by more than the tolerance;
``record`` keeps the ratios of a run for that.
"""

import argparse
import asyncio
import json
import sys
import tempfile
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from importlib import import_module
from pathlib import Path

from benchmarks import growth, records, size, trace
from benchmarks.measuring import Comparison

MODULES = {
    "write": "write",
    "checked": "checked",
    "text": "text",
    "merge": "merge",
    "fanout": "fanout",
    "join": "join",
    "open": "opening",
    "sql": "sql",
    "import": "importing",
    "query": "query",
    "search": "searching",
    "live": "live",
}
VERBS = ("compare", "record", "trace", "size", "growth")
RECORDED = ("write", "checked", "text")
"""What compares processor time alone: the others share the machine with processes of their own."""
RECORDS = Path(__file__).parent / "recorded.json"


def main() -> None:
    """Run the named benchmarks, or all of them; those whose ratios are recorded, to compare or record."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    choices = [*VERBS, *MODULES, []]
    parser.add_argument("names", nargs="*", choices=choices, help="which ones; all if none is named")
    parser.add_argument("--json", action="store_true", help="one JSON object a line")
    parser.add_argument("--trace", type=Path, metavar="FILE", help="an editing trace, for trace")
    arguments = parser.parse_args()
    if (arguments.names == ["trace"]) != (arguments.trace is not None):
        parser.error("trace and --trace FILE go together, and with nothing else")
    if arguments.trace is not None:
        sys.exit(_replay(arguments.trace, is_json=arguments.json))
    if arguments.names == ["growth"]:
        _measure_growth(is_json=arguments.json)
        return
    if arguments.names == ["size"]:
        _measure_sizes(is_json=arguments.json)
        return
    verb = arguments.names.pop(0) if arguments.names and arguments.names[0] in VERBS else None
    measured: list[Comparison] = []
    for name in arguments.names or (MODULES if verb is None else RECORDED):
        measure: Callable[[Path], Awaitable[list[Comparison]]]
        measure = import_module(f"benchmarks.{MODULES[name]}").measure
        with tempfile.TemporaryDirectory() as folder:
            for comparison in asyncio.run(_run(measure, Path(folder))):
                print(json.dumps(asdict(comparison)) if arguments.json else _line(comparison), flush=True)
                measured.append(comparison)
    if verb == "record":
        records.write(RECORDS, measured)
    elif verb == "compare":
        worse = records.compare(records.read(RECORDS), measured)
        print("\n".join(worse) or f"no ratio is more than {records.TOLERANCE:.0%} worse than it was recorded")
        sys.exit(bool(worse))


def _measure_growth(*, is_json: bool) -> None:
    points = []
    for documents in growth.SIZES:
        point = asyncio.run(growth.measure(documents))
        print(json.dumps(asdict(point)) if is_json else growth.line(point), flush=True)
        points.append(point)
    growth.write(points, records.machine())


def _measure_sizes(*, is_json: bool) -> None:
    for indexes in range(len(size.INDEXED) + 1):
        with tempfile.TemporaryDirectory() as folder:
            found = asyncio.run(size.measure(Path(folder), indexes=indexes))
        print(json.dumps(asdict(found)) if is_json else size.line(found), flush=True)


def _replay(path: Path, *, is_json: bool) -> int:
    """Replay a trace; the exit status: 1 if a text is wrong, 2 if there is no trace to replay."""
    with tempfile.TemporaryDirectory() as folder:
        try:
            found = asyncio.run(trace.replay(path, Path(folder)))
        except trace.NoTrace as error:
            print(error, file=sys.stderr)
            return 2
    print(json.dumps(asdict(found)) if is_json else trace.line(found))
    return int(not found.is_right)


async def _run(measure: Callable[[Path], Awaitable[list[Comparison]]], folder: Path) -> list[Comparison]:
    return await measure(folder)


def _line(comparison: Comparison) -> str:
    return (
        f"{comparison.name}: {comparison.per_second:,.0f}/s ({comparison.unit}); "
        f"{comparison.primitive}: {comparison.primitive_per_second:,.0f}/s; ratio {comparison.ratio:.3f}"
        + (
            f"; {comparison.processor_us:.1f} us of processor time, ratio {comparison.processor_ratio:.3f}"
            if comparison.processor_us
            else ""
        )
        + ("" if comparison.slowest_us is None else f"; slowest 1 % from {comparison.slowest_us:,.0f} us")
    )


if __name__ == "__main__":
    main()
