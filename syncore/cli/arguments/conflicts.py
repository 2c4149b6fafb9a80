"""Arguments of the commands about writes that disagree, and about what was written when."""

from typing import Final

from syncore.cli.arguments.common import Subparsers, add_command, seconds

_RULES: Final = """\
A RULE is last_write, first_write, max, min, union, merge_text, ask, authority:LABEL,LABEL (the highest first)
or NAME@VERSION for a function that the program registers; for deletions update_wins, delete_wins or ask.
--unique and --reference can be repeated, and are given all at once. "unset" takes a rule away.
"""


def add_conflicts(commands: Subparsers) -> None:
    """``conflicts``, ``resolve``, ``configure`` and ``settings``."""
    listing = add_command(
        commands, "conflicts:conflicts", "list what was written at once and waits for a decision"
    )
    listing.add_argument("collection", nargs="?", metavar="COLLECTION")
    listing.add_argument("--all", action="store_true", help="also what the rules of the fields settle")
    listing.add_argument(
        "--follow", action="store_true", help="sync, and list all of them again whenever they change"
    )
    listing.add_argument(
        "--timeout", type=seconds, metavar="S", help="with --follow: stop after so many seconds"
    )
    settle = add_command(
        commands, "conflicts:resolve", "settle a conflict with what `syncore conflicts` shows"
    )
    settle.add_argument("collection", metavar="COLLECTION")
    settle.add_argument("id", metavar="ID")
    settle.add_argument(
        "field", nargs="?", metavar="FIELD", help="none where the document was deleted and changed at once"
    )
    way = settle.add_mutually_exclusive_group(required=True)
    way.add_argument("--choose", metavar="NAME", help="the sibling with this name in the list")
    way.add_argument("--value", metavar="JSON", help="another value")
    way.add_argument("--accept", action="store_true", help="what is shown")
    settle.add_argument(
        "--seen",
        metavar="TOKEN",
        help="the token in the list that was read: settle nothing if the document has changed since",
    )
    rules = add_command(
        commands,
        "conflicts:configure",
        "set the rules for conflicts and for what documents have to be like",
        notes=_RULES,
    )
    rules.add_argument("collection", metavar="COLLECTION")
    rules.add_argument("--default", metavar="RULE", help="for fields that have no rule of their own")
    rules.add_argument(
        "--field", action="append", default=[], metavar="FIELD=RULE", help="for one field; can be repeated"
    )
    rules.add_argument(
        "--deletion", metavar="RULE", help="for documents that are deleted and changed at once"
    )
    rules.add_argument(
        "--schema", metavar="FILE", help="what documents have to look like, a JSON Schema; unset for nothing"
    )
    rules.add_argument(
        "--unique",
        action="append",
        default=[],
        metavar="FIELD,..",
        help="what no two documents may share: a field, or several together; replaces all that was set",
    )
    rules.add_argument(
        "--reference",
        action="append",
        default=[],
        metavar="FIELD=COLLECTION[:RULE]",
        help="whose ids a field holds, and what their deletion does: set_null (otherwise), cascade or "
        "restore; replaces all that was set",
    )
    shown = add_command(commands, "conflicts:settings", "show the rules by which conflicts are resolved")
    shown.add_argument("collection", nargs="?", metavar="COLLECTION", help="otherwise all that have settings")


def add_history(commands: Subparsers) -> None:
    """``explain``, ``undo`` and ``redo``."""
    summaries = {
        "history:explain": "show who wrote what a document shows, when, and what vouches for it",
        "history:undo": "take back the last change that this replica made to a document",
        "history:redo": "do again what was undone last",
    }
    for path, summary in summaries.items():
        command = add_command(commands, path, summary)
        command.add_argument("collection", metavar="COLLECTION")
        command.add_argument("id", metavar="ID")
        if path == "history:explain":
            command.add_argument("field", nargs="?", metavar="FIELD", help="all fields if none is named")
