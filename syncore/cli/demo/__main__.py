"""``python -m syncore.cli.demo``: the demo and, by their names, the processes that it starts."""

import argparse
import sys
from collections.abc import Sequence
from importlib import import_module

from syncore.cli.demo import add_arguments, run
from syncore.core.errors import SyncoreError

_INTERRUPTED = 130

_PROCESSES = {
    "device": "syncore.cli.demo.device",
    "inspect": "syncore.cli.demo.inspection",
    "control": "syncore.cli.demo.control_store",
}


def main(arguments: Sequence[str]) -> int:
    """Run the demo, or one of its processes; the exit status."""
    if arguments and arguments[0] in _PROCESSES:
        status: int = import_module(_PROCESSES[arguments[0]]).main(arguments[1:])
        return status
    parser = argparse.ArgumentParser(prog="syncore demo")
    add_arguments(parser)
    try:
        return run(parser.parse_args(arguments))
    except SyncoreError as error:
        print(f"syncore demo: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return _INTERRUPTED


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
