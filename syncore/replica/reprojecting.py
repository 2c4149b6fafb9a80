"""Projecting documents anew when what they show may have changed without a write to them.

That is so when the settings of a collection change, in the same transaction, and when the file is opened by
a program that has other resolvers than the last one. Only documents that are contested can show something
else then: a single value is shown by every rule. They are found through an index, and their number bounds the
work.
"""

from collections.abc import Iterable

from syncore.codec.packing import Packed, pack
from syncore.core.hashing import hash_parts
from syncore.documents.projection_encoding import decode_projection
from syncore.documents.resolution import Contest
from syncore.documents.rules import ResolverName
from syncore.query.words import WORDS_VERSION
from syncore.replica.constraint_building import complete_small
from syncore.replica.document_work import DocumentWork
from syncore.replica.judging import Validators
from syncore.replica.space_state import SpaceState
from syncore.storage.space_rows import SpaceRows

_PAGE = 256
_UNKNOWN = -1
"""A contest that no document has, so that what it shows is written again."""
_STAMP = "resolvers"
_CONSTRAINED_STAMP = "constraints"
_CONSTRAINING_VERSION = "1"
"""Counts up when a version of syncore knows more constraints, or carries one of them out differently."""
JUDGED_STAMP = "validators"
WORDS_STAMP = "words"
_JUDGING_VERSION = "1"
"""Counts up when a version of syncore judges documents differently by the same schema."""
_RULES_VERSION = "1"
"""Counts up when a version of syncore knows more rules, or resolves by one of them differently."""


def reproject_ruled(work: DocumentWork) -> None:
    """Write what documents show by settings that changed in this transaction.

    What is asked of documents together is looked at in the background, where it concerns many of them.
    """
    if work.has_begun_build:
        complete_small(work)
    for collection in sorted(work.ruled):
        _reproject(work, collection)
    work.ruled.clear()
    for collection in sorted(work.rejudged):
        rejudge(work, collection)
    work.rejudged.clear()


def reconstrain(work: DocumentWork) -> None:
    """Look at all documents that constraints know of anew, and forget what was known."""
    held_back = work.reconstrain()
    after = 0
    while page := work.rows.keys(after=after, limit=_PAGE):
        work.constrain([key for _, key in page])
        work.flush()
        work.trim()
        after = page[-1][0]
    for document in held_back:  # what nothing is held back of any more
        work.refresh(work.rows.key_of(document), _UNKNOWN)
        work.trim()


def reproject_opened(work: DocumentWork, state: SpaceState, rows: SpaceRows) -> None:
    """Write what documents show, as far as this program carries out rules that the last one did not.

    What no program could carry out so far is tried again in any case: a resolver may have failed for reasons
    that have passed.
    """
    if state.constraints and rows.value(_CONSTRAINED_STAMP) != _constrained_stamp():
        reconstrain(work)
    is_same = rows.value(_STAMP) == _stamp(state.resolvers)
    for collection in sorted(state.rules):
        _reproject(work, collection, Contest.LACKING if is_same else Contest.SETTLED)
    if rows.value(JUDGED_STAMP) != _judged_stamp(state.validators):
        for collection in sorted(state.rules):
            rejudge(work, collection)


def note_functions(rows: SpaceRows, resolvers: Iterable[ResolverName], validators: Validators) -> None:
    """Remember by which rules the file's documents are projected and judged, if that is something new."""
    for name, stamp in (
        (_STAMP, _stamp(resolvers)),
        (JUDGED_STAMP, _judged_stamp(validators)),
        (_CONSTRAINED_STAMP, _constrained_stamp()),
        (WORDS_STAMP, words_stamp()),
    ):
        if rows.value(name) != stamp:
            rows.write_value(name, stamp)


def words_stamp() -> bytes:
    """By which version of Unicode, and of our rules, this program cuts texts into words."""
    return hash_parts("words", WORDS_VERSION.encode())


def _reproject(work: DocumentWork, collection: str, at_least: Contest = Contest.SETTLED) -> None:
    after = ""
    while page := work.rows.contested(collection, at_least=at_least, after=after, limit=_PAGE):
        for row in page:
            work.refresh(row.key, row.contest)
        work.trim()
        after = page[-1].key.id


def rejudge(work: DocumentWork, collection: str) -> None:
    """Flag the documents of a collection anew, all of them: something else is asked of them."""
    work.flush()
    work.invalid.clear(collection)
    judge = work.judge_of(collection)
    if judge is None:
        return
    after = ""
    while page := work.rows.numbered_page(collection, after=after, limit=_PAGE):
        for document, stored in page:
            if judge.problems(decode_projection(stored.projection)):
                work.invalid.note(document, is_invalid=True)
        after = page[-1][1].key.id


def _constrained_stamp() -> bytes:
    return hash_parts("together", pack([_CONSTRAINING_VERSION]))


def _judged_stamp(validators: Validators) -> bytes:
    names: list[Packed] = [[name, version] for name, version in sorted(validators)]
    return hash_parts("judges", pack([_JUDGING_VERSION, names]))


def _stamp(resolvers: Iterable[ResolverName]) -> bytes:
    names: list[Packed] = [[name.name, name.version] for name in sorted(resolvers, key=str)]
    return hash_parts("resolver", pack([_RULES_VERSION, names]))
