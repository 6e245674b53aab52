"""A subgraph's schema as composition sees it: extensions folded in, federation directives under their own names."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from graphql import (
    DirectiveDefinitionNode,
    GraphQLSchema,
    NonNullTypeNode,
    TypeNode,
    parse_value,
    value_from_ast_untyped,
)

from rapport_gateway.supergraph.composition.federation import Federation
from rapport_gateway.supergraph.links import SpecLinks
from rapport_gateway.supergraph.model import Kind


@dataclass(frozen=True, slots=True)
class SubgraphSource:
    """What composition is given of one subgraph."""

    name: str
    url: str
    sdl: str


def without_braces(field_set: object) -> str:
    """Some write the braces around a field set; not all readers of supergraphs take them."""
    text = str(field_set).strip()
    return text[1:-1].strip() if text.startswith("{") and text.endswith("}") else str(field_set)


@dataclass(frozen=True, slots=True)
class Applied:
    """A directive in use; `arguments` are plain Python values, `text` is set when the supergraph keeps it as it is."""

    name: str
    arguments: dict[str, Any]
    text: str | None = None


class Annotated:
    """Anything that carries directives."""

    directives: list[Applied]

    def uses(self, name: str) -> Iterator[dict[str, Any]]:
        return (applied.arguments for applied in self.directives if applied.name == name)

    def has(self, name: str) -> bool:
        return any(applied.name == name for applied in self.directives)


@dataclass(slots=True, eq=False)
class InputDef(Annotated):
    """An argument or a field of an input type; `default` is GraphQL text."""

    name: str
    type: TypeNode
    default: str | None
    description: str | None
    directives: list[Applied] = field(default_factory=list)

    def has_same_default(self, other: str | None) -> bool:
        """Whatever the order of members and the form of strings and numbers."""
        if self.default is None or other is None:
            return self.default is other
        return bool(value_from_ast_untyped(parse_value(self.default)) == value_from_ast_untyped(parse_value(other)))

    @property
    def is_required(self) -> bool:
        return isinstance(self.type, NonNullTypeNode) and self.default is None


@dataclass(slots=True, eq=False)
class FieldDef(Annotated):
    name: str
    type: TypeNode
    arguments: dict[str, InputDef]
    description: str | None
    directives: list[Applied] = field(default_factory=list)
    external: bool = False
    shareable: bool = False


@dataclass(slots=True, eq=False)
class SchemaDef(Annotated):
    """The schema as a whole."""

    directives: list[Applied] = field(default_factory=list)


@dataclass(slots=True, eq=False)
class DirectiveDef:
    """A directive's definition."""

    node: DirectiveDefinitionNode
    arguments: dict[str, InputDef]


@dataclass(slots=True, eq=False)
class ValueDef(Annotated):
    name: str
    description: str | None
    directives: list[Applied] = field(default_factory=list)


@dataclass(slots=True, eq=False)
class TypeDef(Annotated):
    """`extended`: the subgraph only extends the type (`extend type`, `@extends`)."""

    name: str
    kind: Kind
    description: str | None = None
    directives: list[Applied] = field(default_factory=list)
    fields: dict[str, FieldDef] = field(default_factory=dict)
    inputs: dict[str, InputDef] = field(default_factory=dict)
    interfaces: dict[str, None] = field(default_factory=dict)
    members: dict[str, None] = field(default_factory=dict)
    values: dict[str, ValueDef] = field(default_factory=dict)
    extended: bool = False

    @property
    def is_interface_object(self) -> bool:
        return self.has("interfaceObject")

    def key_texts(self) -> list[tuple[str, bool]]:
        """(fields, resolvable) of every `@key`."""
        return [(without_braces(use.get("fields")), bool(use.get("resolvable", True))) for use in self.uses("key")]


@dataclass(slots=True, eq=False)
class SubgraphSchema:
    """`graph` is the subgraph's value in the `join__Graph` enum.

    `graphql` is the same schema as GraphQL sees it. `directives` are its directive definitions, `composes` what its
    `@composeDirective`s name. `roots` are the usual names of its root types by their own, `misnamed_roots` those of
    them beside which there is another type with that usual name. `repeated` are coordinates of what is `@shareable`
    twice in one place.
    """

    name: str
    url: str
    graph: str
    federation: Federation
    graphql: GraphQLSchema
    whole: SchemaDef = field(default_factory=SchemaDef)
    types: dict[str, TypeDef] = field(default_factory=dict)
    directives: dict[str, DirectiveDef] = field(default_factory=dict)
    composes: list[object] = field(default_factory=list)
    roots: dict[str, str] = field(default_factory=dict)
    misnamed_roots: dict[str, str] = field(default_factory=dict)
    repeated: list[str] = field(default_factory=list)

    @property
    def is_federation_2(self) -> bool:
        return self.federation.minor is not None

    @property
    def links(self) -> SpecLinks:
        return self.federation.links

    def usual_name(self, own: str) -> str:
        return self.roots.get(own, own)

    def own_name(self, usual: str) -> str:
        return next((own for own, name in self.roots.items() if name == usual), usual)

    def elements(self) -> Iterator[Annotated]:
        """Everything that may carry directives."""
        yield self.whole
        for directive in self.directives.values():
            yield from directive.arguments.values()
        for type_def in self.types.values():
            yield type_def
            yield from (*type_def.inputs.values(), *type_def.values.values())
            for item in type_def.fields.values():
                yield item
                yield from item.arguments.values()
