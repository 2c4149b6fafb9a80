"""What mending did, in words."""

from dataclasses import dataclass


@dataclass(slots=True)
class Mended:
    """What was done to the copy, a sentence each, for the person whose file it is."""

    done: list[str]

    def note(self, sentence: str) -> None:
        """Remember something that was done."""
        if sentence not in self.done:
            self.done.append(sentence)
