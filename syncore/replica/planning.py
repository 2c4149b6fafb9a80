"""From intents to entries: the same code plans a commit and previews an open transaction."""

from collections.abc import Iterable

from syncore.core.errors import InvalidChange
from syncore.core.identifiers import DocumentKey
from syncore.documents.planning import DocumentPlan
from syncore.replica.document_work import DocumentWork
from syncore.replica.requests import Intent, Verb


def plan_intents(intents: Iterable[Intent], work: DocumentWork) -> dict[DocumentKey, DocumentPlan]:
    """Plan each document's intents against what is visible; nothing is touched yet.

    Raises:
        LocalError: an intent that cannot be carried out. Whatever a ``rewrite`` function raises passes
            through.
    """
    plans: dict[DocumentKey, DocumentPlan] = {}
    for intent in intents:
        plan = plans.get(intent.key)
        if plan is None:
            plan = plans[intent.key] = DocumentPlan(work.hold(intent.key).visible, context=work.context)
        if intent.verb is Verb.INSERT:
            plan.insert(intent.changes)
        elif intent.verb is Verb.UPDATE:
            plan.update(intent.changes, seen=intent.seen)
        else:
            plan.delete(seen=intent.seen)
    if not plans:
        raise InvalidChange("a transaction without writes has nothing to commit")
    return plans
