"""The checker of leaks finds what people wrote, and keys, on the relay's disk."""

from simulations.checkers import no_leaks
from simulations.workload import PLAINTEXT
from syncore.codec.compression import compress
from tests.simulations.endings import device, ending, finds

KEY = bytes(range(32))


def test_a_disk_of_sealed_bytes_passes() -> None:
    """What is not the plain text and no key is none of its business."""
    assert finds(no_leaks, ending(device(secrets=[KEY]), relay_bytes=[b"sealed" * 100])) == []


def test_what_people_wrote_is_found() -> None:
    """Anywhere in a file, also below a compression."""
    plain = PLAINTEXT.encode()
    for content in (b"before" + plain + b"after", b"header" + compress(plain * 20)):
        assert finds(no_leaks, ending(relay_bytes=[b"", content]))[:1] == [
            "the relay's disk holds what people wrote"
        ]


def test_a_key_is_found() -> None:
    """With the name of the device whose it is."""
    devices = device(secrets=[b"another key"]), device(secrets=[b"a third one", KEY])
    assert finds(no_leaks, ending(*devices, relay_bytes=[b"x" + KEY])) == [
        "the relay's disk holds a key of d1"
    ]


def test_what_the_network_carried_is_told() -> None:
    """As the gauges saw it."""
    assert finds(no_leaks, ending(leaks=["d0 sent it"])) == ["d0 sent it"]
