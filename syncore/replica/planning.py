"""From intents to plans: one code prepares an open transaction and plans it when it is committed."""

from collections.abc import Iterable, Mapping

from syncore.core.errors import InvalidChange
from syncore.core.identifiers import DocumentKey
from syncore.core.lean import lean_dataclass
from syncore.core.vectors import Vector
from syncore.documents.document import Document
from syncore.documents.planning import DocumentPlan
from syncore.documents.restraint import Restraint
from syncore.documents.rules import CollectionRules
from syncore.replica.document_work import DocumentWork
from syncore.replica.intents import Intent, Verb


@lean_dataclass(frozen=True, slots=True)
class PreparedPlan:
    """A document's part of an open transaction, planned against the document as it was.

    Attributes:
        plan: The plan; it touches nothing before it is committed.
        document: The visible document that it was made for.
        vector: That document's vector then.
        rules: Its collection's settings then.
        restraint: What constraints held back of it then.
    """

    plan: DocumentPlan
    document: Document
    vector: Vector
    rules: CollectionRules
    restraint: Restraint | None = None

    def still_fits(self, work: DocumentWork) -> bool:
        """Whether nothing has happened to the document since."""
        key = self.document.key
        visible = work.hold(key).visible
        return (
            visible is self.document
            and visible.record.vector == self.vector
            and visible.restraint == self.restraint
            and work.context.rules_of(key.collection) is self.rules
        )


def prepare(intents: Iterable[Intent], key: DocumentKey, work: DocumentWork) -> PreparedPlan:
    """Plan all intents on one document against what is visible.

    Raises:
        LocalError: an intent that cannot be carried out. Whatever a ``rewrite`` function raises passes
            through.
    """
    held = work.hold(key)
    visible = held.visible
    confirmed = None if held.confirmed is None else held.confirmed.vector
    plan = DocumentPlan(visible, context=work.context, confirmed=confirmed)
    for intent in intents:
        apply_intent(plan, intent)
    rules = work.context.rules_of(key.collection)
    return PreparedPlan(plan, visible, dict(visible.record.vector), rules, visible.restraint)


def apply_intent(plan: DocumentPlan, intent: Intent) -> None:
    """Add one intent to its document's plan; the plan is unchanged if that raises."""
    if intent.verb is Verb.INSERT:
        plan.insert(intent.changes)
    elif intent.verb is Verb.UPDATE or (intent.verb is Verb.PUT and plan.is_live):
        plan.update(intent.changes, seen=intent.seen)
    elif intent.verb is Verb.PUT:
        plan.insert(intent.changes)
    elif intent.verb is Verb.KEEP:
        plan.keep(seen=intent.seen)
    elif intent.verb is Verb.CONFIRM_DELETION:
        plan.confirm_deletion(seen=intent.seen)
    else:
        plan.delete(seen=intent.seen)


def plan_intents(
    intents: Iterable[Intent], work: DocumentWork, prepared: Mapping[DocumentKey, PreparedPlan]
) -> dict[DocumentKey, DocumentPlan]:
    """Plan a whole transaction, taking over what was prepared and still fits.

    Raises:
        LocalError: an intent that cannot be carried out.
    """
    by_key: dict[DocumentKey, list[Intent]] = {}
    for intent in intents:
        by_key.setdefault(intent.key, []).append(intent)
    if not by_key:
        raise InvalidChange("a transaction without writes has nothing to commit")
    plans: dict[DocumentKey, DocumentPlan] = {}
    for key, wanted in by_key.items():
        ready = prepared.get(key)
        if ready is None or not ready.still_fits(work):
            ready = prepare(wanted, key, work)
        plans[key] = ready.plan
    return plans
