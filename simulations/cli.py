"""The command line of simulations: play a seed or a swarm, show one, shorten one, prove the checkers."""

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from simulations.application import load_application
from simulations.keeping import keep
from simulations.kept_plans import Kept, kept_text, read_kept
from simulations.plan import Plan
from simulations.planted.proving import prove_planted
from simulations.quiet import be_quiet
from simulations.reporting import matrix, summary, timeline
from simulations.running import Outcome, simulate
from simulations.scenarios.worlds import DEFAULT, SCENARIOS, plan_of
from simulations.shrinking import shrink
from simulations.swarm import play_swarm
from simulations.work import Application
from syncore.core.errors import Misused

FAILED = 1
MISUSED = 2
INTERRUPTED = 130


def main(arguments: Sequence[str]) -> int:
    """Run a command; 0 if all that was played has passed, else 1."""
    be_quiet()
    options = _parser().parse_args(arguments)
    try:
        status: int = options.command(options)
    except Misused as error:
        print(f"python -m simulations: {error}", file=sys.stderr)
        return MISUSED
    except KeyboardInterrupt:
        return INTERRUPTED
    return status


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m simulations",
        description="Worlds that run the real syncore under faults, each decided by one seed.",
        epilog="\n".join(["scenarios:", *(f"  {name}: {one.about}" for name, one in SCENARIOS.items())]),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    run = commands.add_parser("run", help="play one seed")
    run.set_defaults(command=_run)
    replay = commands.add_parser("replay", help="play one seed and show what happened")
    replay.add_argument("--details", action="store_true", help="every edit and every frame too")
    replay.set_defaults(command=_replay)
    shorten = commands.add_parser("shrink", help="find a shorter run that fails in the same way")
    shorten.add_argument("--keep", type=Path, metavar="FILE", help="write the shortest plan into a file")
    shorten.set_defaults(command=_shrink)
    for one in (run, replay, shorten):
        which = one.add_mutually_exclusive_group(required=True)
        if one is run:
            which.add_argument("--seed", type=int)
        else:
            which.add_argument("seed", type=int, nargs="?")
        which.add_argument("--plan", type=Path, metavar="FILE", help="a kept plan instead of a seed's")
        one.add_argument("--scenario", choices=SCENARIOS, default=DEFAULT)
        one.add_argument("--devices", type=int, metavar="K")
        one.add_argument("--hours", type=float, metavar="H", help="virtual hours")
    swarm = commands.add_parser("swarm", help="play many seeds")
    swarm.add_argument("--seeds", type=_seeds, required=True, metavar="A..B")
    swarm.add_argument("--jobs", type=int, default=1, metavar="N", help="processes")
    swarm.add_argument("--scenario", choices=SCENARIOS, default=DEFAULT)
    swarm.add_argument("--table", action="store_true", help="show which checker met which fault how often")
    swarm.add_argument("--every-fault", action="store_true", help="fail if some kind of fault never happened")
    swarm.set_defaults(command=_swarm)
    for one in (run, replay, shorten, swarm):
        one.add_argument(
            "--application", metavar="MODULE:CLASS", default="", help="play it too (docs/simulations.md)"
        )
    planted = commands.add_parser("planted", help="show that each planted fault is caught")
    planted.add_argument("--seeds", type=int, default=50, metavar="N", help="seeds to try for each")
    planted.add_argument("--jobs", type=int, default=1, metavar="N", help="processes")
    planted.set_defaults(command=_planted)
    keeping = commands.add_parser("keep", help="write a world's disks into a folder, for later versions")
    keeping.add_argument("folder", type=Path, help="must not exist yet")
    keeping.set_defaults(command=_keep)
    for one in (run, swarm, planted):
        one.add_argument("--json", action="store_true", help="one JSON object")
    return parser


def _seeds(text: str) -> range:
    first, separator, last = text.partition("..")
    try:
        found = range(int(first), int(last if separator else first) + 1)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no range of seeds such as 1..1000") from None
    if not found:
        raise argparse.ArgumentTypeError(f"{text!r} holds no seed")
    return found


def _run(options: argparse.Namespace) -> int:
    outcome = simulate(_plan(options), _application(options))
    print(json.dumps(record(outcome)) if options.json else summary(outcome))
    return 0 if outcome.has_passed else FAILED


def _replay(options: argparse.Namespace) -> int:
    outcome = simulate(_plan(options), _application(options))
    print(timeline(outcome, with_details=options.details))
    print(summary(outcome))
    return 0 if outcome.has_passed else FAILED


def _shrink(options: argparse.Namespace) -> int:
    plan = _plan(options)
    shortest = shrink(plan, _application(options), note=lambda line: print(line, file=sys.stderr, flush=True))
    if shortest is None:
        print(f"seed {plan.seed} passes: there is nothing to shorten")
        return 0
    if options.keep is not None:
        first = shortest.violations[0]
        what = first.what.strip().splitlines()[-1]  # of a traceback, without the paths of this machine
        _write(options.keep, kept_text(Kept(plan=shortest.plan, found=f"{first.checker}: {what}")))
    print(timeline(shortest, with_details=False))
    print(summary(shortest))
    return FAILED


def _swarm(options: argparse.Namespace) -> int:
    result = play_swarm(
        options.seeds,
        options.scenario,
        jobs=options.jobs,
        is_quiet=options.json,
        is_complete=options.every_fault,
        application=options.application,
    )
    if options.json:
        print(json.dumps(result.record()))
    else:
        if options.table:
            print(matrix(result.met))
        print(result.closing_line())
    return 0 if result.has_passed else FAILED


def _planted(options: argparse.Namespace) -> int:
    results = prove_planted(range(1, options.seeds + 1), jobs=options.jobs, is_quiet=options.json)
    if options.json:
        print(json.dumps([result.record() for result in results]))
    else:
        for result in results:
            print(result)
    return 0 if all(result.has_passed for result in results) else FAILED


def _keep(options: argparse.Namespace) -> int:
    options.folder.mkdir()
    ending = keep(replace(plan_of(1, "calm", devices=2), edits=60), options.folder)
    print(f"kept {', '.join(ending.devices)} and the relay in {options.folder}")
    return 0


def _plan(options: argparse.Namespace) -> Plan:
    if options.plan is not None:
        return read_kept(options.plan).plan
    return plan_of(options.seed, options.scenario, devices=options.devices, hours=options.hours)


def _application(options: argparse.Namespace) -> Application | None:
    return load_application(options.application) if options.application else None


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text)
    except OSError as error:
        raise Misused(f"{path} cannot be written: {error.strerror}") from error


def record(outcome: Outcome) -> dict[str, object]:
    """An outcome for programs."""
    return {
        "seed": outcome.plan.seed,
        "scenario": outcome.plan.scenario,
        "devices": outcome.plan.devices,
        "passed": outcome.has_passed,
        "trace": outcome.trace.hash,
        "virtual_hours": round(outcome.virtual_hours, 3),
        "edits": outcome.edits,
        "acts": outcome.acts,
        "faults": dict(sorted(outcome.faults.items())),
        "checks": outcome.checks,
        "violations": [f"{one.checker}: {one.what}" for one in outcome.violations],
    }
