"""Operations made at random for a supergraph, from a seed: aliases, arguments, fragments, conditions, `__typename`."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

from graphql import (
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLNamedType,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLUnionType,
    get_named_type,
    is_composite_type,
    parse,
    validate,
)
from tests.conformance.corpus import Operation

from rapport_gateway.supergraph.loader import load_supergraph

_DEPTH = 4
_LEAVES = {"Int": "1", "Float": "1.5", "Boolean": "true", "ID": '"1"', "String": '"a"'}
_RARE, _FEW = 0.1, 0.25
"""How probable things are."""


def random_operations(supergraph_sdl: str, seed: str, count: int) -> list[Operation]:
    """The valid ones of `count` tries, the same for the same seed."""
    schema = load_supergraph(supergraph_sdl).api_schema
    tries = ((str(number), _Maker(schema, Random(f"{seed}/{number}")).query()) for number in range(count))
    return [Operation(name, text) for name, text in tries if not validate(schema, parse(text))]


class _Maker:
    def __init__(self, schema: GraphQLSchema, random: Random) -> None:
        self._schema = schema
        self._random = random
        self._fragments: list[str] = []

    def query(self) -> str:
        root = self._schema.query_type
        assert root is not None  # every composed schema has one
        body = self._selection(root, _DEPTH)
        return "\n".join([f"query {body}", *self._fragments])

    def _likely(self, probability: float) -> bool:
        return self._random.random() < probability

    def _selection(self, type_: GraphQLNamedType, depth: int) -> str:
        parts = ["__typename"] if self._likely(_FEW) else []
        if isinstance(type_, GraphQLObjectType | GraphQLInterfaceType):
            names = [name for name, field in type_.fields.items() if depth or not _is_composite(field)]
            chosen = self._random.sample(names, min(len(names), self._random.choice((1, 2, 3, 3))))
            parts.extend(self._field(name, type_.fields[name], depth) for name in chosen)
        parts.extend(self._narrowed(type_, depth))
        return "{ " + " ".join(parts or ["__typename"]) + " }"

    def _field(self, name: str, field: GraphQLField, depth: int) -> str:
        alias = f"{name}{self._random.choice('AB')}: " if self._likely(_FEW) else ""
        given = [
            f"{key}: {self._value(argument.type)}"
            for key, argument in field.args.items()
            if isinstance(argument.type, GraphQLNonNull) or self._likely(0.5)
        ]
        arguments = f"({', '.join(given)})" if given else ""
        below = f" {self._selection(get_named_type(field.type), depth - 1)}" if _is_composite(field) else ""
        return f"{alias}{name}{arguments}{self._condition()}{below}"

    def _narrowed(self, type_: GraphQLNamedType, depth: int) -> Iterator[str]:
        if isinstance(type_, GraphQLInterfaceType | GraphQLUnionType):
            possible: list[GraphQLNamedType] = list(self._schema.get_possible_types(type_))
        else:
            possible = [type_] if self._likely(_RARE) else []
        for narrow in self._random.sample(possible, min(len(possible), 2)):
            below = self._selection(narrow, max(depth - 1, 0))
            if self._likely(_FEW):
                name = f"F{len(self._fragments)}"
                self._fragments.append(f"fragment {name} on {narrow.name} {below}")
                yield f"...{name}{self._condition()}"
            else:
                yield f"... on {narrow.name}{self._condition()} {below}"

    def _condition(self) -> str:
        if not self._likely(_RARE):
            return ""
        return f" @{self._random.choice(('skip', 'include'))}(if: {self._random.choice(('true', 'false'))})"

    def _value(self, type_: GraphQLInputType) -> str:
        if isinstance(type_, GraphQLNonNull):
            return self._value(type_.of_type)
        if isinstance(type_, GraphQLList):
            return f"[{self._value(type_.of_type)}]"
        if isinstance(type_, GraphQLEnumType):
            return str(self._random.choice(list(type_.values)))
        if isinstance(type_, GraphQLInputObjectType):
            needed = {key: item for key, item in type_.fields.items() if isinstance(item.type, GraphQLNonNull)}
            return "{" + ", ".join(f"{key}: {self._value(item.type)}" for key, item in needed.items()) + "}"
        return _LEAVES.get(type_.name, '"a"')


def _is_composite(field: GraphQLField) -> bool:
    return is_composite_type(get_named_type(field.type))
