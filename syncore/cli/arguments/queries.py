"""Arguments of the commands that look for documents."""

from syncore.cli.arguments.common import VALUES, Subparsers, add_command, count, seconds


def add_queries(commands: Subparsers) -> None:
    """``find`` and ``sql``."""
    find = add_command(commands, "documents:find", "list the documents of a collection", notes=VALUES)
    find.add_argument("collection", metavar="COLLECTION")
    find.add_argument("words", nargs="*", metavar="FIELD=VALUE", help="which fields must hold what")
    find.add_argument("--limit", type=count, metavar="N", help="at most so many")
    find.add_argument("--count", action="store_true", help="only say how many")
    command = add_command(commands, "queries:sql", "query collections in SQL, read-only", notes=VALUES)
    command.add_argument(
        "words",
        nargs="+",
        metavar="[FILE] QUERY",
        help="one query, in quotes; - reads it from stdin; FILE is the replica, as with --replica",
    )
    command.add_argument(
        "--param", action="append", default=[], metavar="VALUE", help="for a ? of the query; can be repeated"
    )
    command.add_argument("--limit", type=count, metavar="N", help="at most so many rows")
    command.add_argument(
        "--timeout", type=seconds, metavar="S", help="stop after so many seconds; default 10"
    )
    command.add_argument("--csv", action="store_true", help="CSV with a line of headings")
