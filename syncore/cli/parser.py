"""The arguments of every command. Imports nothing of the library: a command names its function by path."""

import argparse
from collections.abc import Mapping, Sequence
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final, TypeAlias

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
_VALUES: Final = """\
A VALUE is JSON if it reads as JSON, and otherwise text: year=1979 is a number, year='"1979"' is text. What
JSON lacks is written with a tag: {"$decimal": "1.50"}, {"$datetime": "2026-01-31T12:00:00Z"}, {"$date": ..},
{"$uuid": ..}, {"$bytes": base64}, and for kinds of fields {"$counter": 1}, {"$text": ".."}, {"$list": [..]},
{"$set": [..]}.
"""

_RULES: Final = """\
A RULE is last_write, first_write, max, min, union, merge_text, ask, authority:LABEL,LABEL (the highest first)
or NAME@VERSION for a function that the program registers; for deletions update_wins, delete_wins or ask.
"unset" takes a rule away.
"""

_DOCTOR = """\
Everything is read: SQLite's pages and indexes, every checksum, hash and signature, and what documents show is
computed anew from what they hold, and that from the update log. Without --repair the file is not changed.
Exit status 6 if anything is damaged, or stays so.
"""

Subparsers: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"  # noqa: SLF001 - it has no public name


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
    _add_options(parser, is_default=True)
    parser.set_defaults(replica=Path(environment.get("SYNCORE_REPLICA") or DEFAULT_REPLICA))
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND", title="commands")
    for add in (
        _add_files,
        _add_documents,
        _add_queries,
        _add_history,
        _add_doctor,
        _add_importing,
        _add_exporting,
        _add_conflicts,
        _add_syncing,
        _add_presence,
        _add_sharing,
    ):
        add(commands)
    _add_demo(commands, with_arguments=with_demo)
    return parser


def _add_options(parser: argparse.ArgumentParser, *, is_default: bool) -> None:
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


def _add(commands: Subparsers, path: str, summary: str, *, notes: str = "") -> argparse.ArgumentParser:
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
    _add_options(parser, is_default=False)
    parser.set_defaults(command_path=f"syncore.cli.{path}", refuse=parser.error)
    return parser


def _add_files(commands: Subparsers) -> None:
    _add(commands, "files:init", "make a replica file, if it is not there")
    status = _add(commands, "files:status", "show the spaces of the replica, and what waits to be sent")
    status.add_argument("--digest", action="store_true", help="with the digest of each space's content")
    _add(commands, "files:digest", "print the digest of each space: equal exactly when the content is")


def _add_documents(commands: Subparsers) -> None:
    put = _add(commands, "documents:put", "insert a document, or update it if it is there", notes=_VALUES)
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
    get = _add(commands, "documents:get", "show a document")
    get.add_argument("collection", metavar="COLLECTION")
    get.add_argument("id", metavar="ID")
    get.add_argument("--token", action="store_true", help="with the token for put --seen")
    find = _add(commands, "documents:find", "list the documents of a collection", notes=_VALUES)
    find.add_argument("collection", metavar="COLLECTION")
    find.add_argument("words", nargs="*", metavar="FIELD=VALUE", help="which fields must hold what")
    find.add_argument("--limit", type=_count, metavar="N", help="at most so many")
    find.add_argument("--count", action="store_true", help="only say how many")
    delete = _add(commands, "documents:delete", "delete documents, all of them or none")
    delete.add_argument("collection", metavar="COLLECTION")
    delete.add_argument("ids", nargs="+", metavar="ID")
    delete.add_argument("--seen", metavar="TOKEN", help="of the one document as it was read")


def _add_doctor(commands: Subparsers) -> None:
    doctor = _add(commands, "doctor:doctor", "examine the replica file for damage", notes=_DOCTOR)
    doctor.add_argument("file", nargs="?", type=Path, metavar="FILE", help="instead of --replica")
    doctor.add_argument(
        "--repair", action="store_true", help="mend what can be mended; the damaged file is kept beside it"
    )


def _add_queries(commands: Subparsers) -> None:
    command = _add(commands, "queries:sql", "query collections in SQL, read-only", notes=_VALUES)
    command.add_argument(
        "words",
        nargs="+",
        metavar="[FILE] QUERY",
        help="one query, in quotes; - reads it from stdin; FILE is the replica, as with --replica",
    )
    command.add_argument(
        "--param", action="append", default=[], metavar="VALUE", help="for a ? of the query; can be repeated"
    )
    command.add_argument("--limit", type=_count, metavar="N", help="at most so many rows")
    command.add_argument(
        "--timeout", type=_seconds, metavar="S", help="stop after so many seconds; default 10"
    )
    command.add_argument("--csv", action="store_true", help="CSV with a line of headings")


def _add_history(commands: Subparsers) -> None:
    summaries = {
        "history:explain": "show who wrote what a document shows, when, and what vouches for it",
        "history:undo": "take back the last change that this replica made to a document",
        "history:redo": "do again what was undone last",
    }
    for path, summary in summaries.items():
        command = _add(commands, path, summary)
        command.add_argument("collection", metavar="COLLECTION")
        command.add_argument("id", metavar="ID")
        if path == "history:explain":
            command.add_argument("field", nargs="?", metavar="FIELD", help="all fields if none is named")


_CHANGES: Final = {
    "increment": "add to a counter",
    "add": "put an element into a set",
    "remove": "take an element out of a set",
    "unset": "remove a field",
}


def _add_importing(commands: Subparsers) -> None:
    notes = "The lines that `syncore find --json` prints can be imported as they are; their $id is used."
    command = _add(
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


def _add_exporting(commands: Subparsers) -> None:
    notes = "JSON lines lose nothing; what CSV cannot hold is in docs/cli.md."
    command = _add(commands, "exporting:export", "write a collection to a file", notes=notes)
    command.add_argument("collection", metavar="COLLECTION")
    command.add_argument("file", metavar="FILE", help="replaced when the new one is complete; - for stdout")
    _add_format(command)
    command.add_argument(
        "--field", action="append", default=[], metavar="FIELD", help="CSV: a field to write, in this order"
    )


def _add_format(command: argparse.ArgumentParser) -> None:
    command.add_argument("--format", choices=("jsonl", "csv"), help="otherwise by the file's name")
    command.add_argument("--delimiter", metavar="CHARACTER", help="CSV: what stands between cells")


def _add_conflicts(commands: Subparsers) -> None:
    listing = _add(commands, "conflicts:conflicts", "list what was written at once and waits for a decision")
    listing.add_argument("collection", nargs="?", metavar="COLLECTION")
    listing.add_argument("--all", action="store_true", help="also what the rules of the fields settle")
    listing.add_argument(
        "--follow", action="store_true", help="sync, and list all of them again whenever they change"
    )
    listing.add_argument(
        "--timeout", type=_seconds, metavar="S", help="with --follow: stop after so many seconds"
    )
    settle = _add(commands, "conflicts:resolve", "settle a conflict with what `syncore conflicts` shows")
    settle.add_argument("collection", metavar="COLLECTION")
    settle.add_argument("id", metavar="ID")
    settle.add_argument(
        "field", nargs="?", metavar="FIELD", help="none where the document was deleted and changed at once"
    )
    way = settle.add_mutually_exclusive_group(required=True)
    way.add_argument("--choose", type=_count, metavar="N", help="the sibling with this number")
    way.add_argument("--value", metavar="JSON", help="another value")
    way.add_argument("--accept", action="store_true", help="what is shown")
    settle.add_argument(
        "--seen",
        metavar="TOKEN",
        help="the token in the list that was read: settle nothing if the document has changed since",
    )
    rules = _add(
        commands, "conflicts:configure", "set the rules by which conflicts are resolved", notes=_RULES
    )
    rules.add_argument("collection", metavar="COLLECTION")
    rules.add_argument("--default", metavar="RULE", help="for fields that have no rule of their own")
    rules.add_argument(
        "--field", action="append", default=[], metavar="FIELD=RULE", help="for one field; can be repeated"
    )
    rules.add_argument(
        "--deletion", metavar="RULE", help="for documents that are deleted and changed at once"
    )
    shown = _add(commands, "conflicts:settings", "show the rules by which conflicts are resolved")
    shown.add_argument("collection", metavar="COLLECTION")


def _add_syncing(commands: Subparsers) -> None:
    sync = _add(commands, "syncing:sync", "exchange changes with the relays, until all is sent and received")
    sync.add_argument("--follow", action="store_true", help="stay connected, and show how it goes")
    sync.add_argument(
        "--timeout",
        type=_seconds,
        metavar="S",
        help="keep trying for so many seconds, instead of giving up when a relay cannot be reached; "
        "with --follow: stop after so many",
    )
    watch = _add(commands, "syncing:watch", "show changes as they are committed, by any device")
    watch.add_argument("collection", nargs="?", metavar="COLLECTION")
    watch.add_argument("--limit", type=_count, metavar="N", help="stop after so many changes")
    watch.add_argument("--timeout", type=_seconds, metavar="S", help="stop after so many seconds")


def _add_presence(commands: Subparsers) -> None:
    command = _add(
        commands, "presence:presence", "show who is here now, and be seen while it runs", notes=_VALUES
    )
    command.add_argument("--set", metavar="VALUE", help="what to show to the others")
    command.add_argument(
        "--ttl", type=_seconds, metavar="S", help="when others forget a lost connection, 1 to 300; default 30"
    )
    command.add_argument("--follow", action="store_true", help="stay, and show every change")
    command.add_argument(
        "--timeout",
        type=_seconds,
        metavar="S",
        help="listen for so many seconds; default 2, and with --follow until it is interrupted",
    )


def _add_sharing(commands: Subparsers) -> None:
    share = _add(commands, "sharing:share", "turn the private space into one that is shared at a relay")
    share.add_argument(
        "relay", metavar="RELAY", help="its address, such as 127.0.0.1:8787 or relay.example.org"
    )
    invite = _add(commands, "sharing:invite", "print an invitation code for the space")
    invite.add_argument(
        "--role", choices=("reader", "writer", "admin", "owner"), default="writer", help="default writer"
    )
    invite.add_argument(
        "--uses", type=_count, default=1, metavar="N", help="how many devices may join; default 1"
    )
    invite.add_argument(
        "--days", type=_days, default=7.0, metavar="N", help="how long it can be used; default 7"
    )
    join = _add(commands, "sharing:join", "join a space with an invitation code")
    join.add_argument("code", metavar="CODE")
    join.add_argument(
        "--default",
        action="store_true",
        help="make it the default space, even if there is one with documents",
    )


def _add_demo(commands: Subparsers, *, with_arguments: bool) -> None:
    if find_spec(_DEMO) is None:
        return
    if with_arguments:
        import_module(_DEMO).add_parser(commands)
        parser = commands.choices["demo"]
    else:
        parser = commands.add_parser("demo", help="show what syncore does, on this machine alone")
    parser.set_defaults(command_path=f"{_DEMO}:run")


def _count(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("must be 1 or more")
    return number


def _seconds(text: str) -> float:
    number = float(text)
    if not 0 < number < float("inf"):
        raise argparse.ArgumentTypeError("must be a number of seconds above 0")
    return number


def _days(text: str) -> float:
    number = float(text)
    if not 0 < number < float("inf"):
        raise argparse.ArgumentTypeError("must be a number of days above 0")
    return number


def _version() -> str:
    try:
        return version("syncore")
    except PackageNotFoundError:
        return "(from a checkout)"
