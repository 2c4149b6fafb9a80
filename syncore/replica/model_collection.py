"""Collections that give and take objects of a model."""

from collections.abc import AsyncGenerator, Callable, Iterable, Mapping, Sequence
from typing import Generic, TypeVar

from syncore.core.arguments import check_callable
from syncore.core.errors import InvalidChange, Misused
from syncore.core.ports import Durability
from syncore.documents.changes import Unset
from syncore.documents.projection import FieldValue
from syncore.documents.rules import CollectionRules, DeletionRule
from syncore.query.expressions import Expression
from syncore.query.paths import Path
from syncore.replica.arguments import checked_fields, checked_question, checked_search
from syncore.replica.collection import Collection
from syncore.replica.invalid import InvalidDocument
from syncore.replica.local_replica import LocalReplica
from syncore.replica.model import Model, check_field, fields_of, is_model, model_schema
from syncore.replica.model_fields import Ref
from syncore.replica.model_indexes import make_declared
from syncore.replica.model_settings import publishing_changes
from syncore.replica.queries import Query
from syncore.replica.searching import Search
from syncore.replica.settings import ReferencesLike, RuleLike, UniqueLike
from syncore.replica.undoing import UndoOutcome
from syncore.replica.views import Document
from syncore.replica.watching import ChangeStream
from syncore.schema.validators import Validator

M = TypeVar("M", bound=Model)


class ModelCollection(Generic[M]):
    """The collection of a model. Its first write makes the model's schema that of the collection.

    Attributes:
        model: The model.
        documents: The same collection with plain documents.
    """

    def __init__(self, replica: LocalReplica, space: Callable[[], int], model: type[M]) -> None:
        """Programs get it from a replica or a space.

        Raises:
            Misused: another model was declared for the collection, with other fields.
        """
        if not is_model(model):
            raise Misused(f"{model!r} is not a Model", hint="a collection has a name, or a Model with one")
        known = replica.models.setdefault(model.__collection__, model)
        if known is not model and model_schema(known) != model_schema(model):
            raise Misused(
                f"two models of the collection {model.__collection__} have different fields:"
                f" {known.__module__}.{known.__qualname__} and {model.__module__}.{model.__qualname__}",
                hint="declare one, and import it where it is needed",
            )
        model_schema(model)
        self.model = model
        self.documents = Collection(replica, space, model.__collection__)
        self._replica = replica
        self._space = space
        self._has_indexes = False

    def __repr__(self) -> str:
        """The model and the collection."""
        return f"<ModelCollection {self.model.__name__} {self.name}>"

    @property
    def name(self) -> str:
        """The collection's name."""
        return self.documents.name

    async def insert(
        self,
        model: M,
        /,
        *,
        id: str | None = None,  # noqa: A002 - the word that documents use
        durability: Durability | str = Durability.NORMAL,
    ) -> M:
        """Add a document; as :meth:`Collection.insert`.

        Returns:
            It as committed, with its id.

        Raises:
            ValidationFailed: it does not fit the schema or the validators.
            InvalidSchema: the collection's schema says something else than this model.
        """
        if not isinstance(model, self.model):
            raise InvalidChange(f"{self.name} takes {self.model.__name__}, not {type(model).__name__}")
        await self.publish()
        return self._made(await self.documents.insert(model.as_fields(), id=id, durability=durability))

    async def update(
        self,
        document: str | Ref[M] | M,
        fields: Mapping[str, object] | None = None,
        /,
        *,
        seen: str | None = None,
        durability: Durability | str = Durability.NORMAL,
        **more: object,
    ) -> M:
        """Change fields of a document; as :meth:`Collection.update`.

        Args:
            document: The document, a reference to it, or its id.
            fields: Fields by name; the model need not know them.
            seen: The token of what was read.
            durability: What the commit has to survive.
            more: Fields of the model: values of their types, or changes such as ``increment(1)``.

        Raises:
            InvalidChange: the model has no such field.
            ValidationFailed: something would not fit.
        """
        changes = {**checked_fields(fields), **typed_changes(self.model, more)}
        await self.publish()
        changed = await self.documents.update(id_of(document), changes, seen=seen, durability=durability)
        return self._made(changed)

    async def delete(
        self,
        document: str | Ref[M] | M,
        *,
        seen: str | None = None,
        durability: Durability | str = Durability.NORMAL,
    ) -> None:
        """Delete a document; as :meth:`Collection.delete`."""
        await self.documents.delete(id_of(document), seen=seen, durability=durability)

    async def get(self, id: str | Ref[M]) -> M:  # noqa: A002 - the word that documents use
        """The document with this id; as :meth:`Collection.get`."""
        return self._made(await self.documents.get(id_of(id)))

    async def find_one(self, id: str | Ref[M]) -> M | None:  # noqa: A002 - the word that documents use
        """The document with this id, or None."""
        found = await self.documents.find_one(id_of(id))
        return None if found is None else self._made(found)

    def find(
        self,
        expression: Expression | Mapping[str, FieldValue] | None = None,
        /,
        *,
        where: Callable[[M], bool] | None = None,
        order_by: str | Path | Sequence[str | Path] = (),
        limit: int | None = None,
        after: str | None = None,
    ) -> Query[M]:
        """Live documents as objects of the model; as :meth:`Collection.find`.

        Expressions, orders and groups are of what documents hold: an ``Enum`` by its value.
        """
        check_callable(where, "where", hint="an expression is given first, without a name")
        test = None if where is None else _passing(where, self._made)
        question = checked_question(self.name, expression, where=test, order_by=order_by, limit=limit)
        return Query(self._replica, self._space, question, made=self._made, after=after)

    def search(
        self,
        query: str,
        expression: Expression | Mapping[str, FieldValue] | None = None,
        /,
        *,
        limit: int | None = None,
        index: str | None = None,
    ) -> Search[M]:
        """Objects of the model whose texts have what is searched for; as :meth:`Collection.search`.

        The full-text index that the model's fields are declared for is made with the first search.
        """
        question = checked_search(self.name, query, expression, limit=limit, index=index)
        return Search(self._replica, self._space, question, self._made, ready=self.make_indexes)

    async def make_indexes(self) -> None:
        """Make the indexes that the model declares; writes and searches do so by themselves."""
        if not self._has_indexes and not self._replica.read_only_reason:
            await make_declared(self.model, self.documents)
            self._has_indexes = True

    async def invalid(self) -> list[InvalidDocument]:
        """The documents that do not fit, with what is wrong with each."""
        return await self.documents.invalid()

    def watch_invalid(self) -> AsyncGenerator[list[InvalidDocument], None]:
        """The documents that do not fit: now, and all of them again whenever that changes."""
        return self.documents.watch_invalid()

    async def settings(self) -> CollectionRules:
        """The settings of the collection, as this replica knows them now."""
        return await self.documents.settings()

    async def configure(
        self,
        *,
        default: RuleLike | Unset | None = None,
        fields: Mapping[str, RuleLike | Unset] | None = None,
        deletion: DeletionRule | str | Unset | None = None,
        validators: Iterable[Validator] | Unset | None = None,
        unique: UniqueLike | Unset | None = None,
        references: ReferencesLike | Unset | None = None,
    ) -> CollectionRules:
        """Set rules and constraints; as :meth:`Collection.configure`. The schema is the model's."""
        await self.publish()
        return await self.documents.configure(
            default=default,
            fields=fields,
            deletion=deletion,
            validators=validators,
            unique=unique,
            references=references,
        )

    async def publish(self) -> None:
        """Make the model's schema that of the collection, if it is newer; writes do so by themselves.

        Raises:
            InvalidSchema: the collection's schema says something else, and neither is newer.
        """
        await self.make_indexes()
        changes = publishing_changes(self.model, await self.documents.settings())
        if changes:
            await self.documents.write_settings(changes)

    async def undo(
        self, document: str | M, *, durability: Durability | str = Durability.NORMAL
    ) -> UndoOutcome:
        """Take back the last change; as :meth:`Collection.undo`."""
        return await self.documents.undo(id_of(document), durability=durability)

    async def redo(
        self, document: str | M, *, durability: Durability | str = Durability.NORMAL
    ) -> UndoOutcome:
        """Do again what was undone; as :meth:`Collection.redo`."""
        return await self.documents.redo(id_of(document), durability=durability)

    def watch(self) -> ChangeStream:
        """The changes of this collection; ``Model.from_document`` makes objects of their documents."""
        return self.documents.watch()

    def _made(self, document: Document) -> M:
        return self.model.from_document(document)


def id_of(document: str | Ref[M] | M) -> str:
    """The id of a document that is given in one of several ways."""
    return document if isinstance(document, str) else document.id


def typed_changes(model: type[Model], changes: Mapping[str, object]) -> dict[str, object]:
    """Changes of a model's fields as documents hold them.

    Raises:
        InvalidChange: the model has no such field.
    """
    known = fields_of(model)
    for name in changes:
        check_field(model, name)
    return {name: known[name].stored(value) for name, value in changes.items()}


def _passing(where: Callable[[M], bool], made: Callable[[Document], M]) -> Callable[[Document], bool]:
    return lambda document: where(made(document))
