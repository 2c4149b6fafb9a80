"""Whether the documents that one transaction touches fit what their collections ask of each by itself."""

from collections.abc import Callable, Mapping

from syncore.core.identifiers import DocumentKey
from syncore.documents.planning import DocumentPlan
from syncore.documents.projection import Projection
from syncore.documents.resolution import Contest
from syncore.replica.judging import refuse_new_problems
from syncore.replica.space_memory import HeldDocument
from syncore.replica.space_state import SpaceState
from syncore.storage.invalid_rows import InvalidRows


class Verdicts:
    """The verdicts on documents of one space inside one transaction.

    A document that a plan was judged for will show exactly that in most cases, and is not judged twice.
    """

    def __init__(self, state: SpaceState, rows: InvalidRows) -> None:
        """Flag in ``rows`` what does not fit."""
        self._state = state
        self._rows = rows
        self._checked: dict[DocumentKey, bool] = {}  # whether what a plan makes of a document is invalid

    def check(
        self, plans: Mapping[DocumentKey, DocumentPlan], before: Callable[[DocumentKey], Projection]
    ) -> None:
        """Refuse what would make documents worse, before anything is changed.

        Args:
            plans: What is to be done.
            before: What a document shows now.

        Raises:
            ValidationFailed: a document would not fit what its collection asks for.
        """
        found = []
        self._checked.clear()
        for key, plan in plans.items():
            judge = self._state.judge(key.collection)
            if judge is None:
                continue
            preview = plan.preview()
            problems = judge.problems(preview)
            if problems:
                shown = before(key)
                found.append((key, judge.problems(shown) if shown.is_live else (), problems))
            if (
                preview.contest is Contest.NONE
                and not plan.has_edits
                and key.collection not in self._state.constraints  # which may show it otherwise
                and self._state.build is None  # nor did others ask something of it that is not taken back
            ):
                self._checked[key] = bool(problems)  # it will show exactly this
        refuse_new_problems(found)

    def flag(self, key: DocumentKey, held: HeldDocument, projection: Projection) -> None:
        """Flag a stored document that does not fit, or does no longer."""
        judge, checked = self._state.judge(key.collection), self._checked.pop(key, None)
        if judge is None:
            return
        if checked is not None and projection.contest is Contest.NONE:
            is_invalid = checked
        else:
            is_invalid = bool(judge.problems(projection))
        if held.is_invalid is not is_invalid:
            assert held.row is not None
            self._rows.note(held.row, is_invalid=is_invalid)
            held.is_invalid = is_invalid

    def forget(self, key: DocumentKey) -> None:
        """Forget what a plan would have made of a document: it is not carried out."""
        self._checked.pop(key, None)
