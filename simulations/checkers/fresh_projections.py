"""What is stored to be read is what the stored state shows."""

from collections.abc import Iterator

from simulations.ending import Ending

NAME = "fresh projections"


def check(ending: Ending) -> Iterator[str]:
    """Documents that a reader finds otherwise than their state says."""
    for name, remains in ending.devices.items():
        for place, document in remains.held.items():
            found = remains.found.get(place)
            expected = document.values if document.is_live else None
            if found != expected:
                yield f"{name}: a reader finds {'/'.join(place)} as {found}, and its state shows {expected}"
