"""What every test shares: the event loop that async tests run on, and how hard hypothesis looks."""

import os
import signal

import hypothesis
import pytest

# Assertions in the suites that every implementation of a port passes explain themselves as those in tests do.
pytest.register_assert_rewrite("tests.conformance")

# Deadlines are off: on two shared cores they measure the neighbours. pytest-timeout stops what hangs.
hypothesis.settings.register_profile("dev", deadline=None)
hypothesis.settings.register_profile("ci", deadline=None, derandomize=True, print_blob=True)
hypothesis.settings.load_profile("ci" if os.environ.get("CI") else "dev")

# A shell has what it starts in the background ignore SIGINT, and so would what tests start and interrupt.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """Run async tests on asyncio, the one event loop that syncore supports."""
    return "asyncio"
