"""How long a list may be, as far as a document and a schema say."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
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
    ValueNode,
    VariableNode,
    is_abstract_type,
)

from rapport_gateway.limits.refusal import COUNT_CAP
from rapport_gateway.limits.rules import ListSizeRule

_SLICING = ("first", "last")
_MAX_DIGITS = 11


@dataclass(frozen=True, slots=True)
class ListSize:
    """The greatest of what is `asked` for, numbers and names of variables; `otherwise`, where nothing is, as many as
    the schema says; None where it does not say."""

    asked: tuple[int | str, ...] = ()
    otherwise: int | None = None

    @property
    def fixed(self) -> int | None:
        """The number that it is whatever the variables are."""
        if not self.asked:
            return self.otherwise
        numbers = [item for item in self.asked if isinstance(item, int)]
        return max(numbers) if len(numbers) == len(self.asked) else None

    def items(self, variables: Mapping[str, Any], assumed: int) -> int:
        """With these variables; `assumed` where neither the operation nor the schema says how many."""
        given = [item if isinstance(item, int) else variables.get(item) for item in self.asked]
        numbers = [number for number in given if isinstance(number, int)]
        if numbers:
            return max(0, *numbers)
        return assumed if self.otherwise is None else max(self.otherwise, 0)


UNKNOWN = ListSize()


def list_size(node: FieldNode, arguments: Mapping[str, GraphQLArgument], rule: ListSizeRule | None) -> ListSize:
    """What the slicing arguments of a field say, their defaults in the schema included; `first` and `last` where no
    rule names others."""
    if rule is None and not node.arguments and not arguments:
        return UNKNOWN
    names = rule.slicing if rule is not None else _SLICING
    given = _given(node)
    asked = tuple(item for name in names for item in _asked(given.get(name)))
    defaults = [_default(arguments.get(name)) for name in names if not isinstance(given.get(name), NullValueNode)]
    numbers = [number for number in defaults if number is not None]
    if rule is not None and rule.assumed is not None:
        return ListSize(asked, max(numbers, default=rule.assumed))
    return ListSize(asked, max(numbers, default=None))


def is_sliced_once(node: FieldNode, arguments: Mapping[str, GraphQLArgument], rule: ListSizeRule) -> bool:
    """Whether exactly one slicing argument is given; a default in the schema counts where none is."""
    given = _given(node)
    number = sum(len(_asked(given.get(name))) for name in rule.slicing)
    if number == 0:
        number = sum(_default(arguments.get(name)) is not None for name in rule.slicing if name not in given)
    return number == 1


def _given(node: FieldNode) -> dict[str, ValueNode]:
    return {argument.name.value: argument.value for argument in node.arguments or ()}


def _asked(value: ValueNode | None) -> list[int | str]:
    """The number, or the name of the variable that will say."""
    if isinstance(value, VariableNode):
        return [value.name.value]
    return [_number(value)] if isinstance(value, IntValueNode) else []


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
