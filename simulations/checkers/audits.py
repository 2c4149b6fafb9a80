"""The checks that are made on the way, whenever somebody looks at a device."""

from collections.abc import Iterable, Mapping, Sequence

from simulations.checkers import atomic_transactions, causal_order, faithful_digests
from simulations.holding import Held, Place


class Audits:
    """What was looked at on the way, and what was found."""

    def __init__(self) -> None:
        """Nobody has looked."""
        self._counts: dict[str, int] = {}
        self._found: dict[str, list[str]] = {}
        self._digests = faithful_digests.Digests()
        self._last: dict[tuple[str, int], causal_order.Journals] = {}

    def take(self, device: str, life: int, held: Mapping[Place, Held]) -> None:
        """Check what a device shows now.

        Args:
            device: Its name.
            life: Which life of its program it is: within one nothing that was visible goes away.
            held: What it shows.
        """
        self._note(atomic_transactions.NAME, device, atomic_transactions.halves(held))
        self._note(causal_order.NAME, device, causal_order.missing_causes(held))
        now = causal_order.journals(held)
        before = self._last.get((device, life), {})
        self._note(causal_order.NAME, device, causal_order.went_back(before, now))
        self._last[device, life] = now
        self._note(faithful_digests.NAME, device, self._digests.look(held))

    def results(self) -> dict[str, tuple[int, Sequence[str]]]:
        """How often each check was made, and what it found."""
        return {name: (count, self._found.get(name, [])) for name, count in self._counts.items()}

    def _note(self, name: str, device: str, found: Iterable[str]) -> None:
        self._counts[name] = self._counts.get(name, 0) + 1
        self._found.setdefault(name, []).extend(f"{device}: {one}" for one in found)
