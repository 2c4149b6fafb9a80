"""presence."""

import subprocess
import sys

from tests.cli.command_line import Machine


def test_two_machines(machine: Machine, other: Machine, relay: str) -> None:
    """One machine is seen by the other while it shows itself, and not afterwards."""
    machine.ok("share", relay)
    other.ok("join", machine.ok("invite").out.strip())
    command = [sys.executable, "-m", "syncore.cli", "presence", "--set", '{"cursor": "alien"}', "--follow"]
    options = ["--replica", str(other.replica), "--keystore", other.environment["SYNCORE_KEYSTORE"], "--json"]
    with subprocess.Popen([*command, *options], stdout=subprocess.PIPE, text=True) as shown:
        assert shown.stdout is not None
        assert '"present": []' in shown.stdout.readline()
        record = machine.ok("presence", "--timeout", "1.5", "--json").record
        present = record["present"]
        assert isinstance(present, list)
        [one] = present
        assert (one["device"], one["value"]) == (1, {"cursor": "alien"})
        assert '{"cursor": "alien"}' in machine.ok("presence", "--timeout", "1.5").out
        shown.terminate()
        shown.wait()
    assert machine.ok("presence", "--timeout", "0.1", "--set", "text").out == "nobody else is here\n"


def test_wrong_uses(machine: Machine, relay: str) -> None:
    """In a private space nobody else can be; a time to live belongs to a value, and has bounds."""
    outcome = machine.run("presence")
    assert outcome.code == 1
    assert "private" in outcome.err
    machine.ok("share", relay)
    assert machine.run("presence", "--ttl", "5").code == 2
    for ttl in ("0.5", "301"):
        outcome = machine.run("presence", "--set", "1", "--ttl", ttl)
        assert outcome.code == 2
        assert f"argument --ttl: must be 1 to 300 seconds, not {ttl}" in outcome.err
    assert machine.ok("presence", "--follow", "--timeout", "0.3").out == "nobody else is here\n"
