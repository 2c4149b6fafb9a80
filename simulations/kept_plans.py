"""Plans that are kept in files: of runs that failed once, which tests play ever after.

Owns the format: one JSON object with the plan itself and what it had found. A plan is kept and not only its
seed, because what a seed draws changes with the scenarios, and because a shortened plan has no seed.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from math import isfinite
from pathlib import Path
from typing import Any

from simulations.plan import Fault, Happening, Plan
from syncore.core.errors import Misused

MAX_DEVICES = 1_000
MAX_HOURS = 100_000
MAX_EDITS = 100_000
MAX_HAPPENINGS = 10_000
"""Of each some times what the largest scenario draws: beyond that a run would not end in a day."""

_PLAN = {"seed": int, "scenario": str, "devices": int, "hours": float, "edits": int}
_HAPPENING = {"time_s": float, "fault": str, "device": int, "duration_s": float, "seed": int}


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A plan that failed once.

    Attributes:
        plan: The plan.
        found: What it had found, in words.
    """

    plan: Plan
    found: str


def kept_text(kept: Kept) -> str:
    """The content of a file."""
    plan = asdict(kept.plan)
    plan["happenings"] = [asdict(one) | {"fault": one.fault.value} for one in kept.plan.happenings]
    return json.dumps({"found": kept.found, **plan}, indent=2) + "\n"


def parse_kept(text: str | bytes) -> Kept:
    """What a file's content says.

    Raises:
        Misused: it says nothing that could be played.
    """
    try:
        return _kept(json.loads(text))
    except (KeyError, TypeError, ValueError, OverflowError, RecursionError) as error:
        raise Misused(
            f"this is no kept plan: {error!r}", hint="python -m simulations shrink writes them with --keep"
        ) from error


def read_kept(path: Path) -> Kept:
    """The kept plan of a file.

    Raises:
        Misused: there is no such file, or it holds something else.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise Misused(f"{path} cannot be read: {error.strerror}") from error
    return parse_kept(content)


def kept_files(folder: Path) -> list[Path]:
    """The files of kept plans in a folder, by name."""
    return sorted(folder.glob("*.json"))


def _kept(content: Any) -> Kept:  # noqa: ANN401 - whatever the file holds
    happenings = [_happening(one) for one in _columns(content, {"happenings": list})["happenings"]]
    # Plans that were kept before people could be away do not say that they never were.
    session_s = (
        None if content.get("session_s") is None else _columns(content, {"session_s": float})["session_s"]
    )
    absence_s = _columns({"absence_s": content.get("absence_s", 0.0)}, {"absence_s": float})["absence_s"]
    plan = Plan(
        **_columns(content, _PLAN), happenings=tuple(happenings), session_s=session_s, absence_s=absence_s
    )
    if absence_s < 0 or (session_s is not None and session_s <= 0):
        raise ValueError("nobody is away for such a time")
    if not (1 <= plan.devices <= MAX_DEVICES and 0 < plan.hours <= MAX_HOURS):
        raise ValueError("no world has so few or so many devices or hours")
    if not 0 <= plan.edits <= MAX_EDITS or len(happenings) > MAX_HAPPENINGS:
        raise ValueError("in no world so much happens")
    if any(
        one.time_s < 0 or one.duration_s < 0 or one.device not in range(plan.devices) for one in happenings
    ):
        raise ValueError("something happens before the beginning, or to nobody")
    return Kept(plan=plan, **_columns(content, {"found": str}))


def _happening(content: Any) -> Happening:  # noqa: ANN401 - whatever the file holds
    columns = _columns(content, _HAPPENING)
    return Happening(**columns | {"fault": Fault(columns["fault"])})


def _columns(content: Mapping[str, object], types: Mapping[str, type]) -> dict[str, Any]:
    return {name: _typed(content[name], kind) for name, kind in types.items()}


def _typed(value: object, kind: type) -> object:
    """The value, if it is of that type; whole numbers are numbers too, true and false are none."""
    if kind is float and type(value) is int:
        value = float(value)
    if type(value) is not kind:
        raise TypeError(f"{value!r} is no {kind.__name__}")
    if isinstance(value, float) and not isfinite(value):
        raise ValueError(f"{value!r} is no number of seconds or hours")
    return value
