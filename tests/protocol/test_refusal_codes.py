"""Tests of syncore.protocol.refusal_codes."""

import re
from pathlib import Path

from syncore.protocol.refusal_codes import FaultCode, RefusalCode

FORMAT = (Path(__file__).parents[2] / "docs" / "formats" / "session.md").read_text()
CODES = FORMAT[FORMAT.index("## Codes") :]


def test_codes_say_whether_trying_again_can_help() -> None:
    """Exactly the codes that time or an earlier upload can change are retryable."""
    retryable = {code.value for code in RefusalCode if not code.is_final}
    assert retryable == {
        "not_contiguous",
        "missing_dependency",
        "stale_control",
        "conflict",
        "overloaded",
        "quota_exceeded",
        "shutting_down",
        "rate_limited",
        "read_only",
    }


def test_refusals_are_those_of_the_format() -> None:
    """What travels, and whether it is final, is what the description of the session says of each code."""
    described = dict(re.findall(r"^\| `(\w+)` \| (yes|no) \|", CODES, re.MULTILINE))
    assert described == {code.value: "yes" if code.is_final else "no" for code in RefusalCode}


def test_faults_are_those_of_the_format() -> None:
    """The description of the session names every fault, and no other."""
    faults = CODES[CODES.index("Faults:") :]
    assert set(re.findall(r"`(\w+)`", faults)) == {code.value for code in FaultCode}
