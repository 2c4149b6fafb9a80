"""Keeping simulated programs from writing their logs to the simulation's own terminal."""

import logging


def be_quiet() -> None:
    """Switch the logs of this process off: what matters of them is in the trace."""
    logging.disable(logging.CRITICAL)
