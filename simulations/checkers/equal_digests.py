"""When nothing moves any more, all devices hold the same."""

from collections.abc import Iterator

from simulations.ending import Ending

NAME = "equal digests"


def check(ending: Ending) -> Iterator[str]:
    """Devices whose digests differ, and where their documents do."""
    first = next(iter(ending.devices), "")
    for name, remains in ending.devices.items():
        if remains.digest != ending.devices[first].digest:
            yield f"{name} holds something else than {first}"
        for place, held in remains.held.items():
            other = ending.devices[first].held[place]
            if held != other:
                yield f"{name} shows {'/'.join(place)} otherwise than {first}: {_difference(held, other)}"


def _difference(held: object, other: object) -> str:
    for name in ("is_live", "siblings", "values", "clocks"):
        one, two = getattr(held, name), getattr(other, name)
        if one != two:
            return f"{name}: {one} and {two}"
    return "tokens"
