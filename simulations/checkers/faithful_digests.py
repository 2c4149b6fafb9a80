"""Equal digests mean equal content: siblings and what every writer did, not only what is shown."""

from collections.abc import Iterator, Mapping
from dataclasses import replace

from simulations.holding import Held, Place

NAME = "faithful digests"


class Digests:
    """The digests that were seen of documents, and what each stood for."""

    def __init__(self) -> None:
        """None was seen."""
        self._contents: dict[tuple[Place, str], Held] = {}

    def look(self, held: Mapping[Place, Held]) -> Iterator[str]:
        """Documents whose digest stood for something else before."""
        for place, document in held.items():
            content = replace(document, token="")
            known = self._contents.setdefault((place, document.digest), content)
            if known != content:
                yield f"{'/'.join(place)} has one digest for two contents"
