"""Arguments of the commands that need a relay."""

from syncore.cli.arguments.common import VALUES, Subparsers, add_command, count, days, seconds


def add_syncing(commands: Subparsers) -> None:
    """``sync`` and ``watch``."""
    sync = add_command(
        commands, "syncing:sync", "exchange changes with the relays, until all is sent and received"
    )
    sync.add_argument("--follow", action="store_true", help="stay connected, and show how it goes")
    sync.add_argument(
        "--timeout",
        type=seconds,
        metavar="S",
        help="keep trying for so many seconds, instead of giving up when a relay cannot be reached; "
        "with --follow: stop after so many",
    )
    watch = add_command(commands, "syncing:watch", "show changes as they are committed, by any device")
    watch.add_argument("collection", nargs="?", metavar="COLLECTION")
    watch.add_argument("--limit", type=count, metavar="N", help="stop after so many changes")
    watch.add_argument("--timeout", type=seconds, metavar="S", help="stop after so many seconds")


def add_presence(commands: Subparsers) -> None:
    """``presence``."""
    command = add_command(
        commands, "presence:presence", "show who is here now, and be seen while it runs", notes=VALUES
    )
    command.add_argument("--set", metavar="VALUE", help="what to show to the others")
    command.add_argument(
        "--ttl", type=seconds, metavar="S", help="when others forget a lost connection, 1 to 300; default 30"
    )
    command.add_argument("--follow", action="store_true", help="stay, and show every change")
    command.add_argument(
        "--timeout",
        type=seconds,
        metavar="S",
        help="listen for so many seconds; default 2, and with --follow until it is interrupted",
    )


def add_sharing(commands: Subparsers) -> None:
    """``share``, ``invite`` and ``join``."""
    share = add_command(
        commands, "sharing:share", "turn the private space into one that is shared at a relay"
    )
    share.add_argument(
        "relay", metavar="RELAY", help="its address, such as 127.0.0.1:8787 or relay.example.org"
    )
    invite = add_command(commands, "sharing:invite", "print an invitation code for the space")
    invite.add_argument(
        "--role", choices=("reader", "writer", "admin", "owner"), default="writer", help="default writer"
    )
    invite.add_argument(
        "--uses", type=count, default=1, metavar="N", help="how many devices may join; default 1"
    )
    invite.add_argument(
        "--days", type=days, default=7.0, metavar="N", help="how long it can be used; default 7"
    )
    join = add_command(commands, "sharing:join", "join a space with an invitation code")
    join.add_argument("code", metavar="CODE")
    join.add_argument(
        "--default",
        action="store_true",
        help="make it the default space, even if there is one with documents",
    )
