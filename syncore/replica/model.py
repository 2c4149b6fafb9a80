"""Models: annotated classes for the documents of one collection.

Owns what such a class is: its fields, the schema that they come to, and its instances, which do not change. A
class is declared before it is known what its annotations mean, so they are looked at when it is first used.
"""

import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any, ClassVar, NoReturn, Self, dataclass_transform, get_args, get_origin, get_type_hints

from syncore.core.errors import InvalidChange, Misused
from syncore.core.identifiers import check_collection, check_name
from syncore.replica.model_fields import UNDEFINED, FieldInfo, Ref, Unresolved, field
from syncore.replica.model_types import from_value, kind_of, schema_of, to_value
from syncore.replica.settings import RuleLike
from syncore.replica.views import Document
from syncore.schema.compiling import DIALECT

_OWN = frozenset({"document", "id"})


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelField:
    """One field of a model.

    Attributes:
        annotation: Its type, resolved.
        info: What was said beside it.
    """

    annotation: object
    info: FieldInfo

    @property
    def may_be_missing(self) -> bool:
        """Whether a document may lack it: it has a default, or is of a kind that begins empty."""
        return self.info.has_default or kind_of(self.annotation) is not None

    def missing(self) -> object:
        """What the model shows where the document lacks it."""
        if self.info.has_default:
            return self.info.made_default()
        kind = kind_of(self.annotation)
        return (
            UNDEFINED if kind is None else from_value(self.annotation, _EMPTY.get(kind.__name__, frozenset()))
        )

    def stored(self, value: object) -> object:
        """What to write for a value of the model."""
        kind, plain = kind_of(self.annotation), to_value(value)
        return kind(plain) if kind is not None and isinstance(plain, int | str | list) else plain


_EMPTY: Mapping[str, object] = {"Counter": 0, "Text": "", "List": []}


@dataclass_transform(kw_only_default=True, frozen_default=True, field_specifiers=(field,))
class Model:
    """A document as an object: ``class Movie(syncore.Model, collection="movies"): title: str``.

    An instance does not change. One that was read has the ``id`` and the ``document`` that it was read from,
    with fields that the model does not know.
    """

    __collection__: ClassVar[str] = ""
    __version__: ClassVar[int] = 1
    __defaults__: ClassVar[Mapping[str, FieldInfo]] = {}
    __fields__: ClassVar[Mapping[str, ModelField]]
    __schema__: ClassVar[Mapping[str, Any]]

    def __init_subclass__(cls, *, collection: str, version: int = 1) -> None:
        """Declare a model.

        Args:
            collection: Where its documents are.
            version: To be counted up when fields change in a way that older programs do not follow.

        Raises:
            Misused, InvalidName: a field or the collection cannot be called so.
        """
        cls.__collection__ = check_collection(collection)
        if type(version) is not int or version < 1:
            raise Misused(f"the version of a model counts from 1, and is not {version!r}")
        cls.__version__ = version
        found: dict[str, FieldInfo] = dict(cls.__defaults__)
        for name in vars(cls).get("__annotations__", {}):
            if name.startswith("__"):
                continue
            if name in _OWN:
                raise Misused(f"{cls.__name__}: {name!r} is the model's own", hint="name the field otherwise")
            check_name(name, "a field's name")
            given = vars(cls).get(name, UNDEFINED)
            found[name] = given if isinstance(given, FieldInfo) else FieldInfo(default=given)
            if name in vars(cls):
                delattr(cls, name)
        cls.__defaults__ = found

    def __init__(self, **values: Any) -> None:  # noqa: ANN401 - of the fields' types
        """Make one that is in no collection yet.

        Raises:
            InvalidChange: a field that the model does not have, or that is missing.
        """
        cls = type(self)
        for name in values:
            check_field(cls, name)
        shown = {}
        for name, one in fields_of(cls).items():
            value = values[name] if name in values else one.missing()
            if value is UNDEFINED:
                raise InvalidChange(f"{cls.__name__} lacks its field {name!r}", hint="give it a value")
            shown[name] = value
        vars(self).update(shown, __given__=frozenset(values), __document__=None)

    @classmethod
    def from_document(cls, document: Document) -> Self:
        """The document as an object of this model.

        What others wrote may not fit: a value of another type is shown as it is, and one that is missing
        and has no default raises when it is asked for.
        """
        made = cls.__new__(cls)
        for name, one in fields_of(cls).items():
            value = from_value(one.annotation, document[name]) if name in document else one.missing()
            if value is not UNDEFINED:
                vars(made)[name] = value
        vars(made).update(__given__=frozenset(document), __document__=document)
        return made

    @property
    def document(self) -> Document:
        """The document that this was read from, with its token, its conflicts and fields unknown here.

        Raises:
            Misused: it was not read.
        """
        document = vars(self)["__document__"]
        if not isinstance(document, Document):
            raise Misused(f"this {type(self).__name__} is in no collection yet", hint="insert() it")
        return document

    @property
    def id(self) -> str:
        """The document's id.

        Raises:
            Misused: it was not read.
        """
        return self.document.id

    def as_fields(self) -> dict[str, object]:
        """The fields as ``insert`` of a transaction takes them; without those that are None by default."""
        given = vars(self)["__given__"]
        return {
            name: one.stored(value)
            for name, one in fields_of(type(self)).items()
            if (value := vars(self).get(name, UNDEFINED)) is not UNDEFINED
            and (name in given or (one.info.has_default and value is not None))
        }

    def __getattr__(self, name: str) -> NoReturn:
        """Say what a document lacks.

        Raises:
            AttributeError: the model has no such field, or the document lacks it.
        """
        what = "the document lacks" if name in type(self).__defaults__ else "there is no field"
        raise AttributeError(f"{type(self).__name__}: {what} {name!r}", name=name, obj=self)

    def __setattr__(self, name: str, value: object) -> NoReturn:
        """Refuse: a model shows what was read.

        Raises:
            AttributeError: always.
        """
        raise AttributeError(f"a {type(self).__name__} does not change; update() its document", name=name)

    def __eq__(self, other: object) -> bool:
        """Whether both are of one model and show the same."""
        return type(other) is type(self) and dict(_shown(self)) == dict(_shown(other))

    __hash__ = None  # type: ignore[assignment]  # fields may hold lists

    def __repr__(self) -> str:
        """The fields."""
        return f"{type(self).__name__}({', '.join(f'{name}={value!r}' for name, value in _shown(self))})"


def _shown(model: Model) -> Iterator[tuple[str, object]]:
    return ((name, vars(model)[name]) for name in type(model).__defaults__ if name in vars(model))


def fields_of(model: type[Model]) -> Mapping[str, ModelField]:
    """The fields of a model, by name.

    Raises:
        Misused: an annotation means nothing where the model was declared.
    """
    known = vars(model).get("__fields__")
    if known is not None:
        return known  # type: ignore[no-any-return]
    names = _Names(vars(sys.modules[model.__module__]) if model.__module__ in sys.modules else {})
    names[model.__name__] = model
    try:
        hints = get_type_hints(model, localns=names, include_extras=True)
    except (NameError, TypeError, SyntaxError, AttributeError) as error:
        raise Misused(f"the annotations of {model.__name__} mean nothing: {error}") from error
    return {name: ModelField(annotation=hints[name], info=info) for name, info in model.__defaults__.items()}


class _Names(dict[str, Any]):
    """What names in annotations mean; one that means nothing is told where it is used.

    ``Ref["Person"]`` may name a model that is declared later, or inside of a function: it is a reference all
    the same.
    """

    def __init__(self, module: Mapping[str, Any]) -> None:
        super().__init__()
        self._module = module

    def __missing__(self, name: str) -> object:
        builtins = vars(sys.modules["builtins"])
        if name in self._module or name in builtins:
            raise KeyError(name)  # found where Python looks next
        return Unresolved(name)


def model_schema(model: type[Model]) -> Mapping[str, Any]:
    """The schema that a model comes to.

    Raises:
        Misused: a field that no document can have.
    """
    known = vars(model).get("__schema__")
    if known is not None:
        return known  # type: ignore[no-any-return]
    parts: dict[str, Any] = {}
    required: list[str] = []
    for name, one in fields_of(model).items():
        where = f"{model.__name__}.{name}"
        parts[name] = schema_of(one.annotation, one.info, where, is_field=True)
        if not one.may_be_missing:
            required.append(name)
    schema: dict[str, Any] = {"$schema": DIALECT, "type": "object", "properties": parts}
    model.__schema__ = {**schema, "required": sorted(required)} if required else schema
    return model.__schema__


def is_model(found: object) -> bool:
    """Whether something is a model that was declared for a collection."""
    return isinstance(found, type) and issubclass(found, Model) and found is not Model


def model_rules(model: type[Model]) -> dict[str, RuleLike]:
    """The rules for conflicts that a model's fields are declared with."""
    return {name: one.resolve for name, one in model.__defaults__.items() if one.resolve is not None}


def model_unique(model: type[Model]) -> tuple[str, ...]:
    """The fields of a model whose values only one document may have."""
    return tuple(name for name, one in model.__defaults__.items() if one.unique)


def model_references(model: type[Model]) -> dict[str, tuple[str, str]]:
    """The fields of a model that name documents which have to be there: the collection, and the rule.

    Raises:
        Misused: a field that names none, or whose model is not known yet.
    """
    found = {}
    for name, one in fields_of(model).items():
        if one.info.on_delete is not None:
            target = _referred(one.annotation)
            if target is None:
                raise Misused(
                    f"{model.__name__}.{name} has on_delete, and names no documents of a model that is known",
                    hint="declare it as a Ref of a model that is declared in a module, not in a function",
                )
            found[name] = target.__collection__, one.info.on_delete
    return found


def _referred(annotation: object) -> type[Model] | None:
    """The model whose documents an annotation names."""
    for one in get_args(annotation):
        if get_origin(annotation) is Ref:
            return one if is_model(one) else None
        if (found := _referred(one)) is not None:
            return found
    return None


def check_field(model: type[Model], name: str) -> None:
    """Refuse a name that no field of a model has.

    Raises:
        InvalidChange: it says which one may be meant.
    """
    if name not in model.__defaults__:
        close = get_close_matches(name, model.__defaults__, n=1)
        hint = f"did you mean {close[0]!r}?" if close else f"it has {', '.join(sorted(model.__defaults__))}"
        raise InvalidChange(f"{model.__name__} has no field {name!r}", hint=hint)
