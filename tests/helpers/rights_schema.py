"""The schemas of the services, as they were committed: doors, fields, and the least that an operation needs."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from graphql import (
    FieldDefinitionNode,
    InputObjectTypeDefinitionNode,
    InputValueDefinitionNode,
    ListTypeNode,
    NamedTypeNode,
    NonNullTypeNode,
    ObjectTypeDefinitionNode,
    TypeNode,
    parse,
)

SERVICES = Path(__file__).parents[2] / "services"
ROOTS = ("Query", "Mutation", "Subscription")
_SCALARS: dict[str, Any] = {
    "ID": "usr_00000000000000000000000000",
    "String": "x",
    "Int": 1,
    "Boolean": True,
    "DateTime": "2026-03-01T09:00:00Z",
    "Decimal": "1",
}
_NAMED = {"currency": "CNY", "type": "Customer", "url": "https://hooks.example.com/rapport"}


@dataclass(frozen=True)
class ServiceSchema:
    """One service's SDL by definition."""

    service: str
    definitions: dict[str, Any]

    def fields(self, type_name: str) -> dict[str, FieldDefinitionNode]:
        """Of an object type; none of another type."""
        found = self.definitions.get(type_name)
        fields = found.fields if isinstance(found, ObjectTypeDefinitionNode) else ()
        return {field.name.value: field for field in fields or ()}

    @property
    def entities(self) -> list[str]:
        """The types that other services can ask for."""
        return [
            name
            for name, node in self.definitions.items()
            if isinstance(node, ObjectTypeDefinitionNode)
            and any(each.name.value == "key" for each in node.directives or ())
        ]

    def inputs(self, type_name: str) -> dict[str, InputValueDefinitionNode]:
        """The fields of an input type."""
        return {field.name.value: field for field in self.definitions[type_name].fields or ()}

    def values(self, enum: str) -> list[str]:
        """Of an enum type."""
        return [value.name.value for value in self.definitions[enum].values]

    def changed_type(self, mutation: str) -> str | None:
        """The entity that a mutation's payload holds."""
        payload = self.fields(named(self.fields("Mutation")[mutation].type))
        types = (named(field.type) for field in payload.values())
        return next((name for name in types if name in self.entities), None)

    def value(self, kind: TypeNode) -> Any:
        """The least value of a type."""
        if isinstance(kind, NonNullTypeNode):
            return self.value(kind.type)
        if isinstance(kind, ListTypeNode):
            return [self.value(kind.type)]
        name = kind.name.value if isinstance(kind, NamedTypeNode) else ""
        definition = self.definitions.get(name)
        if isinstance(definition, InputObjectTypeDefinitionNode):
            return self.least(name)
        return _SCALARS[name] if name in _SCALARS else self.values(name)[0]

    def least(self, input_type: str) -> dict[str, Any]:
        """An input with what it must have, and nothing else."""
        must = {name: field for name, field in self.inputs(input_type).items() if is_required(field)}
        texts = {name: _NAMED[name] for name in must.keys() & _NAMED.keys() if named(must[name].type) == "String"}
        return {name: texts.get(name) or self.value(field.type) for name, field in must.items()}

    def input_of(self, mutation: str) -> str | None:
        """The type of a mutation's ``input``."""
        arguments = self.fields("Mutation")[mutation].arguments or ()
        return next((named(argument.type) for argument in arguments), None)


def is_required(field: InputValueDefinitionNode) -> bool:
    """Whether it has to be given."""
    return isinstance(field.type, NonNullTypeNode) and field.default_value is None


def named(kind: TypeNode) -> str:
    """The type without lists and exclamation marks."""
    while isinstance(kind, NonNullTypeNode | ListTypeNode):
        kind = kind.type
    assert isinstance(kind, NamedTypeNode)
    return kind.name.value


@cache
def schemas() -> dict[str, ServiceSchema]:
    """By service."""
    return dict(_read())


def _read() -> Iterator[tuple[str, ServiceSchema]]:
    for path in sorted(SERVICES.glob("*/schema.graphql")):
        definitions = {
            definition.name.value: definition
            for definition in parse(path.read_text("utf-8")).definitions
            if hasattr(definition, "name") and definition.name is not None
        }
        yield path.parent.name, ServiceSchema(path.parent.name, definitions)
