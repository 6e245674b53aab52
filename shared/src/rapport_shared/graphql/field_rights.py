"""Field rights at the doors of GraphQL: what is hidden is null, and nothing can be asked by it."""

import dataclasses
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import strawberry
from graphql import GraphQLObjectType, GraphQLResolveInfo, GraphQLSchema, default_field_resolver
from strawberry import UNSET

from rapport_shared.contracts.roles import CUSTOM, MASKABLE
from rapport_shared.errors import ForbiddenField
from rapport_shared.mongo import Document
from rapport_shared.rights import schema_name

_GROUPS = frozenset({"and_", "or_", "not_"})
SEARCH = "search"
_TOKENS = "search."  # where a document keeps what its fields are found by


def hidden_fields_of(type_name: str) -> Any:
    """The field ``hiddenFields``, which every type of ``MASKABLE`` has."""

    def hidden_fields(info: strawberry.Info) -> list[str]:
        return sorted(info.context.fields(type_name).hidden)

    description = "The fields that your role hides from you: they are null here, whatever they are."
    return strawberry.field(resolver=hidden_fields, description=description)


def mask_fields(schema: GraphQLSchema) -> None:
    """Make every maskable field of the schema answer null to whoever it is hidden from, at whatever door."""
    for type_name, names in MASKABLE.items():
        found = schema.type_map.get(type_name)
        if isinstance(found, GraphQLObjectType):
            for name in names & found.fields.keys():
                field = found.fields[name]
                field.resolve = _masked(type_name, name, field.resolve or default_field_resolver)


def _masked(type_name: str, name: str, resolve: Callable[..., Any]) -> Callable[..., Any]:
    def masked(source: Any, info: GraphQLResolveInfo[Any], **arguments: Any) -> Any:
        if name in info.context.fields(type_name).hidden:
            return None
        return resolve(source, info, **arguments)

    return masked


def check_asked(hidden: frozenset[str], *, given: object, order: Iterable[Any] | None = None) -> None:
    """Raise ForbiddenField where a filter or an order input goes by a hidden field."""
    if not hidden:
        return
    for name in asked(given, order):
        if name in hidden:
            raise ForbiddenField.named(name)


def asked(given: object, order: Iterable[Any] | None = None) -> Iterator[str]:
    """The fields, by their names in the schema, that a filter or an order input goes by."""
    yield from map(schema_name, (*_filtered(given), *map(_sorted_by, order or ())))


def without_hidden(condition: Document, hidden: frozenset[str]) -> Document:
    """A list's condition whose search leaves hidden fields out; what was filtered by has been checked before.

    A search is a ``$or`` of conditions on one field each. Raises ForbiddenField where nothing is left to search in.
    """
    if not hidden:
        return condition
    cleaned: Document = {}
    for key, value in condition.items():
        if key == "$or":
            kept = [
                part for part in value if not any(schema_name(name.removeprefix(_TOKENS)) in hidden for name in part)
            ]
            if not kept:
                raise ForbiddenField.named(SEARCH)
            cleaned[key] = [without_hidden(part, hidden) for part in kept]
        elif key == "$and":
            cleaned[key] = [without_hidden(part, hidden) for part in value]
        else:
            cleaned[key] = value
    return cleaned


def _sorted_by(key: Any) -> str:
    """The attribute that an order input goes by."""
    custom = getattr(key, "custom", None)
    return f"{CUSTOM}{custom}" if isinstance(custom, str) else str(getattr(key.field, "name", "")).lower()


def _filtered(given: object) -> Iterator[str]:
    """The attributes that a filter input goes by, nested groups included; a list names custom fields."""
    if not dataclasses.is_dataclass(given):
        return
    for field in dataclasses.fields(given):
        value = getattr(given, field.name)
        if value is None or value is UNSET:
            continue
        if field.name not in _GROUPS:
            yield from [f"{field.name}.{item.key}" for item in value] if isinstance(value, list) else [field.name]
            continue
        for group in value if isinstance(value, list) else [value]:
            yield from _filtered(group)
