"""Running the demo as a command: its folder, its progress lines, its outcome, its exit status."""

import argparse
import asyncio
import json
import shutil
import signal
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from syncore.cli.demo.airports import load_airports
from syncore.cli.demo.children import Children
from syncore.cli.demo.conductor import Conductor, Plan
from syncore.cli.demo.failures import first_failure
from syncore.cli.demo.judging import Judge
from syncore.cli.demo.report import Outcome, Search
from syncore.core.errors import Misused, SyncoreError


def run_demo(options: argparse.Namespace) -> int:
    """Run the demo; 0 if all three verdicts are good, else 1.

    Raises:
        SyncoreError: it could not be played to its end; the message names the step.
    """
    is_json = getattr(options, "json", False)
    with _folder(options.keep) as folder:
        try:
            outcome = asyncio.run(_run_until_stopped(options, folder))
        except asyncio.CancelledError as stopped:
            raise SyncoreError("the demo was stopped") from stopped
    if is_json:
        print(json.dumps(outcome.record()))
        if not outcome.is_good:
            print("\n".join(outcome.verdicts()), file=sys.stderr)
    else:
        print(outcome.text())
    return 0 if outcome.is_good else 1


async def _run_until_stopped(options: argparse.Namespace, folder: Path) -> Outcome:
    """Run the demo; SIGTERM cancels it, as Ctrl-C does, so that no child is left behind."""
    task = asyncio.current_task()
    assert task is not None
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    try:
        return await _run(options, folder)
    except* SyncoreError as failures:
        raise first_failure(failures) from failures


async def _run(options: argparse.Namespace, folder: Path) -> Outcome:
    clock = asyncio.get_running_loop()
    started = clock.time()

    def note(line: str) -> None:
        print(f"[{clock.time() - started:5.1f} s] {line}", file=sys.stderr, flush=True)

    airports = load_airports(options.airports)
    plan = Plan(seed=options.seed, devices=options.devices, edits=options.edits, limit=options.airports)
    logs = folder / "logs"
    logs.mkdir()
    async with Children(logs) as children:
        conductor = Conductor(plan, children=children, folder=folder, airports=airports, note=note)
        played = await conductor.play()
        judge = Judge(children=children, folder=folder, airports=airports, note=note)
        judgement = await judge.judge(played, conductor.relay)
    return Outcome(
        devices=judgement.devices,
        differences=judgement.differences,
        losses=judgement.losses,
        search=Search(
            hits=judgement.found.hits,
            searched_bytes=judgement.found.searched_bytes,
            control_expected=len(judgement.expected),
            control_missed=len(judgement.expected - judgement.control.needles),
        ),
        seconds=clock.time() - started,
    )


@contextmanager
def _folder(keep: Path | None) -> Iterator[Path]:
    """The folder to work in: the one to keep, or a temporary one that is removed.

    Raises:
        Misused: the one to keep is not empty, or cannot be made.
    """
    if keep is None:
        folder = Path(tempfile.mkdtemp(prefix="syncore-demo-"))
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)
        return
    try:
        keep.mkdir(parents=True, exist_ok=True)
        is_empty = not any(keep.iterdir())
    except OSError as error:
        raise Misused(f"the folder {keep} cannot be used: {error.strerror}") from error
    if not is_empty:
        raise Misused(f"the folder {keep} is not empty", hint="name a new one")
    yield keep.resolve()
