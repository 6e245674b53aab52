"""Field rights at the doors of GraphQL: what is hidden is null, and nothing can be asked by it."""

import dataclasses
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import strawberry
from graphql import GraphQLObjectType, GraphQLResolveInfo, GraphQLSchema, default_field_resolver
from pydantic.alias_generators import to_camel
from strawberry import UNSET

from rapport_shared.contracts.roles import MASKABLE
from rapport_shared.errors import ForbiddenField
from rapport_shared.mongo import Document

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
    keys = (to_camel(key.field.name.lower()) for key in order or ())
    for name in (*map(to_camel, _filtered(given)), *keys):
        if name in hidden:
            raise ForbiddenField.named(name)


def without_hidden(condition: Document, hidden: frozenset[str]) -> Document:
    """A list's condition whose search leaves hidden fields out; what was filtered by has been checked before.

    A search is a ``$or`` of conditions on one field each. Raises ForbiddenField where nothing is left to search in.
    """
    if not hidden:
        return condition
    cleaned: Document = {}
    for key, value in condition.items():
        if key == "$or":
            kept = [part for part in value if not any(to_camel(name.removeprefix(_TOKENS)) in hidden for name in part)]
            if not kept:
                raise ForbiddenField.named(SEARCH)
            cleaned[key] = [without_hidden(part, hidden) for part in kept]
        elif key == "$and":
            cleaned[key] = [without_hidden(part, hidden) for part in value]
        else:
            cleaned[key] = value
    return cleaned


def _filtered(given: object) -> Iterator[str]:
    """The attributes that a filter input goes by, nested groups included."""
    if not dataclasses.is_dataclass(given):
        return
    for field in dataclasses.fields(given):
        value = getattr(given, field.name)
        if value is None or value is UNSET:
            continue
        if field.name not in _GROUPS:
            yield field.name
            continue
        for group in value if isinstance(value, list) else [value]:
            yield from _filtered(group)
