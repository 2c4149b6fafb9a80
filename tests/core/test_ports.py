"""Tests of syncore.core.ports: which classes stand behind each port, and that they fit it."""

from collections.abc import Iterator
from inspect import Parameter, getmembers, isclass, iscoroutinefunction, isfunction, signature

import pytest

from syncore.adapters.byte_files import (
    DescriptorSource,
    FileSource,
    GrowingFile,
    ReplacingFile,
    StreamSource,
)
from syncore.adapters.clock import SystemClock
from syncore.adapters.entropy import SystemEntropy
from syncore.adapters.key_files import FileKeyFiles
from syncore.adapters.memory_channel import MemoryChannel
from syncore.adapters.memory_key_files import MemoryKeyFiles
from syncore.adapters.sqlite_analyst import SqliteAnalyst
from syncore.adapters.sqlite_connection import SqliteConnection
from syncore.adapters.sqlite_database import SqliteDatabase
from syncore.adapters.sqlite_inline import InlineDatabase
from syncore.adapters.websockets_connector import WebsocketChannel, WebsocketsConnector
from syncore.core import ports
from syncore.core.ports import (
    Analyst,
    ByteSink,
    ByteSource,
    Clock,
    Connector,
    Database,
    Durability,
    Entropy,
    FrameChannel,
    KeyFiles,
    SqlConnection,
)
from tests.replica.databases import TroubledDatabase
from tests.replica.world import SeededEntropy, SteppingClock

# The annotations let the type checker compare the types that signatures name.
ANALYSTS: tuple[type[Analyst], ...] = (SqliteAnalyst,)
BYTE_SINKS: tuple[type[ByteSink], ...] = (ReplacingFile, GrowingFile)
BYTE_SOURCES: tuple[type[ByteSource], ...] = (FileSource, StreamSource, DescriptorSource)
CLOCKS: tuple[type[Clock], ...] = (SystemClock, SteppingClock)
CONNECTORS: tuple[type[Connector], ...] = (WebsocketsConnector,)
DATABASES: tuple[type[Database], ...] = (SqliteDatabase, InlineDatabase, TroubledDatabase)
ENTROPIES: tuple[type[Entropy], ...] = (SystemEntropy, SeededEntropy)
FRAME_CHANNELS: tuple[type[FrameChannel], ...] = (WebsocketChannel, MemoryChannel)
KEY_FILES: tuple[type[KeyFiles], ...] = (FileKeyFiles, MemoryKeyFiles)
SQL_CONNECTIONS: tuple[type[SqlConnection], ...] = (SqliteConnection,)

BEHIND: dict[str, tuple[type[object], ...]] = {
    "Analyst": ANALYSTS,
    "ByteSink": BYTE_SINKS,
    "ByteSource": BYTE_SOURCES,
    "Clock": CLOCKS,
    "Connector": CONNECTORS,
    "Database": DATABASES,
    "Entropy": ENTROPIES,
    "FrameChannel": FRAME_CHANNELS,
    "KeyFiles": KEY_FILES,
    "SqlConnection": SQL_CONNECTIONS,
}
PAIRS = [(name, kind) for name, kinds in BEHIND.items() for kind in kinds]


def methods_of(port: type[object]) -> Iterator[tuple[str, object]]:
    """The methods that a port asks for."""
    return ((name, method) for name, method in getmembers(port, isfunction) if not name.startswith("_"))


def shape_of(method: object) -> tuple[bool, list[tuple[str, object, object]]]:
    """How a method is called: awaited or not, and what its parameters are called, may be left out or not."""
    assert callable(method)
    return iscoroutinefunction(method), [
        ("" if one.kind is Parameter.POSITIONAL_ONLY else one.name, one.kind, one.default)
        for one in signature(method).parameters.values()
    ]


def test_every_port_has_something_real_behind_it() -> None:
    """A port that no class of ours satisfies would be a promise that nobody keeps."""
    declared = {name for name, kind in getmembers(ports, isclass) if getattr(kind, "_is_protocol", False)}
    assert declared - {"Protocol"} == set(BEHIND)
    for kinds in BEHIND.values():
        assert any(kind.__module__.startswith("syncore.adapters.") for kind in kinds)


@pytest.mark.parametrize(("port", "kind"), PAIRS, ids=lambda one: getattr(one, "__name__", one))
def test_what_stands_behind_a_port_is_called_as_the_port_says(port: str, kind: type[object]) -> None:
    """Each method is there, awaited where the port awaits it, with its parameters, names and defaults."""
    wanted = dict(methods_of(getattr(ports, port)))
    assert wanted
    for name, method in wanted.items():
        assert shape_of(getattr(kind, name)) == shape_of(method), name


def test_durabilities_are_written_as_words() -> None:
    """Programs may name a durability by its word, so the words stay; there are two and no others."""
    assert [(one.name, one.value) for one in Durability] == [("NORMAL", "normal"), ("FULL", "full")]
    assert Durability("full") is Durability.FULL
