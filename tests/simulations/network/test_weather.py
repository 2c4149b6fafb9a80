"""What weather may be."""

from typing import Any

import pytest

from simulations.network.weather import CALM, Weather


@pytest.mark.parametrize(
    "wrong",
    [
        {"delay_s": (2, 1)},
        {"delay_s": (-1, 1)},
        {"jitter_s": -1},
        {"loss": 1.1},
        {"corruption": -0.1},
        {"bytes_per_second": 0},
        {"frames_per_second": 0},
    ],
)
def test_impossible_weather_is_a_mistake(wrong: dict[str, Any]) -> None:
    """Times do not run backwards, chances are from 0 to 1, and a rate of nothing is a partition."""
    with pytest.raises(AssertionError):
        Weather(**wrong)


def test_calm_weather_has_no_faults() -> None:
    """Only delay is left when nothing else is asked for."""
    assert Weather() == CALM
    assert not any((CALM.loss, CALM.half_open, CALM.duplication, CALM.reordering, CALM.corruption))
