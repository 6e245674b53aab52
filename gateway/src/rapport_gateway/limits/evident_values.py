"""Values in documents that are evidently right for their place; see evident.py."""

from __future__ import annotations

from typing import Any

from graphql import (
    BooleanValueNode,
    EnumValueNode,
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLList,
    GraphQLNonNull,
    IntValueNode,
    ListValueNode,
    NullValueNode,
    ObjectValueNode,
    StringValueNode,
    Undefined,
    ValueNode,
    VariableNode,
    is_required_input_field,
)

Use = tuple[str, GraphQLInputType, Any]
"""A variable, the type that is wanted where it stands, and the default there (Undefined: none)."""
_EASY = {("String", StringValueNode), ("ID", StringValueNode), ("Boolean", BooleanValueNode)}
_SHORT = 9  # digits; as many fit into every number


class Unsure(Exception):
    """Something that the rules have to look at."""


def note_values(node: ValueNode, type_: GraphQLInputType, default: Any, uses: list[Use]) -> None:
    """Adds the variables in a value to `uses`. Raises Unsure."""
    if isinstance(node, VariableNode):
        uses.append((node.name.value, type_, default))
        return
    inner: Any = type_.of_type if isinstance(type_, GraphQLNonNull) else type_
    if isinstance(node, NullValueNode):
        if inner is not type_:
            raise Unsure
    elif isinstance(inner, GraphQLList):
        for item in node.values if isinstance(node, ListValueNode) else (node,):
            note_values(item, inner.of_type, Undefined, uses)
    elif isinstance(inner, GraphQLInputObjectType):
        _note_object(node, inner, uses)
    elif not _is_leaf_right(node, inner):
        raise Unsure


def _note_object(node: ValueNode, type_: GraphQLInputObjectType, uses: list[Use]) -> None:
    if not isinstance(node, ObjectValueNode) or type_.is_one_of:
        raise Unsure
    given = {item.name.value: item.value for item in node.fields}
    if len(given) != len(node.fields) or not given.keys() <= type_.fields.keys():
        raise Unsure
    for name, field in type_.fields.items():
        value = given.get(name)
        if value is not None:
            note_values(value, field.type, default_of(field), uses)
        elif is_required_input_field(field):
            raise Unsure


def _is_leaf_right(node: ValueNode, type_: Any) -> bool:
    if isinstance(type_, GraphQLEnumType):
        return isinstance(node, EnumValueNode) and node.value in type_.values
    if isinstance(node, IntValueNode):
        return len(node.value) <= _SHORT and type_.name in {"Int", "Float", "ID"}
    return (type_.name, type(node)) in _EASY


def default_of(place: Any) -> Any:
    """Of an argument or an input field, as graphql-core sees it."""
    return place.default if place.default is not None else place.default_value
