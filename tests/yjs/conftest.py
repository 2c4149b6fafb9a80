"""One node process with Yjs for all tests of this folder."""

from collections.abc import Iterator

import pytest

from tests.yjs.peer import Yjs


@pytest.fixture(scope="session")
def yjs() -> Iterator[Yjs]:
    """Yjs, started once."""
    peer = Yjs()
    yield peer
    peer.close()
