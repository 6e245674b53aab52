"""How long a list may be, as far as a document and a schema say."""

from __future__ import annotations

from collections.abc import Mapping
from math import ceil
from typing import Any

from graphql import (
    FieldNode,
    GraphQLArgument,
    GraphQLList,
    GraphQLNonNull,
    GraphQLSchema,
    IntValueNode,
    NullValueNode,
    VariableNode,
    is_abstract_type,
)

from rapport_gateway.limits.refusal import COUNT_CAP

ListSize = tuple[int | str, ...]
"""The first that is not null counts, strings being names of variables; empty when nothing is said."""
_SLICING = ("first", "last")
_MAX_DIGITS = 11


def list_size(node: FieldNode, arguments: Mapping[str, GraphQLArgument]) -> ListSize:
    """What `first` and `last` of the field say, their defaults in the schema included."""
    given = {argument.name.value: argument.value for argument in node.arguments or ()}
    candidates: list[int | str] = []
    for name in _SLICING:
        value = given.get(name)
        if isinstance(value, IntValueNode):
            return (*candidates, _number(value))
        if isinstance(value, VariableNode):
            candidates.append(value.name.value)
        default = _default(arguments.get(name))
        if default is not None and not isinstance(value, NullValueNode):
            return (*candidates, default)
    return tuple(candidates)


def list_depth(type_: Any) -> int:
    """How many lists are around the named type."""
    depth = 0
    while isinstance(type_, GraphQLList | GraphQLNonNull):
        depth += isinstance(type_, GraphQLList)
        type_ = type_.of_type
    return depth


def introspection_sizes(schema: GraphQLSchema) -> dict[str, int]:
    """How long the lists of introspection are in this schema by field, those below a type or field on average."""
    types = list(schema.type_map.values())
    fields = [definition for type_ in types for definition in getattr(type_, "fields", {}).values()]
    abstract = [schema.get_possible_types(type_) for type_ in types if is_abstract_type(type_)]
    of_types = {
        "fields": len(fields),
        "inputFields": len(fields),
        "enumValues": sum(len(getattr(type_, "values", ())) for type_ in types),
        "interfaces": sum(len(getattr(type_, "interfaces", ())) for type_ in types),
        "possibleTypes": sum(map(len, abstract)),
    }
    return {
        "types": len(types),
        "directives": len(schema.directives),
        "args": ceil(sum(len(getattr(definition, "args", ())) for definition in fields) / max(len(fields), 1)),
        **{name: ceil(total / max(len(types), 1)) for name, total in of_types.items()},
    }


def _default(argument: GraphQLArgument | None) -> int | None:
    default = argument.default if argument is not None else None
    if default is None:
        return None
    if isinstance(default.literal, IntValueNode):
        return _number(default.literal)
    return default.value if isinstance(default.value, int) else None


def _number(node: IntValueNode) -> int:
    """Anything longer than an Int is as good as endless, and Python refuses to read very long ones."""
    return int(node.value) if len(node.value) <= _MAX_DIGITS else COUNT_CAP
