"""Tests of syncore.crypto.secrecy, on every class of secrets."""

import copy
import io
import logging
import operator
import pickle
import traceback
from collections.abc import Callable

import pytest

from syncore.core.errors import IntegrityError, Misused
from syncore.crypto.invitations import InvitationKeys
from syncore.crypto.keys import BoxKey, ContentKey, DeviceKeys
from syncore.crypto.secrecy import Secret
from syncore.crypto.signing import SigningKey

CLASSES: list[type[Secret]] = [SigningKey, BoxKey, DeviceKeys, ContentKey, InvitationKeys]


@pytest.fixture(params=CLASSES, ids=lambda kind: kind.__name__)
def secret(request: pytest.FixtureRequest) -> Secret:
    """One secret of each class."""
    kind: type[Secret] = request.param
    return kind(bytes(range(200, 200 + kind.SIZE_BYTES % 56)).ljust(kind.SIZE_BYTES, b"\xab"))


def logged(secret: Secret) -> str:
    """What a log shows of a secret, however it is put there."""
    stream = io.StringIO()
    logger = logging.Logger("test")  # noqa: LOG001 - one of its own, so that no other handler hears of it
    logger.addHandler(logging.StreamHandler(stream))
    logger.warning("%s %r %s", secret, secret, [secret])
    logger.error("failed", exc_info=Misused("with facts", key=secret))
    return stream.getvalue()


SHOWN: list[Callable[[Secret], str]] = [
    repr,
    str,
    lambda secret: f"{secret}",
    lambda secret: f"{secret!r:>60}",
    "{:>60}".format,
    lambda secret: "%s" % secret,  # noqa: UP031 - one more way into a log
    lambda secret: repr([{"key": secret}]),
    lambda secret: "".join(traceback.format_exception(Misused("x", key=secret))),
    logged,
]


@pytest.mark.parametrize("show", SHOWN, ids=range(len(SHOWN)))
def test_printing_shows_the_class_alone(secret: Secret, show: Callable[[Secret], str]) -> None:
    """No way of printing shows any four bytes of a secret, as text, as hex or as an escaped literal."""
    shown = show(secret)
    content = secret.secret_bytes()
    for start in range(len(content) - 3):
        part = content[start : start + 4]
        assert part.hex() not in shown.lower()
        assert repr(part)[2:-1] not in shown


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_pickling_is_refused(secret: Secret, protocol: int) -> None:
    """No protocol of pickle writes a secret."""
    with pytest.raises(Misused):
        pickle.dumps(secret, protocol)


COPIES: list[Callable[[Secret], object]] = [
    copy.copy,
    copy.deepcopy,
    operator.methodcaller("__getstate__"),
    operator.methodcaller("__reduce_ex__", 2),
]


@pytest.mark.parametrize("copy_it", COPIES, ids=range(len(COPIES)))
def test_copying_is_refused(secret: Secret, copy_it: Callable[[Secret], object]) -> None:
    """Neither copies nor the state behind them are handed out."""
    with pytest.raises(Misused):
        copy_it(secret)


@pytest.mark.parametrize("use", [bytes, hash, iter, len, vars, lambda secret: secret < secret])  # noqa: PLR0124
def test_nothing_but_the_named_method_gives_bytes(secret: Secret, use: Callable[[Secret], object]) -> None:
    """A secret cannot be taken for a byte string, a key of a table or something to sort."""
    with pytest.raises(TypeError):
        use(secret)


def test_equal_secrets_are_equal_and_others_are_not(secret: Secret) -> None:
    """Secrets compare by content and class."""
    content = secret.secret_bytes()
    assert secret == type(secret)(content)
    assert secret != type(secret)(content[:-1] + bytes([content[-1] ^ 1]))
    assert secret != content
    assert SigningKey(bytes(32)) != ContentKey(bytes(32))


def test_comparing_takes_constant_time(secret: Secret, monkeypatch: pytest.MonkeyPatch) -> None:
    """Equality is what the constant-time comparison of the standard library says."""
    monkeypatch.setattr("hmac.compare_digest", lambda _a, _b: True)
    assert secret == type(secret)(bytes(secret.SIZE_BYTES))


def test_secrets_come_back_from_their_bytes(secret: Secret) -> None:
    """What secret_bytes gave makes the same secret again."""
    assert type(secret).from_bytes(secret.secret_bytes()) == secret


@pytest.mark.parametrize("difference", [-1, 1])
def test_stored_secrets_of_another_size_are_damaged(secret: Secret, difference: int) -> None:
    """Another number of bytes is damage where a keystore gave them, and a mistake where a caller did."""
    content = bytes(secret.SIZE_BYTES + difference)
    with pytest.raises(IntegrityError):
        type(secret).from_bytes(content)
    with pytest.raises(Misused):
        type(secret)(content)


def test_secrets_are_made_of_bytes_alone(secret: Secret) -> None:
    """A bytearray, which its owner could change afterwards, does not become a secret."""
    with pytest.raises(Misused):
        type(secret)(bytearray(secret.SIZE_BYTES))  # type: ignore[arg-type]
