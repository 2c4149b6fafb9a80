"""What the arguments of all commands share: their options, how a command is made, and what numbers are."""

import argparse
from pathlib import Path
from typing import Any, Final, TypeAlias

VALUES: Final = """\
A VALUE is JSON if it reads as JSON, and otherwise text: year=1979 is a number, year='"1979"' is text. What
JSON lacks is written with a tag: {"$decimal": "1.50"}, {"$datetime": "2026-01-31T12:00:00Z"}, {"$date": ..},
{"$uuid": ..}, {"$bytes": base64}, and for kinds of fields {"$counter": 1}, {"$text": ".."}, {"$list": [..]},
{"$set": [..]}.
"""

Subparsers: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"  # noqa: SLF001 - it has no public name


def add_command(commands: Subparsers, path: str, summary: str, *, notes: str = "") -> argparse.ArgumentParser:
    """One command; its function is ``path``, such as ``documents:put``."""
    name = path.partition(":")[2].removesuffix("_")
    parser: argparse.ArgumentParser = commands.add_parser(
        name,
        help=summary,
        description=f"{summary[0].upper()}{summary[1:]}.",
        epilog=notes,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    add_options(parser, is_default=False)
    parser.set_defaults(command_path=f"syncore.cli.{path}", refuse=parser.error)
    return parser


def add_options(parser: argparse.ArgumentParser, *, is_default: bool) -> None:
    """The options that every command takes, before its name or behind it."""
    nothing: dict[str, Any] = {} if is_default else {"default": argparse.SUPPRESS}
    group = parser.add_argument_group("options for all commands")
    group.add_argument("--replica", type=Path, metavar="PATH", help="the replica file", **nothing)
    group.add_argument("--keystore", type=Path, metavar="DIR", help="the folder for keys", **nothing)
    group.add_argument(
        "--space",
        metavar="ID",
        help="a space, by the beginning of its id, instead of the default one",
        **nothing,
    )
    group.add_argument(
        "--allow-plaintext",
        action="store_true",
        help="also use ws:// to relays on other machines, in a network that you trust",
        **nothing,
    )
    group.add_argument("--json", action="store_true", help="JSON lines, errors too", **nothing)


def count(text: str) -> int:
    """A number of things, 1 or more."""
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("must be 1 or more")
    return number


def seconds(text: str) -> float:
    """A number of seconds above 0."""
    number = float(text)
    if not 0 < number < float("inf"):
        raise argparse.ArgumentTypeError("must be a number of seconds above 0")
    return number


def days(text: str) -> float:
    """A number of days above 0."""
    number = float(text)
    if not 0 < number < float("inf"):
        raise argparse.ArgumentTypeError("must be a number of days above 0")
    return number
