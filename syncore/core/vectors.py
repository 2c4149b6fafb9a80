"""Version vectors: how far somebody has read every writer.

A vector maps a writer to the number of its last commit that is included; a writer that is absent stands at 0.
Commits of one writer are contiguous, so one number says it all (Parker et al., 1983; dotted vectors: Almeida
et al., 2014).
"""

from collections.abc import Iterable, Mapping

from syncore.core.identifiers import Dot, Writer

Vector = Mapping[Writer, int]


def covers(vector: Vector, dot: Dot) -> bool:
    """Whether the vector includes the operation."""
    return vector.get(dot.writer, 0) >= dot.number


def includes(larger: Vector, smaller: Vector) -> bool:
    """Whether everything in ``smaller`` is in ``larger``."""
    return all(larger.get(writer, 0) >= number for writer, number in smaller.items())


def join(vectors: Iterable[Vector]) -> dict[Writer, int]:
    """The least vector that includes them all."""
    joined: dict[Writer, int] = {}
    for vector in vectors:
        for writer, number in vector.items():
            if number > joined.get(writer, 0):
                joined[writer] = number
    return joined
