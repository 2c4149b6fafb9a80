"""Yjs itself in node, as a peer: requests and answers as lines of JSON (``peer.mjs``)."""

import base64
import json
import shutil
import subprocess
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from syncore.core.identifiers import Writer
from syncore.documents.rich_characters import show

FOLDER = Path(__file__).parent
TIMEOUT_S = 20


def find_node() -> str | None:
    """The program that runs JavaScript: this virtual environment's, or the system's."""
    return shutil.which("node", path=Path(sys.executable).parent) or shutil.which("node")


def require_yjs() -> None:
    """Skip the module that calls this, with one line for all of them, where Yjs cannot run."""
    if find_node() is None:
        pytest.skip("node is not installed", allow_module_level=True)
    if not (FOLDER / "node_modules" / "yjs").is_dir():
        pytest.skip("Yjs is not installed: make test does it, if npm can", allow_module_level=True)


@dataclass(frozen=True, slots=True)
class Contents:
    """What a document in Yjs holds.

    Attributes:
        texts: Texts that are not empty, by field, as syncore shows them.
        lists: Lists that are not empty, by field.
        clocks: How far each client is held.
        is_waiting: Whether something waits for what it builds on.
        state: All of it, as an update.
    """

    texts: dict[str, str]
    lists: dict[str, list[bytes]]
    clocks: dict[Writer, int]
    is_waiting: bool
    state: bytes


class YjsError(Exception):
    """Yjs threw."""


class Yjs:
    """A node process with documents in it, by index."""

    def __init__(self) -> None:
        """Start node."""
        node = find_node()
        assert node is not None
        self._process = subprocess.Popen(
            [node, str(FOLDER / "peer.mjs")], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def close(self) -> None:
        """End node."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait(TIMEOUT_S)
        self._process.stdout.close()

    def begin(self, seed: int, clients: Sequence[int]) -> None:
        """Begin anew, with an empty document for each client, and a network between them."""
        self._ask("begin", seed=seed, clients=list(clients))

    def edit(self, index: int) -> bytes | None:
        """A random transaction of a document: its update, with deletions in syncore's order."""
        update = self._ask("edit", index=index)
        return None if update is None else base64.b64decode(update)

    def stir(self, times: int) -> None:
        """Let the network between the documents deliver or cut something."""
        self._ask("stir", times=times)

    def settle(self) -> None:
        """Let the network between the documents deliver everything."""
        self._ask("settle")

    def apply(self, index: int, updates: Iterable[bytes]) -> None:
        """Apply updates to a document, in that order."""
        self._ask("apply", index=index, updates=_texts(updates))

    def read(self, index: int) -> Contents:
        """What a document holds."""
        return _contents(self._ask("read", index=index))

    def load(self, updates: Iterable[bytes]) -> Contents:
        """What a fresh document holds after some updates."""
        return _contents(self._ask("load", updates=_texts(updates)))

    def rewrite(self, update: bytes) -> bytes:
        """An update as Yjs writes it after reading it."""
        return base64.b64decode(self._ask("rewrite", update=_text(update)))

    def _ask(self, does: str, **request: object) -> Any:  # noqa: ANN401 - JSON
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps({"does": does, **request}) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        answer = json.loads(line) if line else {"error": "node ended"}
        if "error" in answer:
            raise YjsError(answer["error"])
        return answer["is"]


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _texts(updates: Iterable[bytes]) -> list[str]:
    return [_text(update) for update in updates]


def _contents(answer: dict[str, Any]) -> Contents:
    return Contents(
        texts={name[2:]: show(text) for name, text in answer["texts"].items() if text},
        lists={
            name[2:]: [base64.b64decode(item) for item in items]
            for name, items in answer["lists"].items()
            if items
        },
        clocks={Writer(int(client)): clock for client, clock in answer["clocks"].items()},
        is_waiting=answer["is_waiting"],
        state=base64.b64decode(answer["state"]),
    )
