"""From arguments to an exit status: finds the command, runs it, and turns its errors into one line each."""

import os
import sys
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module

from syncore.cli.exit_codes import BROKEN_PIPE, INTERRUPTED, USAGE, exit_code
from syncore.cli.output import Output
from syncore.cli.parser import parse
from syncore.core.errors import Locked, ReadOnly, SyncoreError

_HINTS: dict[type[SyncoreError], str] = {
    Locked: "stop the other program first, such as a `syncore watch` or `syncore sync --follow`; "
    "get, find, sql, status and digest work meanwhile",
    ReadOnly: "its keys are not in the keystore: give the --keystore that it was shared or joined with",
}
"""What to do at a command line, where the library's own hint speaks to programmers."""


def run(arguments: Sequence[str] | None, environment: Mapping[str, str] | None) -> int:
    """Run the command line; the exit status."""
    given = sys.argv[1:] if arguments is None else list(arguments)
    if environment is None:
        environment = os.environ  # noqa: TID251 - the process's boundary: read once, passed on as an argument
    try:
        options = parse(given, environment)
    except (
        SystemExit
    ) as stop:  # --help, --version, or wrong arguments: argparse has printed what there is to say
        return stop.code if isinstance(stop.code, int) else USAGE
    output = Output(is_json=options.json)
    try:
        return _run_command(options.command_path, options, output)
    except SyncoreError as error:
        output.error(error, hint=_HINTS.get(type(error), error.hint))
        return exit_code(error)
    except KeyboardInterrupt:
        output.progress.clear()
        return INTERRUPTED
    except BrokenPipeError:
        # Whoever read our output has enough. Python flushes at exit once more, which must not fail again.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return BROKEN_PIPE


def _run_command(path: str, options: object, output: Output) -> int:
    """Import and call ``package.module:function``; functions of syncore.cli.demo take the options alone."""
    module, _, name = path.partition(":")
    command: Callable[..., int] = getattr(import_module(module), name)
    try:
        code = command(options) if module == "syncore.cli.demo" else command(options, output)
        output.flush()
    except SystemExit as stop:  # arguments that only the command itself can judge
        return stop.code if isinstance(stop.code, int) else USAGE
    return code
