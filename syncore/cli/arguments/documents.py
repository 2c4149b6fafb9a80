"""Arguments of the commands about the file and single documents."""

from pathlib import Path
from typing import Final

from syncore.cli.arguments.common import VALUES, Subparsers, add_command

_CHANGES: Final = {
    "increment": "add to a counter",
    "add": "put an element into a set",
    "remove": "take an element out of a set",
    "unset": "remove a field",
}
_DOCTOR = """\
Everything is read: SQLite's pages and indexes, every checksum, hash and signature, and what documents show is
computed anew from what they hold, and that from the update log. Without --repair the file is not changed.
Exit status 6 if anything is damaged, or stays so.
"""


def add_files(commands: Subparsers) -> None:
    """``init``, ``status`` and ``digest``."""
    add_command(commands, "files:init", "make a replica file, if it is not there")
    status = add_command(
        commands, "files:status", "show the spaces of the replica, and what waits to be sent"
    )
    status.add_argument("--digest", action="store_true", help="with the digest of each space's content")
    add_command(commands, "files:digest", "print the digest of each space: equal exactly when the content is")


def add_documents(commands: Subparsers) -> None:
    """``put``, ``get`` and ``delete``."""
    put = add_command(
        commands, "documents:put", "insert a document, or update it if it is there", notes=VALUES
    )
    put.add_argument("collection", metavar="COLLECTION")
    put.add_argument(
        "words", nargs="*", metavar="ID | FIELD=VALUE | -", help="- reads a JSON object from stdin"
    )
    put.add_argument("--id", metavar="ID", help="an id that holds a =; without any id a fresh one is made")
    put.add_argument("--data", metavar="JSON", help="fields as one JSON object")
    put.add_argument(
        "--seen", metavar="TOKEN", help="of the document as it was read: what is newer stays too"
    )
    for name, what in {
        "increment": "FIELD=N",
        "add": "FIELD=VALUE",
        "remove": "FIELD=VALUE",
        "unset": "FIELD",
    }.items():
        put.add_argument(
            f"--{name}", action="append", default=[], metavar=what, help=_CHANGES[name] + "; can be repeated"
        )
    get = add_command(commands, "documents:get", "show a document")
    get.add_argument("collection", metavar="COLLECTION")
    get.add_argument("id", metavar="ID")
    get.add_argument("--token", action="store_true", help="with the token for put --seen")
    delete = add_command(commands, "documents:delete", "delete documents, all of them or none")
    delete.add_argument("collection", metavar="COLLECTION")
    delete.add_argument("ids", nargs="+", metavar="ID")
    delete.add_argument("--seen", metavar="TOKEN", help="of the one document as it was read")


def add_doctor(commands: Subparsers) -> None:
    """``doctor``."""
    doctor = add_command(commands, "doctor:doctor", "examine the replica file for damage", notes=_DOCTOR)
    doctor.add_argument("file", nargs="?", type=Path, metavar="FILE", help="instead of --replica")
    doctor.add_argument(
        "--repair", action="store_true", help="mend what can be mended; the damaged file is kept beside it"
    )
