"""What a document's fields are checked against, looked up once for each field of the schema."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from graphql import (
    GraphQLInputType,
    GraphQLNamedType,
    GraphQLSchema,
    get_named_type,
    is_composite_type,
    is_required_argument,
)

from rapport_gateway.limits.evident_values import default_of

_TYPENAME = "__typename"


@dataclass(frozen=True, slots=True, eq=False)
class KnownField:
    """`below` is the type of the objects that it gives, None for leaves; `arguments` are types and defaults."""

    type: Any
    below: GraphQLNamedType | None
    arguments: Mapping[str, tuple[GraphQLInputType, Any]]
    required: frozenset[str]


class KnownFields:
    def __init__(self, schema: GraphQLSchema) -> None:
        self._schema = schema
        self._known: dict[str, dict[str, KnownField]] = {}

    def of(self, type_: GraphQLNamedType) -> Mapping[str, KnownField]:
        """By name: those of a composite type, `__typename` included, other introspection not."""
        found = self._known.get(type_.name)
        if found is None:
            names = (_TYPENAME, *getattr(type_, "fields", ()))
            found = self._known[type_.name] = {name: self._field(type_, name) for name in names}
        return found

    def _field(self, parent: Any, name: str) -> KnownField:
        definition = self._schema.get_field(parent, name)
        assert definition is not None  # noqa: S101  (it is the type's own)
        named = get_named_type(definition.type)
        return KnownField(
            definition.type,
            named if is_composite_type(named) else None,
            {key: (argument.type, default_of(argument)) for key, argument in definition.args.items()},
            frozenset(key for key, argument in definition.args.items() if is_required_argument(argument)),
        )
