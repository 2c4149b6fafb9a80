"""Arguments of the commands that look for documents."""

from syncore.cli.arguments.common import VALUES, Subparsers, add_command, count, seconds

_EXPRESSION = """\
An EXPRESSION such as year >= 2000 and title startswith "The" joins comparisons with and, or, not and ( ):
FIELD = != < <= > >= VALUE, FIELD between VALUE and VALUE, FIELD in (VALUE, ..), FIELD contains VALUE,
FIELD startswith VALUE, FIELD is none, FIELD exists. FIELD.NAME is inside a map; other names stand in `..`.
In it a VALUE is text in '..' or "..", a number (1.5d is a decimal one), 2026-01-31, 2026-01-31T12:00:00Z,
true, false or none.
"""


def add_queries(commands: Subparsers) -> None:
    """``find`` and ``sql``."""
    find = add_command(
        commands, "documents:find", "list the documents of a collection", notes=VALUES + "\n" + _EXPRESSION
    )
    find.add_argument("collection", metavar="COLLECTION")
    find.add_argument("words", nargs="*", metavar="FIELD=VALUE", help="which fields must hold what")
    find.add_argument("--limit", type=count, metavar="N", help="at most so many")
    find.add_argument("--count", action="store_true", help="only say how many")
    find.add_argument("--where", metavar="EXPRESSION", help="what documents must be like besides")
    find.add_argument(
        "--order",
        metavar="FIELD,..",
        help="by these, - for the greatest first: --order=-year,title",
    )
    find.add_argument("--explain", action="store_true", help="say how it would be found, and by which index")
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


def add_indexes(commands: Subparsers) -> None:
    """``index list``, ``index add`` and ``index drop``."""
    index = add_command(commands, "indexes:index", "list, add and drop indexes, which make queries fast here")
    actions = index.add_subparsers(dest="action", required=True, metavar="ACTION", title="actions")
    listing = add_command(actions, "indexes:list_", "list the indexes, and how far they are built")
    listing.add_argument("collection", nargs="?", metavar="COLLECTION")
    making = add_command(actions, "indexes:add", "make an index, and build it", notes=_EXPRESSION)
    making.add_argument("collection", metavar="COLLECTION")
    making.add_argument(
        "fields",
        type=_fields,
        metavar="FIELD,..",
        help="the most significant first; -FIELD for descending",
    )
    making.add_argument("--name", metavar="NAME", help="otherwise its fields")
    making.add_argument("--each", action="store_true", help="of each element of a set or list")
    making.add_argument("--where", metavar="EXPRESSION", help="only of documents that are like this")
    making.add_argument("--hash", action="store_true", help="for equality alone, of values of any length")
    dropping = add_command(actions, "indexes:drop", "use an index no more")
    dropping.add_argument("collection", metavar="COLLECTION")
    dropping.add_argument("name", metavar="NAME")


def add_schemas(commands: Subparsers) -> None:
    """``invalid``."""
    command = add_command(commands, "schemas:invalid", "list the documents that do not fit their schema")
    command.add_argument("collection", nargs="?", metavar="COLLECTION")


def _fields(text: str) -> list[str]:
    return text.split(",")
