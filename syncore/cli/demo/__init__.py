"""``syncore demo``: a relay and devices as real processes, killed and brought back, and what came of it.

Owns the command's arguments. What it does is in :mod:`syncore.cli.demo.running`, which is loaded when the
command runs; how the story goes is in :mod:`syncore.cli.demo.conductor`.
"""

import argparse
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    Subparsers = argparse._SubParsersAction[argparse.ArgumentParser]  # noqa: SLF001 - argparse names it nowhere else

MIN_DEVICES = 2
MAX_DEVICES = 8
DEFAULT_SEED = 1
DEFAULT_EDITS = 400


def add_parser(subparsers: "Subparsers") -> None:
    """Add the command to a command line."""
    parser = subparsers.add_parser(
        "demo",
        help="show a relay and three devices that lose the network, are killed, and converge",
        description="Starts a relay and devices as processes of their own, kills some of them, and checks"
        " that they converge, that nothing acknowledged was lost, and that the relay can read nothing."
        " Exit status 0 only if all of that holds.",
        allow_abbrev=False,
    )
    add_arguments(parser)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's options to its parser."""
    parser.add_argument(
        "--json", action="store_true", default=argparse.SUPPRESS, help="print the outcome as JSON"
    )
    parser.add_argument(
        "--seed",
        type=int,
        default=DEFAULT_SEED,
        metavar="N",
        help=f"what the edits are drawn from (default {DEFAULT_SEED})",
    )
    parser.add_argument(
        "--devices",
        type=_devices,
        default=3,
        metavar="N",
        help=f"{MIN_DEVICES} to {MAX_DEVICES} devices (default 3)",
    )
    parser.add_argument(
        "--keep", type=Path, metavar="DIR", help="work in DIR, which must be empty, and leave it"
    )
    parser.add_argument("--airports", type=_positive, help=argparse.SUPPRESS)
    parser.add_argument("--edits", type=_positive, default=DEFAULT_EDITS, help=argparse.SUPPRESS)


def run(arguments: argparse.Namespace) -> int:
    """Run the demo; the exit status."""
    status: int = import_module("syncore.cli.demo.running").run_demo(arguments)
    return status


def _devices(text: str) -> int:
    number = int(text)
    if not MIN_DEVICES <= number <= MAX_DEVICES:
        raise argparse.ArgumentTypeError(f"between {MIN_DEVICES} and {MAX_DEVICES} devices")
    return number


def _positive(text: str) -> int:
    number = int(text)
    if number <= 0:
        raise argparse.ArgumentTypeError("a positive number")
    return number
