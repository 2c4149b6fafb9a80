"""A proof says which seed shows a fault, which checker saw it, and that the right code passes."""

import pytest

from simulations.planted.faults import FAULTS
from simulations.planted.proving import Proof, prove_one, prove_planted

CAUGHT = Proof(
    name="no-sync",
    about="nothing is synced",
    seed=7,
    checker="nothing lost",
    finding="lost: x",
    is_clean=True,
)


def test_a_cheap_fault_is_proved() -> None:
    """The first seed shows it, and passes without it."""
    proof = prove_one("no-cipher", [3, 4])
    assert proof.has_passed
    assert (proof.seed, proof.checker, proof.is_clean) == (3, "no leaks", True)
    assert "what people wrote" in proof.finding
    assert proof.about == FAULTS["no-cipher"].about


def test_without_a_seed_nothing_is_proved(capsys: pytest.CaptureFixture[str]) -> None:
    """Every fault has its line, and none passes."""
    proofs = prove_planted([], jobs=1, is_quiet=False)
    assert [proof.name for proof in proofs] == [*FAULTS]
    assert not any(proof.has_passed for proof in proofs)
    assert len(capsys.readouterr().err.splitlines()) == len(FAULTS)


def test_other_processes_prove_the_same(capsys: pytest.CaptureFixture[str]) -> None:
    """In the same order, and quietly if that is wanted."""
    assert prove_planted([], jobs=2, is_quiet=True) == prove_planted([], jobs=1, is_quiet=True)
    assert capsys.readouterr().err == ""


def test_a_proof_in_one_line_and_as_a_record() -> None:
    """Caught, not caught, or worth nothing because the right code fails too."""
    assert str(CAUGHT).split()[:4] == ["caught", "no-sync", "seed", "7"]
    assert CAUGHT.record() == {
        "fault": "no-sync",
        "about": "nothing is synced",
        "caught": True,
        "seed": 7,
        "checker": "nothing lost",
        "finding": "lost: x",
        "unmodified_passes": True,
    }
    missed = Proof(name="no-sync", about="nothing is synced", seed=None)
    assert (str(missed), missed.has_passed) == ("NOT CAUGHT  no-sync: nothing is synced", False)
    worthless = Proof(name="no-sync", about="nothing is synced", seed=1)
    assert str(worthless).startswith("BUT THE RIGHT CODE FAILS TOO")
    assert not worthless.has_passed
