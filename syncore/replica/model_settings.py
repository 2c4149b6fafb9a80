"""When a program's model becomes the schema of its collection, for everybody.

Several versions of a program write to one collection. A model that extends the schema that holds replaces
it; one that the schema already extends leaves it alone, so two versions do not overwrite each other in turn.
What differs otherwise needs a higher version of the model, which says that somebody decided it.
"""

from syncore.core.errors import InvalidSchema
from syncore.documents.rule_encoding import schema_hash
from syncore.documents.rules import CollectionRules, SchemaSetting, Unreadable
from syncore.replica.model import Model, model_references, model_rules, model_schema, model_unique
from syncore.replica.settings import constraint_changes, judging_changes, settings_changes
from syncore.schema.evolution import extends


def publishing_changes(model: type[Model], current: CollectionRules) -> dict[str, object]:
    """What to write into the settings of a model's collection before a program writes documents of it.

    Raises:
        InvalidSchema: the model and the schema that holds say different things, and neither is newer.
    """
    schema = model_schema(model)
    held = current.schema
    if isinstance(held, Unreadable):
        return {}
    if held is not None and not _replaces(model, held):
        return {}
    rules = {name: rule for name, rule in model_rules(model).items() if name not in current.fields}
    changes = settings_changes(current, None, rules, None)
    changes |= judging_changes(current, schema, None, version=model.__version__)
    return changes | _constraint_changes(model, current)


def _constraint_changes(model: type[Model], current: CollectionRules) -> dict[str, object]:
    """What a model asks of documents together beside what is asked of them already."""
    unique, references = model_unique(model), model_references(model)
    if isinstance(current.unique, Unreadable) or isinstance(current.references, Unreadable):
        return {}
    asked = [*current.unique, *((name,) for name in unique if (name,) not in current.unique)]
    return constraint_changes(
        current,
        asked if unique else None,
        {**references, **current.references} if references else None,
    )


def _replaces(model: type[Model], held: SchemaSetting) -> bool:
    """Whether a model is newer than the schema that holds."""
    schema = model_schema(model)
    if held.hash == schema_hash(schema):
        return held.version < model.__version__
    if held.version != model.__version__:
        return held.version < model.__version__
    if extends(held.schema, schema):
        return False
    if extends(schema, held.schema):
        return True
    raise InvalidSchema(
        f"the model {model.__name__} and the schema of {model.__collection__} say different things",
        hint="declare the model with a higher version=, so that it replaces the schema on every device",
    )
