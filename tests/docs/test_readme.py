"""The README's programs run as they stand there."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PROGRAMS = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)


SHOP = """\
[('customer',), ('total',)]
[Decimal('30')]
{'n': 3, 'total': Decimal('90')}
[('ada', Decimal('40')), ('bob', Decimal('60'))]
2
3"""


@pytest.mark.parametrize(("number", "printed"), [(0, "Good film"), (1, "Desk\nprivate"), (2, SHOP)])
def test_programs_of_the_readme_run(number: int, printed: str, address: str, tmp_path: Path) -> None:
    """Each Python program in the README runs to its end and prints what its comments say."""
    program = PROGRAMS[number].replace("ws://127.0.0.1:8787", address)
    environment = {**os.environ, "SYNCORE_KEYSTORE": str(tmp_path / "keys"), "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        timeout=40,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.rstrip().endswith(printed)
