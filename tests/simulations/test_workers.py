"""Worker processes are quiet, and never outlive whoever started them."""

import logging
import os
import signal
import subprocess
import sys
from pathlib import Path

from simulations.workers import workers

ROOT = Path(__file__).parents[2]
PROGRAM = """
import os, time
from simulations.workers import workers
if __name__ == "__main__":
    with workers(1) as pool:
        print(pool.submit(os.getpid).result(), flush=True)
        pool.submit(time.sleep, 600).result()
"""


def log_level() -> int:
    """Up to which level a worker's log is switched off."""
    return logging.root.manager.disable


def test_workers_are_quiet_processes_of_their_own() -> None:
    """What they play does not write to the terminal."""
    with workers(1) as pool:
        assert pool.submit(os.getpid).result() != os.getpid()
        assert pool.submit(log_level).result() == logging.CRITICAL


def test_workers_end_with_a_parent_that_is_killed(tmp_path: Path) -> None:
    """Though it could not tell them, and though they are in the middle of something."""
    script = tmp_path / "program.py"
    script.write_text(PROGRAM)
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    program = subprocess.Popen([sys.executable, script], env=environment, stdout=subprocess.PIPE, text=True)
    assert program.stdout is not None
    program.stdout.readline()  # the worker works
    program.send_signal(signal.SIGKILL)
    program.communicate(timeout=20)  # reads until whoever has inherited the output has ended
