"""Why a relay refuses a request or ends a connection, and whether trying again can help."""

from enum import Enum


class RefusalCode(Enum):
    """Answers to one request; the connection goes on. The value is what travels."""

    UNKNOWN_SPACE = "unknown_space"
    """The relay holds no log of this space: create it again, everything included. Final."""
    NOT_MEMBER = "not_member"
    """The device (of the connection, or the author of a segment) is not in the space's control log. Final."""
    NOT_PERMITTED = "not_permitted"
    """The author's role does not allow this. Final."""
    NOT_CONTIGUOUS = "not_contiguous"
    """Commits of this writer before the segment are missing at the relay: send those first. Retryable."""
    MISSING_DEPENDENCY = "missing_dependency"
    """The segment builds on commits that are missing at the relay: send those first. Retryable."""
    DEPENDENCY_MISMATCH = "dependency_mismatch"
    """The segment builds on another segment than the relay's log holds for that number: rebase. Final."""
    FORK = "fork"
    """The relay's log holds another segment for these commit numbers: rebase. Final."""
    BAD_SIGNATURE = "bad_signature"
    """A signature does not hold under the key that the control log names. Final."""
    MALFORMED = "malformed"
    """The bytes do not decode, or name another space. Final."""
    UNSUPPORTED = "unsupported"
    """A segment or record of a version or type that the relay does not know. Final until the relay is
    upgraded."""
    TOO_LARGE = "too_large"
    """The request, or its answer, is over a limit of the relay. Final."""
    STALE_CONTROL = "stale_control"
    """The segment or record names control records that the relay does not hold: send those first.
    Retryable."""
    UNKNOWN_CONTROL = "unknown_control"
    """The segment names another control record than the log holds at that place. Final."""
    EPOCH_MISMATCH = "epoch_mismatch"
    """The segment's epoch is not the one in force at the control record that it names. Final."""
    CONFLICT = "conflict"
    """Another control record took this place in the log: fetch it and make yours anew. Retryable."""
    INVALID_RECORD = "invalid_record"
    """The control record breaks a rule of membership that no other code names. Final."""
    INVITATION_UNKNOWN = "invitation_unknown"
    """No such invitation, or its slot is gone. Final."""
    INVITATION_EXPIRED = "invitation_expired"
    """The invitation has expired by the relay's clock. Final."""
    INVITATION_USED = "invitation_used"
    """The invitation has no use left. Final."""
    OVERLOADED = "overloaded"
    """The relay has too much to do; wait and send the same again. Retryable."""
    QUOTA_EXCEEDED = "quota_exceeded"
    """The space is over its quota at this relay. Retryable: the operator can raise it."""
    SHUTTING_DOWN = "shutting_down"
    """The relay is about to stop; connect again. Retryable."""
    RATE_LIMITED = "rate_limited"
    """The device or connection sends too fast; wait and send the same again. Retryable."""
    READ_ONLY = "read_only"
    """The relay takes no writes at the moment (operator, or a disk that is full). Retryable."""

    @property
    def is_final(self) -> bool:
        """Whether the same request can never succeed."""
        return self not in _RETRYABLE


_RETRYABLE = frozenset(
    {
        RefusalCode.NOT_CONTIGUOUS,
        RefusalCode.MISSING_DEPENDENCY,
        RefusalCode.STALE_CONTROL,
        RefusalCode.CONFLICT,
        RefusalCode.OVERLOADED,
        RefusalCode.QUOTA_EXCEEDED,
        RefusalCode.SHUTTING_DOWN,
        RefusalCode.RATE_LIMITED,
        RefusalCode.READ_ONLY,
    }
)


class FaultCode(Enum):
    """Why the relay ends a connection; the last frame that it sends. The value is what travels."""

    MALFORMED = "malformed"
    """A frame that does not decode, or is too large."""
    VIOLATION = "violation"
    """A frame that is not allowed now."""
    UNAUTHENTICATED = "unauthenticated"
    """The device's signature over the handshake does not hold."""
    NOT_ADMITTED = "not_admitted"
    """The relay serves other devices, or asks for another token."""
    UNSUPPORTED = "unsupported"
    """The device asks for a version of the protocol that the relay does not speak."""
    TIMEOUT = "timeout"
    """The handshake took too long."""
    NEW_GENERATION = "new_generation"
    """The relay began a new generation of a space that this connection reads: connect and open again."""
    OVERLOADED = "overloaded"
    """Too many connections; wait and connect again."""
    RATE_LIMITED = "rate_limited"
    """The device connects or sends too often; wait and connect again."""
    SHUTTING_DOWN = "shutting_down"
    """The relay is about to stop; connect again."""
    INTERNAL = "internal"
    """A fault of the relay's own."""
