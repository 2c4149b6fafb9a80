"""The command line, ``syncore``. Owns arguments, what is printed, and exit codes.

Everything but the arguments is imported by the command that needs it, so that ``--help`` is instant.
"""

from collections.abc import Mapping, Sequence


def main(arguments: Sequence[str] | None = None, environment: Mapping[str, str] | None = None) -> int:
    """Run the command line.

    Args:
        arguments: Without the program's name; those of the process if None.
        environment: For defaults; that of the process if None.

    Returns:
        The exit status, as listed in ``docs/cli.md``.
    """
    from syncore.cli.running import run  # noqa: PLC0415 - importing the package stays free

    return run(arguments, environment)


__all__ = ["main"]
