"""Version tokens: what a program has read, as text that it can pass back, keep and send around.

A token is base64url of canonical msgpack ``[space tag, [[writer, number], ...]]``: the document's version
vector when it was read, and eight bytes of the space's id, so that a token is not taken for one of another
space.
"""

import base64
import binascii

from syncore.codec.fields import as_array, as_bytes, as_integer
from syncore.codec.packing import pack, unpack
from syncore.core.errors import InvalidToken, Malformed
from syncore.core.identifiers import WRITER_BITS, SpaceId, Writer
from syncore.core.limits import MAX_COMMIT_BYTES
from syncore.core.vectors import Vector

_TAG_BYTES = 8


def encode_token(space: SpaceId, vector: Vector) -> str:
    """The token of a document that was read at ``vector``."""
    packed = pack((space[:_TAG_BYTES], tuple(sorted(vector.items()))))
    return base64.urlsafe_b64encode(packed).decode("ascii").rstrip("=")


def decode_token(token: str, space: SpaceId) -> dict[Writer, int]:
    """The version vector inside a token.

    Raises:
        InvalidToken: not a token, or one of another space.
    """
    if type(token) is not str:
        raise InvalidToken(f"a version token is a str, not {type(token).__name__}")
    try:
        packed = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
        tag, vector = as_array(
            unpack(packed, what="a token", max_bytes=MAX_COMMIT_BYTES), what="a token", length=2
        )
        found = {
            Writer(as_integer(writer, what="a writer", high=2**WRITER_BITS - 1)): as_integer(
                number, what="a number", low=1
            )
            for writer, number in (
                as_array(pair, what="a pair", length=2) for pair in as_array(vector, what="a vector")
            )
        }
        is_ours = as_bytes(tag, what="a tag") == space[:_TAG_BYTES]
    except (binascii.Error, ValueError, Malformed) as error:
        raise InvalidToken("this is not a version token") from error
    if not is_ours:
        raise InvalidToken(
            "this version token was read in another space",
            hint="sharing a space starts new tokens: read again",
        )
    return found
