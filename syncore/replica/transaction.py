"""Transactions: writes to any number of documents of one space that are committed together or not at all."""

from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Self, TypeVar, overload

from syncore.core.errors import Closed, DocumentNotFound, InvalidChange, InvalidName, Misused
from syncore.core.identifiers import DocumentKey, Writer, check_collection, check_name
from syncore.core.ports import Durability
from syncore.replica.arguments import checked_durability, checked_fields
from syncore.replica.document_work import DocumentWork
from syncore.replica.identities import fresh_id
from syncore.replica.intents import Intent, Verb
from syncore.replica.local_replica import LocalReplica
from syncore.replica.model import Model, is_model
from syncore.replica.model_collection import ModelCollection, typed_changes
from syncore.replica.planning import PreparedPlan, apply_intent, prepare
from syncore.replica.requests import CommitRequest
from syncore.replica.seen import seen_vector
from syncore.replica.views import Document

_PLACE = 2
M = TypeVar("M", bound=Model)


class Transaction:
    """Collects writes and commits them when its ``async with`` block ends without an exception.

    Others see nothing before that; :meth:`get` shows the transaction its own writes. Nothing is locked
    meanwhile: what another writer commits before this block ends is part of what is visible at the commit, so
    pass ``seen`` where that matters.

    Attributes:
        documents: After the commit, the written documents by (collection, id).
    """

    def __init__(self, replica: LocalReplica, space: Callable[[], int], durability: Durability | str) -> None:
        """Programs get transactions from a replica or a space."""
        self._replica = replica
        self._space = space
        self._durability = checked_durability(durability)
        self._intents: dict[DocumentKey, list[Intent]] = {}
        self._prepared: dict[DocumentKey, PreparedPlan] = {}
        self._begun_in = 0
        self._is_entered = False
        self._is_over = False
        self.documents: Mapping[tuple[str, str], Document] = {}

    async def insert(
        self,
        collection: str | Model,
        fields: Mapping[str, object] | None = None,
        /,
        *,
        id: str | None = None,  # noqa: A002 - the word that documents use
    ) -> str:
        """Add a document; its id.

        Args:
            collection: The name of a collection; or an object of a model, which has fields and collection.
            fields: As in :meth:`Collection.insert`; none beside an object of a model.
            id: The document's id; a fresh one if none is given.

        Raises:
            DocumentExists, ValidationFailed, InvalidValue, InvalidName, TooLarge: it cannot be added.
            InvalidSchema: the collection's schema says something else than the model.
        """
        if isinstance(collection, Model):
            if fields is not None:
                raise Misused("an object of a model has its fields itself", hint="insert(model, id=..)")
            fields = collection.as_fields()
            collection = await self._published(type(collection))
        if id is None:
            id = fresh_id(self._replica.clock, self._replica.entropy)  # noqa: A001
        await self._add(Intent(verb=Verb.INSERT, key=_key(collection, id), changes=checked_fields(fields)))
        return id

    async def update(
        self,
        document: tuple[str, str] | Document | Model,
        fields: Mapping[str, object] | None = None,
        /,
        *,
        seen: str | None = None,
        **more: object,
    ) -> None:
        """Change fields of a document, given as itself or as ``(collection, id)``.

        Arguments as in :meth:`Collection.update`; for an object of a model as in its collection's.
        """
        if isinstance(document, Model):
            await self._published(type(document))
            more = typed_changes(type(document), more)
        changes = {**checked_fields(fields), **more}
        if not changes:
            raise InvalidChange("an update without fields changes nothing", hint="name at least one field")
        key = key_of(document)
        await self._add(Intent(verb=Verb.UPDATE, key=key, changes=changes, seen=await self._seen(key, seen)))

    async def delete(self, document: tuple[str, str] | Document | Model, *, seen: str | None = None) -> None:
        """Delete a document, given as itself or as ``(collection, id)``."""
        key = key_of(document)
        await self._add(Intent(verb=Verb.DELETE, key=key, seen=await self._seen(key, seen)))

    @overload
    async def get(self, collection: str, id: str) -> Document: ...

    @overload
    async def get(self, collection: type[M], id: str) -> M: ...

    async def get(
        self,
        collection: str | type[M],
        id: str,  # noqa: A002 - the word that documents use
    ) -> Document | M:
        """A document as it would be if the transaction were committed now; of a model an object.

        Raises:
            DocumentNotFound: there would be none.
        """
        self._check_open()
        if not isinstance(collection, str) and is_model(collection):
            return collection.from_document(await self._look_up(collection.__collection__, id))
        return await self._look_up(collection, id)

    async def _look_up(self, collection: object, id: str) -> Document:  # noqa: A002
        key = _key(collection, id)
        state = self._replica.spaces[self._number()]

        def look(work: DocumentWork) -> Document:
            if key in self._intents:
                projection = self._plan(key, work).plan.preview()
                is_gone = projection.is_deleted
            else:
                projection = work.hold(key).visible.project(state.resolution_context())
                is_gone = not projection.is_live
            if is_gone:
                raise DocumentNotFound(f"{collection} has no document {id!r}")
            return Document(state.id, key, projection)

        return await self._replica.preview(state.number, look)

    async def __aenter__(self) -> Self:
        """The open transaction."""
        self._begun_in = self._space()
        self._is_entered = True
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Commit, unless the block raised; then leave nothing.

        Raises:
            LocalError: a write that cannot be carried out; nothing of the transaction was kept.
        """
        self._is_over = True
        if kind is not None or not self._intents:
            return
        state = self._replica.spaces[self._number()]
        intents = tuple(intent for of_document in self._intents.values() for intent in of_document)
        request = CommitRequest(state.number, intents, self._durability, self._prepared)
        committed = await self._replica.commit(request)
        self.documents = {(key.collection, key.id): document for key, document in committed.items()}

    async def _add(self, intent: Intent) -> None:
        """Take a write if it could be carried out now: errors belong to the line that causes them."""
        self._check_open()

        def try_out(work: DocumentWork) -> None:
            apply_intent(self._plan(intent.key, work).plan, intent)

        await self._replica.preview(self._number(), try_out)
        self._intents.setdefault(intent.key, []).append(intent)

    def _plan(self, key: DocumentKey, work: DocumentWork) -> PreparedPlan:
        """The plan of a document as this transaction has it so far, made anew if the document has changed."""
        ready = self._prepared.get(key)
        if ready is None or not ready.still_fits(work):
            ready = self._prepared[key] = prepare(self._intents.get(key, ()), key, work)
        return ready

    async def _published(self, model: type[Model]) -> str:
        """The collection of a model, once the model's schema is that of the collection."""
        self._check_open()
        await ModelCollection(self._replica, self._number, model).publish()
        return model.__collection__

    async def _seen(self, key: DocumentKey, token: str | None) -> dict[Writer, int] | None:
        return None if token is None else await seen_vector(self._replica, self._number(), key, token)

    def _number(self) -> int:
        """The space that was the default, or was named, when the transaction began."""
        return self._replica.current_space(self._begun_in)

    def _check_open(self) -> None:
        if self._is_over:
            raise Closed("the transaction is over", hint="begin another one")
        if not self._is_entered:
            raise Misused("the transaction was not begun", hint="use it in `async with`, which commits it")


def _key(collection: object, id_: str) -> DocumentKey:
    if not isinstance(collection, str):
        raise InvalidName(f"a collection is given by its name, not as {type(collection).__name__}")
    return DocumentKey(check_collection(collection), check_name(id_, "a document id"))


def key_of(document: object) -> DocumentKey:
    """The key of a document, given as itself or as ``(collection, id)``.

    Raises:
        Misused: it is neither.
        InvalidName: nothing can be named so.
    """
    if isinstance(document, Model):
        document = document.document
    if isinstance(document, Document):
        return DocumentKey(document.collection, document.id)
    if not isinstance(document, tuple) or len(document) != _PLACE:
        raise Misused("this takes a document, or the (collection, id) of one")
    return _key(*document)
