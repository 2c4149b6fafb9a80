"""Patience ends what has no end, and nothing else."""

import contextlib
import signal
import threading
import time

import pytest

from simulations.patience import Endless, patience


def spin() -> None:
    """Use the processor for ever, whatever ordinary error comes."""
    while True:
        with contextlib.suppress(Exception):
            time.process_time()


def test_a_loop_is_left() -> None:
    """Though it suppresses errors."""
    with pytest.raises(Endless, match=r"0\.05 seconds"), patience(0.05):
        spin()


def test_what_ends_in_time_is_left_alone() -> None:
    """Afterwards nothing is armed, and the signal does what it did before."""
    before = signal.getsignal(signal.SIGPROF)
    with patience(60.0):
        armed, _ = signal.getitimer(signal.ITIMER_PROF)
    assert armed > 0
    assert signal.getitimer(signal.ITIMER_PROF) == (0.0, 0.0)
    assert signal.getsignal(signal.SIGPROF) is before


def test_waiting_costs_no_patience() -> None:
    """Only the processor's time counts."""
    with patience(0.2):
        time.sleep(0.3)


def test_other_threads_have_no_limit() -> None:
    """Only the main thread hears signals, so nothing is armed elsewhere."""
    armed = []

    def work() -> None:
        with patience(60.0):
            armed.append(signal.getitimer(signal.ITIMER_PROF)[0])

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert armed == [0.0]
