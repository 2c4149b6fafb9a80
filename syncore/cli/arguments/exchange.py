"""Arguments of ``import`` and ``export``."""

import argparse

from syncore.cli.arguments.common import Subparsers, add_command


def add_importing(commands: Subparsers) -> None:
    """``import``."""
    notes = "The lines that `syncore find --json` prints can be imported as they are; their $id is used."
    command = add_command(
        commands,
        "importing:import_",
        "insert or update a document for each JSON line or CSV record",
        notes=notes,
    )
    command.add_argument("collection", metavar="COLLECTION")
    command.add_argument("file", metavar="FILE", help="a file of JSON lines or CSV; - for stdin")
    command.add_argument("--id-field", metavar="FIELD", help="the field or column that holds the id")
    _add_format(command)
    command.add_argument(
        "--source",
        metavar="NAME",
        help="a name from which ids are made; the file's otherwise",
    )
    command.add_argument(
        "--existing", choices=("update", "keep"), help="what becomes of documents that are there and differ"
    )
    command.add_argument(
        "--skip-bad", metavar="FILE", help="write lines that cannot be imported to FILE, and go on"
    )
    command.add_argument(
        "--type", action="append", default=[], metavar="COLUMN=TYPE", help="CSV: the type of a column"
    )
    command.add_argument("--encoding", metavar="NAME", help="CSV: the encoding, if it is not UTF-8")
    command.add_argument("--columns", metavar="A,B,..", help="CSV: the columns of a file without a header")
    command.add_argument(
        "--missing",
        action="append",
        default=[],
        metavar="TEXT",
        help="CSV: an empty cell's text, such as NA",
    )


def add_exporting(commands: Subparsers) -> None:
    """``export``."""
    notes = "JSON lines lose nothing; what CSV cannot hold is in docs/cli.md."
    command = add_command(commands, "exporting:export", "write a collection to a file", notes=notes)
    command.add_argument("collection", metavar="COLLECTION")
    command.add_argument("file", metavar="FILE", help="replaced when the new one is complete; - for stdout")
    _add_format(command)
    command.add_argument(
        "--field", action="append", default=[], metavar="FIELD", help="CSV: a field to write, in this order"
    )


def _add_format(command: argparse.ArgumentParser) -> None:
    command.add_argument("--format", choices=("jsonl", "csv"), help="otherwise by the file's name")
    command.add_argument("--delimiter", metavar="CHARACTER", help="CSV: what stands between cells")
