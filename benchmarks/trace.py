"""A text typed as somebody really typed it: an editing trace through two replicas and a relay.

A trace is JSON, gzipped or not: ``startContent``, ``endContent`` and ``txns``, each with ``patches`` of
``[position, deleted characters, inserted text]``, in characters, one after the other. Every transaction of it
is one awaited update here, a keystroke in most traces.
"""

import asyncio
import gzip
import json
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import pycrdt

from benchmarks.measuring import relay
from syncore import Replica, Text, splice

CATCH_UP_S = 600
"""How long the second replica may take behind the first: a long trace on a busy machine takes minutes."""

Patch = tuple[int, int, str]


class NoTrace(ValueError):
    """The file cannot be replayed; the message says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trace:
    """What somebody typed.

    Attributes:
        start: The text at the beginning.
        end: The text at the end.
        transactions: What was typed at once, in order.
    """

    start: str
    end: str
    transactions: list[list[Patch]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Replay:
    """What became of it.

    Attributes:
        trace: The name of the file.
        transactions: How many there were, each awaited.
        seconds: Until the last one was committed.
        converged_seconds: Until the second replica showed the whole text.
        pycrdt_seconds: The same edits on a bare pycrdt text, which is neither stored nor sent.
        ratio: ``pycrdt_seconds`` / ``seconds``.
        sent_bytes: What the first replica sent to the relay.
        received_bytes: What the second one received.
        file_bytes: The first replica's file at the end.
        text_bytes: The text at the end, in UTF-8.
        is_right: Whether both texts are that of the trace.
    """

    trace: str
    transactions: int
    seconds: float
    converged_seconds: float
    pycrdt_seconds: float
    ratio: float
    sent_bytes: int
    received_bytes: int
    file_bytes: int
    text_bytes: int
    is_right: bool


def read_trace(path: Path) -> Trace:
    """Read a trace of one author.

    Raises:
        NoTrace: the file is not there or none, its edits do not lead to its end, or it has concurrent edits.
    """
    try:
        content = path.read_bytes()
        found = json.loads(gzip.decompress(content) if content.startswith(b"\x1f\x8b") else content)
        has_several_authors = "numAgents" in found
        transactions = [
            [(int(position), int(deleted), str(inserted)) for position, deleted, inserted in one["patches"]]
            for one in found["txns"]
        ]
        start = "" if has_several_authors else found["startContent"]
        trace = Trace(start=start, end=found["endContent"], transactions=transactions)
    except (OSError, EOFError, ValueError, TypeError, KeyError, gzip.BadGzipFile) as error:
        raise NoTrace(f"{path} is not an editing trace: {type(error).__name__} {error}") from error
    if has_several_authors:
        raise NoTrace(f"{path} has concurrent edits, and only traces of one author can be replayed")
    text = trace.start
    for position, deleted, inserted in (patch for one in transactions for patch in one):
        if not 0 <= position <= position + deleted <= len(text):
            raise NoTrace(f"{path} edits at {position}, and the text has {len(text)} characters there")
        text = text[:position] + inserted + text[position + deleted :]
    if text != trace.end:
        raise NoTrace(f"{path} does not lead to the text that it says is its end")
    return trace


async def replay(path: Path, folder: Path) -> Replay:
    """Type a trace into one replica, and watch it arrive in another one.

    Raises:
        NoTrace: the file cannot be replayed.
    """
    trace = read_trace(path)
    with relay(folder / "relay") as address:
        async with (
            Replica.open(folder / "one.db", keystore=folder / "keys1") as one,
            Replica.open(folder / "two.db", keystore=folder / "keys2") as two,
        ):
            texts = one.collection("texts")
            document = await texts.insert({"body": Text(trace.start)})
            space = await one.share(address)
            joined = await two.join(await space.invite())
            await joined.synced()
            started = time.perf_counter()
            for number, patches in enumerate(trace.transactions):
                _show_progress(number, len(trace.transactions))
                await texts.update(document.id, body=tuple(splice(*patch) for patch in patches))
            seconds = time.perf_counter() - started
            async with asyncio.timeout(CATCH_UP_S):
                await space.synced()
                await joined.synced()
            converged = time.perf_counter() - started
            bodies = [(await each.collection("texts").get(document.id))["body"] for each in (one, two)]
            sent, received = space.status().sent_bytes, joined.status().received_bytes
    pycrdt_seconds = _bare(trace)
    return Replay(
        trace=path.name,
        transactions=len(trace.transactions),
        seconds=seconds,
        converged_seconds=converged,
        pycrdt_seconds=pycrdt_seconds,
        ratio=pycrdt_seconds / seconds,
        sent_bytes=sent,
        received_bytes=received,
        file_bytes=(folder / "one.db").stat().st_size,
        text_bytes=len(trace.end.encode()),
        is_right=bodies == [trace.end, trace.end],
    )


def line(found: Replay) -> str:
    """A replay for people."""
    return (
        f"{found.trace}: {found.transactions:,} transactions in {found.seconds:.1f} s "
        f"({found.seconds / found.transactions * 1e6:.0f} us each), "
        f"at the other replica after {found.converged_seconds:.1f} s; "
        f"pycrdt alone {found.pycrdt_seconds:.1f} s, ratio {found.ratio:.3f}; "
        f"{found.sent_bytes:,} bytes sent, {found.received_bytes:,} received, "
        f"a file of {found.file_bytes:,} for a text of {found.text_bytes:,}; "
        f"the texts are {'right' if found.is_right else 'WRONG'}"
    )


def _bare(trace: Trace) -> float:
    """Seconds for the same edits on a bare pycrdt text, with the update of each as it would be sent."""
    document: pycrdt.Doc[pycrdt.Text] = pycrdt.Doc()
    document["body"] = body = pycrdt.Text(trace.start)
    transactions = _in_bytes(trace)
    updates: list[bytes] = []
    subscription = document.observe(lambda event: updates.append(event.update))
    started = time.perf_counter()
    for patches in transactions:
        with document.transaction():
            for position, deleted, inserted in patches:
                if deleted:
                    del body[position : position + deleted]
                if inserted:
                    body.insert(position, inserted)
    seconds = time.perf_counter() - started
    document.unobserve(subscription)
    assert str(body) == trace.end, "pycrdt has come to another text"
    return seconds


def _in_bytes(trace: Trace) -> list[list[Patch]]:
    """The transactions with positions and lengths in bytes of UTF-8, as pycrdt counts."""
    found: list[list[Patch]] = []
    text = trace.start
    for patches in trace.transactions:
        found.append([])
        for position, deleted, inserted in patches:
            before, gone = text[:position], text[position : position + deleted]
            found[-1].append((len(before.encode()), len(gone.encode()), inserted))
            text = before + inserted + text[position + deleted :]
    return found


def _show_progress(number: int, count: int) -> None:
    if number % 1000 == 0 and sys.stderr.isatty():
        print(f"\r{number:,} of {count:,}", end="" if number + 1000 < count else "\n", file=sys.stderr)
