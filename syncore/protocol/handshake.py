"""Both ends of the handshake: each side proves its key, and neither proof can be used elsewhere.

::

    R -> D  hello     version, relay key, relay's nonce
    D -> R  identify  device key, device's nonce, token, Sign("hs-dev", T)
    R -> D  welcome   limits, Sign("hs-relay", H("hs2", T, device's signature, limits))

    T = H("hs", version, relay key, relay's nonce, device's nonce, device key, token)

T holds the relay key that the device expects, so a relay in the middle cannot pass the proof on to the real
one (``docs/formats/session.md``). Nonces are arguments, 32 fresh random bytes for each connection; so is the
time. Everything here raises; the session around it turns errors into frames and an end of the connection.
"""

from collections.abc import Callable

from syncore.core.errors import (
    ConnectionFailed,
    CryptoError,
    ProtocolViolation,
    UnsupportedVersion,
    WrongRelay,
)
from syncore.core.hashing import hash_parts
from syncore.core.identifiers import KEY_BYTES
from syncore.core.limits import HANDSHAKE_TIMEOUT_MS
from syncore.protocol.message_codec import encode_limits
from syncore.protocol.messages import (
    MAX_TOKEN_BYTES,
    NONCE_BYTES,
    SESSION_VERSION,
    Hello,
    Identify,
    SessionLimits,
    Welcome,
)
from syncore.protocol.ports import Signer, Verify
from syncore.protocol.refusal_codes import FaultCode

DEVICE_KIND = "hs-dev"
RELAY_KIND = "hs-relay"
REDEEM_KIND = "redeem"

Admits = Callable[[bytes, bytes], bool]
"""``admits(device_key, token)``: the relay's policy on who may connect; says nothing about any space."""


def transcript_hash(hello: Hello, *, device_key: bytes, nonce: bytes, token: bytes) -> bytes:
    """T: everything that both sides said before the proofs."""
    return hash_parts("hs", bytes([hello.version]), hello.relay_key, hello.nonce, nonce, device_key, token)


def welcome_hash(transcript: bytes, device_signature: bytes, limits: SessionLimits) -> bytes:
    """What the relay signs."""
    return hash_parts("hs2", transcript, device_signature, encode_limits(limits))


def redeem_hash(transcript: bytes, invitation_id: bytes) -> bytes:
    """What an invitation's key signs to fetch its slot: good for this connection only."""
    return hash_parts("redeem", transcript, invitation_id)


class DeviceHandshake:
    """The device's end.

    The caller passes the hello to :meth:`identify` and sends the answer, passes the welcome to
    :meth:`finish`, and from then on may trust :attr:`relay_key`, the key that the relay proved.

    Attributes:
        relay_key: The relay's key: the expected one, or on first contact the one that it presented.
        transcript: T, once the hello was received.
        limits: What the relay allows, once the welcome was received.
    """

    def __init__(
        self, *, signer: Signer, nonce: bytes, token: bytes, expected_relay_key: bytes | None, verify: Verify
    ) -> None:
        assert len(nonce) == NONCE_BYTES
        assert len(token) <= MAX_TOKEN_BYTES
        self._signer = signer
        self._nonce = nonce
        self._token = token
        self._verify = verify
        self._signature = b""
        self.relay_key = expected_relay_key
        self.transcript = b""
        self.limits = SessionLimits()

    def identify(self, hello: Hello) -> Identify:
        """The device's proof.

        Raises:
            UnsupportedVersion: the relay speaks another version.
            WrongRelay: the relay presents another key than the expected one.
        """
        if hello.version != SESSION_VERSION:
            raise UnsupportedVersion(
                f"the relay speaks version {hello.version} of the protocol, not {SESSION_VERSION}"
            )
        if self.relay_key is not None and self.relay_key != hello.relay_key:
            raise WrongRelay("the relay presents another key than the one expected")
        self.relay_key = hello.relay_key
        self.transcript = transcript_hash(
            hello, device_key=self._signer.public, nonce=self._nonce, token=self._token
        )
        self._signature = self._signer.sign(DEVICE_KIND, self.transcript)
        return Identify(
            device_key=self._signer.public, nonce=self._nonce, token=self._token, signature=self._signature
        )

    def finish(self, welcome: Welcome) -> None:
        """Check the relay's proof.

        Raises:
            WrongRelay: the relay does not hold the key that it presented.
        """
        assert self.relay_key is not None
        digest = welcome_hash(self.transcript, self._signature, welcome.limits)
        try:
            self._verify(self.relay_key, RELAY_KIND, digest, welcome.signature)
        except CryptoError as error:
            raise WrongRelay("the relay does not hold the key that it presents") from error
        self.limits = welcome.limits


class RelayHandshake:
    """The relay's end.

    The caller sends :attr:`hello` first, passes the identify to :meth:`welcome` and sends the answer.

    Attributes:
        hello: The first frame.
        device_key: The key that the device proved, once it did.
        transcript: T, once the device proved its key.
    """

    def __init__(
        self, *, signer: Signer, nonce: bytes, limits: SessionLimits, verify: Verify, admits: Admits
    ) -> None:
        assert len(nonce) == NONCE_BYTES
        assert len(signer.public) == KEY_BYTES
        self._signer = signer
        self._limits = limits
        self._verify = verify
        self._admits = admits
        self.hello = Hello(version=SESSION_VERSION, relay_key=signer.public, nonce=nonce)
        self.device_key = b""
        self.transcript = b""

    def welcome(self, identify: Identify) -> Welcome:
        """The relay's proof, once the device's was checked.

        Raises:
            ProtocolViolation: the device's proof does not hold, or the relay does not serve it;
                ``details["fault"]`` is the :class:`FaultCode` to send.
        """
        transcript = transcript_hash(
            self.hello, device_key=identify.device_key, nonce=identify.nonce, token=identify.token
        )
        try:
            self._verify(identify.device_key, DEVICE_KIND, transcript, identify.signature)
        except CryptoError as error:
            raise ProtocolViolation(
                "a device does not hold its key", fault=FaultCode.UNAUTHENTICATED
            ) from error
        if not self._admits(identify.device_key, identify.token):
            raise ProtocolViolation("the relay does not serve this device", fault=FaultCode.NOT_ADMITTED)
        self.device_key = identify.device_key
        self.transcript = transcript
        digest = welcome_hash(transcript, identify.signature, self._limits)
        return Welcome(limits=self._limits, signature=self._signer.sign(RELAY_KIND, digest))


def check_device_deadline(started_ms: int, now_ms: int) -> None:
    """The device's patience with an unfinished handshake.

    Raises:
        ConnectionFailed: it is over.
    """
    if now_ms - started_ms >= HANDSHAKE_TIMEOUT_MS:
        raise ConnectionFailed(f"the relay did not finish the handshake within {HANDSHAKE_TIMEOUT_MS} ms")


def check_relay_deadline(started_ms: int, now_ms: int) -> None:
    """The relay's patience with an unfinished handshake.

    Raises:
        ProtocolViolation: it is over.
    """
    if now_ms - started_ms >= HANDSHAKE_TIMEOUT_MS:
        raise ProtocolViolation("a device did not identify itself in time", fault=FaultCode.TIMEOUT)
