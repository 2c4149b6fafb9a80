"""Collections: what programs read and write."""

from collections.abc import AsyncGenerator, Callable, Iterable, Mapping, Sequence

from syncore.core.errors import DocumentNotFound, InvalidChange
from syncore.core.identifiers import SETTINGS, DocumentKey, Writer, check_name
from syncore.core.ports import Durability
from syncore.documents.changes import Unset
from syncore.documents.projection import FieldValue, register_verdict
from syncore.documents.projection_encoding import decode_projection
from syncore.documents.rules import NO_RULES, CollectionRules, DeletionRule
from syncore.query.expressions import Expression
from syncore.query.paths import Path
from syncore.replica.arguments import (
    checked_durability,
    checked_fields,
    checked_question,
)
from syncore.replica.collection_indexes import IndexedCollection
from syncore.replica.constraint_building import ConstraintsInForce
from syncore.replica.document_work import DocumentWork
from syncore.replica.identities import fresh_id
from syncore.replica.intents import Intent, Verb
from syncore.replica.invalid import InvalidDocument, list_invalid, watch_invalid
from syncore.replica.queries import Query
from syncore.replica.requests import CommitRequest
from syncore.replica.seen import seen_vector
from syncore.replica.settings import (
    ReferencesLike,
    RuleLike,
    UniqueLike,
    constraint_changes,
    judging_changes,
    settings_changes,
)
from syncore.replica.undoing import UndoOutcome, can_undo, undo
from syncore.replica.views import Document, Sibling, siblings_of
from syncore.replica.watching import ChangeStream
from syncore.schema.validators import Validator
from syncore.storage.document_rows import DocumentRows
from syncore.storage.undo_rows import Stack


class Collection(IndexedCollection):
    """A named set of documents in a space. Cheap to make; holds no documents itself."""

    async def insert(
        self,
        fields: Mapping[str, object] | None = None,
        /,
        *,
        id: str | None = None,  # noqa: A002 - the word that documents use
        durability: Durability | str = Durability.NORMAL,
    ) -> Document:
        """Add a document.

        Args:
            fields: Values by field name. A plain value makes a register, a set a set, and ``Counter``,
                ``Text`` and ``List`` make fields of those kinds.
            id: The document's id; a fresh time-ordered UUID if none is given.
            durability: What the commit has to survive before this returns.

        Returns:
            The document as committed.

        Raises:
            DocumentExists: a live document has this id.
            ValidationFailed: it would not fit the collection's schema or validators.
            InvalidValue, InvalidName, TooLarge: the document cannot be kept; nothing was changed.
        """
        if id is None:
            id = fresh_id(self._replica.clock, self._replica.entropy)  # noqa: A001
        intent = Intent(verb=Verb.INSERT, key=self._key(id), changes=checked_fields(fields))
        return await self._commit(intent, durability)

    async def update(
        self,
        document: str | Document,
        fields: Mapping[str, object] | None = None,
        /,
        *,
        seen: str | None = None,
        durability: Durability | str = Durability.NORMAL,
        **more: object,
    ) -> Document:
        """Change fields of a document.

        Args:
            document: The document or its id.
            fields: New values and changes by field name.
            seen: The token of what was read: only what it covers is replaced, anything newer stays beside
                it as a
                conflict. Without one, what is visible at the moment of the commit is replaced.
            durability: What the commit has to survive before this returns.
            more: Further fields, as keywords.

        Returns:
            The document as committed.

        Raises:
            DocumentNotFound: there is no live document with this id.
            InvalidChange: a change that does not fit the field's kind.
            ValidationFailed: something would not fit the collection's schema that fits it now.
            InvalidValue, InvalidName, InvalidToken, TooLarge: nothing was changed.
        """
        changes = {**checked_fields(fields), **more}
        if not changes:
            raise InvalidChange(
                "an update without fields changes nothing",
                hint="name at least one field; one called seen or durability goes into the mapping",
            )
        key = self._key(document)
        intent = Intent(verb=Verb.UPDATE, key=key, changes=changes, seen=await self._seen(key, seen))
        return await self._commit(intent, durability)

    async def delete(
        self,
        document: str | Document,
        *,
        seen: str | None = None,
        durability: Durability | str = Durability.NORMAL,
    ) -> None:
        """Delete a document, as far as it was seen: a concurrent update brings it back.

        Raises:
            DocumentNotFound: there is no live document with this id.
        """
        key = self._key(document)
        await self._commit(Intent(verb=Verb.DELETE, key=key, seen=await self._seen(key, seen)), durability)

    async def get(self, id: str) -> Document:  # noqa: A002 - the word that documents use
        """The document with this id, as it is now.

        Raises:
            DocumentNotFound: there is none, or it was deleted.
        """
        found = await self.find_one(id)
        if found is None:
            raise DocumentNotFound(f"{self.name} has no document {id!r}")
        return found

    async def find_one(self, id: str) -> Document | None:  # noqa: A002 - the word that documents use
        """The document with this id, or None."""
        number = self._space()
        key = self._key(id)
        data = await self._replica.read(lambda sql: DocumentRows(sql, number).projection(key))
        if data is None:
            return None
        projection = decode_projection(data)
        return Document(self._replica.spaces[number].id, key, projection) if projection.is_live else None

    def find(
        self,
        expression: Expression | Mapping[str, FieldValue] | None = None,
        /,
        *,
        where: Callable[[Document], bool] | None = None,
        order_by: str | Path | Sequence[str | Path] = (),
        limit: int | None = None,
        after: str | None = None,
    ) -> Query[Document]:
        """Live documents, through indexes where there are fitting ones.

        Args:
            expression: What they have to satisfy, such as ``syncore.where.year > 1979``; or a mapping of
                fields that must hold exactly these values, their types included.
            where: A function that says besides whether a document is wanted.
            order_by: Fields to order by, ``"-gross"`` with the greatest first. Documents that agree come in
                the order of their ids, in the direction of the last field; so do all if none is given.
            limit: Stop after so many.
            after: The token of a page: go on behind it.

        Returns:
            A query: ``async for``, ``await``, ``page()``, ``first()``, ``count()``, ``aggregate()``,
            ``group()`` and ``explain()`` carry it out.

        Raises:
            Misused, InvalidValue, InvalidToken: it cannot be asked.
        """
        question = checked_question(self.name, expression, where=where, order_by=order_by, limit=limit)
        return Query(self._replica, self._space, question, made=lambda document: document, after=after)

    async def siblings(self, document: str | Document, field: str) -> tuple[Sibling, ...]:
        """All values that a register holds: several where writers did not see each other.

        Writing the field with the document's token replaces what that read showed, and nothing newer.

        Args:
            document: The document or its id.
            field: The field; one that is not a register has no siblings.

        Returns:
            The values, the shown one first, then the latest.

        Raises:
            DocumentNotFound: there is no live document with this id.
        """
        key = self._key(document)
        check_name(field, "a field name")

        def look(work: DocumentWork) -> tuple[Sibling, ...] | None:
            visible = work.hold(key).visible
            if not visible.is_live(work.context):
                return None
            stored = visible.record.registers.get(field, ())
            if not stored:
                return ()
            verdict = register_verdict(visible.record, field, work.context, work.context.rules_of(self.name))
            return siblings_of(stored, verdict.winners, work.context)

        found = await self._replica.preview(self._space(), look)
        if found is None:
            raise DocumentNotFound(f"{self.name} has no document {key.id!r}")
        return found

    async def settings(self) -> CollectionRules:
        """The rules by which conflicts of this collection are resolved, as this replica knows them now."""
        state = self._replica.spaces[self._space()]
        return state.rules.get(self.name, NO_RULES)

    async def configure(
        self,
        *,
        default: RuleLike | Unset | None = None,
        fields: Mapping[str, RuleLike | Unset] | None = None,
        deletion: DeletionRule | str | Unset | None = None,
        schema: Mapping[str, object] | Unset | None = None,
        validators: Iterable[Validator] | Unset | None = None,
        unique: UniqueLike | Unset | None = None,
        references: ReferencesLike | Unset | None = None,
    ) -> CollectionRules:
        """Say how conflicts of this collection are resolved, and what is asked of its documents, everywhere.

        Only what is given changes. Settings are replicated like documents; where two devices set one rule at
        once, the last write holds. What the documents show by them changes at once, here and everywhere; by
        ``unique`` and ``references`` it does so in the background where there are many: :meth:`constraints`.

        Args:
            default: The rule of fields without one of their own: ``"last_write"``, ``"first_write"``,
                ``"max"``, ``"min"``, ``"union"``, ``"merge_text"``, ``"ask"``, an ``Authority`` or a
                ``Resolver``. ``UNSET`` goes back to the last write.
            fields: Rules by field name; ``UNSET`` takes a field's rule away.
            deletion: ``"update_wins"``, ``"delete_wins"`` or ``"ask"``: what becomes of a document that is
                deleted and changed at once. ``UNSET`` goes back to ``"update_wins"``.
            schema: What documents have to look like, as JSON Schema (``docs/formats/schemas.md``). ``UNSET``
                asks for nothing. What is there already is kept and flagged, see :meth:`invalid`.
            validators: All validators of the collection; each program has to be opened with them.
            unique: All that is unique: fields, or tuples of fields that are unique together. Of two documents
                that hold the same, the one that held it first keeps it; see :meth:`Space.conflicts`.
            references: All fields that name documents by their ids, with the collection, or with (collection,
                rule), where the rule for deletions is ``"set_null"`` (without one), ``"cascade"`` or
                ``"restore"``.

        Returns:
            The settings as they are now.

        Raises:
            Misused: no such rule.
            InvalidSchema: the schema cannot be used.
            InvalidName: no field can have this name, or none with a rule.
            NotPermitted: this device may only read the space.
        """
        current = await self.settings()
        changes = settings_changes(current, default, {} if fields is None else fields, deletion)
        changes |= judging_changes(current, schema, validators)
        changes |= constraint_changes(current, unique, references)
        if changes:
            await self.write_settings(changes)
        return await self.settings()

    def constraints(self) -> ConstraintsInForce:
        """When what :meth:`configure` asks of documents together holds for all of this collection.

        Where there are many they are looked at in the background, after a restart too; until then a document
        that was not looked at shows all that it holds, and takes no value from others.
        """
        return ConstraintsInForce(self._replica, self._space, self.name)

    async def write_settings(self, changes: Mapping[str, object]) -> None:
        """Write registers of the settings document; programs use :meth:`configure`."""
        intent = Intent(verb=Verb.PUT, key=DocumentKey(SETTINGS, self.name), changes=changes)
        await self._replica.commit(CommitRequest(self._space(), (intent,), Durability.NORMAL))

    async def invalid(self) -> list[InvalidDocument]:
        """The documents that do not fit the schema or the validators, with what is wrong with each."""
        return await list_invalid(self._replica, self._space(), self.name)

    def watch_invalid(self) -> AsyncGenerator[list[InvalidDocument], None]:
        """The documents that do not fit: now, and all of them again whenever that changes."""
        return watch_invalid(self._replica, self._space, self.name)

    async def undo(
        self, document: str | Document, *, durability: Durability | str = Durability.NORMAL
    ) -> UndoOutcome:
        """Take back this replica's last change of a document that was not taken back yet.

        With it goes the whole transaction, other documents too. Nothing in the past changes: the undo is a
        fresh change, which travels to others like any. What others wrote meanwhile stays, and is named in the
        outcome; so is what they built on. Texts, lists, sets and counters lose or get back exactly what the
        change did to them.

        Returns:
            What was changed and what was left alone; false, with ``was_empty``, if there is nothing to undo.

        Raises:
            NotPermitted, ReadOnly: nothing may be written here.
            TooLarge: what was deleted does not fit into one commit; nothing was changed.
        """
        return await self._take_back(document, Stack.UNDO, durability)

    async def redo(
        self, document: str | Document, *, durability: Durability | str = Durability.NORMAL
    ) -> UndoOutcome:
        """Do again what was undone last, unless the document was changed here since. As :meth:`undo`."""
        return await self._take_back(document, Stack.REDO, durability)

    async def can_undo(self, document: str | Document) -> bool:
        """Whether there is a change to undo; others may since have changed all that it changed."""
        return await can_undo(self._replica, self._space(), self._key(document), stack=Stack.UNDO)

    async def can_redo(self, document: str | Document) -> bool:
        """Whether there is an undone change to do again."""
        return await can_undo(self._replica, self._space(), self._key(document), stack=Stack.REDO)

    def watch(self) -> ChangeStream:
        """The changes of this collection that are committed from now on, here or by other devices.

        What other devices wrote comes as one change for each document that a merge has changed.
        """
        return self._replica.hub.open(self._space(), lambda change: change.collection == self.name)

    async def _take_back(
        self, document: str | Document, stack: Stack, durability: Durability | str
    ) -> UndoOutcome:
        key, wanted = self._key(document), checked_durability(durability)
        return await undo(self._replica, self._space(), key, stack=stack, durability=wanted)

    async def _commit(self, intent: Intent, durability: Durability | str) -> Document:
        request = CommitRequest(self._space(), (intent,), checked_durability(durability))
        return (await self._replica.commit(request))[intent.key]

    async def _seen(self, key: DocumentKey, token: str | None) -> dict[Writer, int] | None:
        return None if token is None else await seen_vector(self._replica, self._space(), key, token)

    def _key(self, document: str | Document) -> DocumentKey:
        if isinstance(document, Document):
            if document.collection != self.name:
                raise InvalidChange(
                    f"{document.collection}/{document.id} is not in the collection {self.name}"
                )
            return DocumentKey(self.name, document.id)
        return DocumentKey(self.name, check_name(document, "a document id"))
