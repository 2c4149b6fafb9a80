"""The command line as a whole. Imports nothing of the library: a command names its function by path."""

import argparse
from collections.abc import Mapping, Sequence
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from syncore.cli.arguments.common import Subparsers, add_options
from syncore.cli.arguments.conflicts import add_conflicts, add_history
from syncore.cli.arguments.documents import add_doctor, add_documents, add_files
from syncore.cli.arguments.exchange import add_exporting, add_importing
from syncore.cli.arguments.queries import add_indexes, add_queries, add_schemas
from syncore.cli.arguments.sharing import add_presence, add_sharing, add_syncing

DEFAULT_REPLICA: Final = "syncore.db"
_DEMO: Final = "syncore.cli.demo"

_EPILOG: Final = """\
exit status:
  0    done
  1    it cannot be done: no such document, a bad value, no permission
  2    wrong arguments
  3    a relay or another device sent something wrong, or refused
  4    no connection, or not synced in time
  5    the file or the disk: not a replica, locked, full
  6    stored bytes are not what was written
  7    a signature or a seal does not hold
  130  interrupted

environment:
  SYNCORE_REPLICA   the replica file, instead of ./syncore.db
  SYNCORE_KEYSTORE  the folder for keys, instead of one in the user's data folder
"""


def parse(given: Sequence[str], environment: Mapping[str, str]) -> argparse.Namespace:
    """The options that the arguments stand for.

    Raises:
        SystemExit: help was asked for, or the arguments are wrong; argparse has printed what there is to say.
    """
    parser = make_parser(environment, with_demo="demo" in given)
    options, rest = parser.parse_known_args(given)
    if rest:
        # argparse takes words that stand behind an option for a surprise.
        if "words" not in options or any(word.startswith("-") and word != "-" for word in rest):
            parser.error(f"unrecognized arguments: {' '.join(rest)}")
        options.words += rest
    return options


def make_parser(environment: Mapping[str, str], *, with_demo: bool) -> argparse.ArgumentParser:
    """The parser of the whole command line.

    Args:
        environment: Where the defaults come from.
        with_demo: Whether the arguments of ``demo`` are wanted, which its package knows.
    """
    parser = argparse.ArgumentParser(
        prog="syncore",
        description="An offline-first database: replicas that work alone and converge, end-to-end encrypted.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"syncore {_version()}")
    add_options(parser, is_default=True)
    parser.set_defaults(replica=Path(environment.get("SYNCORE_REPLICA") or DEFAULT_REPLICA))
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND", title="commands")
    for add in (
        add_files,
        add_documents,
        add_queries,
        add_indexes,
        add_schemas,
        add_history,
        add_doctor,
        add_importing,
        add_exporting,
        add_conflicts,
        add_syncing,
        add_presence,
        add_sharing,
    ):
        add(commands)
    _add_demo(commands, with_arguments=with_demo)
    return parser


def _add_demo(commands: Subparsers, *, with_arguments: bool) -> None:
    if find_spec(_DEMO) is None:
        return
    if with_arguments:
        import_module(_DEMO).add_parser(commands)
        parser = commands.choices["demo"]
    else:
        parser = commands.add_parser("demo", help="show what syncore does, on this machine alone")
    parser.set_defaults(command_path=f"{_DEMO}:run")


def _version() -> str:
    try:
        return version("syncore")
    except PackageNotFoundError:
        return "(from a checkout)"
