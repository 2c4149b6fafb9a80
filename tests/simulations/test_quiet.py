"""A quiet process writes no logs."""

import logging

import pytest

from simulations.quiet import be_quiet


def test_no_log_gets_through(caplog: pytest.LogCaptureFixture) -> None:
    """Not even the gravest."""
    try:
        be_quiet()
        logging.getLogger("syncore").critical("everything is lost")
    finally:
        logging.disable(logging.NOTSET)
    assert caplog.records == []
