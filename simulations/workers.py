"""Processes that play runs: each made anew, quiet, and gone when whoever started it is."""

import multiprocessing
import os
import threading
from concurrent.futures import ProcessPoolExecutor

from simulations.quiet import be_quiet


def workers(jobs: int) -> ProcessPoolExecutor:
    """Processes to play with; to be used as a context.

    They are started anew, for a fork would inherit this process's memory and threads.
    """
    return ProcessPoolExecutor(jobs, mp_context=multiprocessing.get_context("spawn"), initializer=_begin)


def _begin() -> None:
    be_quiet()
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    """A parent that was killed could not tell its workers to stop."""
    parent = multiprocessing.parent_process()
    assert parent is not None
    parent.join()
    os._exit(1)
