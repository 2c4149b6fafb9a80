"""The demo's input: the airports as they are in the package, or a clear word that it is missing."""

import sys
from decimal import Decimal

import pytest

from syncore.cli.demo.airports import load_airports
from syncore.core.errors import Misused


def test_all_airports_with_an_iata_code_are_loaded() -> None:
    """There are 7,884, with exact coordinates."""
    pytest.importorskip("airportsdata")
    airports = load_airports()
    assert len(airports) == 7_884
    assert airports["OSL"]["country"] == "NO"
    assert isinstance(airports["OSL"]["lat"], Decimal)
    assert list(load_airports(3)) == list(airports)[:3]


def test_without_the_extra_the_demo_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    """A missing package is reported with the extra that brings it."""
    monkeypatch.setitem(sys.modules, "airportsdata", None)
    with pytest.raises(Misused, match=r"syncore\[demo\]"):
        load_airports()
