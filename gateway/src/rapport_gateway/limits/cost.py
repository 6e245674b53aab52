"""What an operation may cost: the objects that its answer can hold, estimated before anything is fetched.

Every object counts 1, leaves nothing. A list has as many items as its field's `first` or `last` says, or that of the
connection it belongs to, else an assumed number. Where the number is a variable it is put in per request.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLField,
    GraphQLNamedType,
    GraphQLSchema,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
    get_named_type,
)

from rapport_gateway.limits.refusal import COUNT_CAP
from rapport_gateway.limits.sizes import ListSize, introspection_sizes, list_depth, list_size

_META = frozenset({"__schema", "__type"})
Place = list[tuple[GraphQLNamedType, SelectionSetNode]]


@dataclass(slots=True)
class Cost:
    """Of one operation. `terms` are numbers of objects, each still to be multiplied with the list sizes in its key.

    `height` is the number of fields, those with the same response key in the same place counted once;
    `introspection` the number of objects below `__schema` and `__type`.
    """

    assumed_list_size: int
    height: int = 0
    introspection: int = 0
    terms: dict[tuple[ListSize, ...], int] = field(default_factory=dict)

    def objects(self, variables: Mapping[str, Any]) -> int:
        """With the given, coerced variables."""
        return min(sum(self._term(sizes, number, variables) for sizes, number in self.terms.items()), COUNT_CAP)

    def _term(self, sizes: tuple[ListSize, ...], number: int, variables: Mapping[str, Any]) -> int:
        for size in sizes:
            number = min(number * self._items(size, variables), COUNT_CAP)
        return number

    def _items(self, size: ListSize, variables: Mapping[str, Any]) -> int:
        for candidate in size:
            value = variables.get(candidate) if isinstance(candidate, str) else candidate
            if isinstance(value, int):
                return max(value, 0)
        return self.assumed_list_size


@dataclass(frozen=True, slots=True)
class _Objects:
    """How many objects there are in one place: `number` times `sizes`; `page` is the size of a connection's lists."""

    number: int = 1
    sizes: tuple[ListSize, ...] = ()
    page: ListSize = ()
    is_meta: bool = False


class Estimator:
    def __init__(self, schema: GraphQLSchema, assumed_list_size: int) -> None:
        self._schema = schema
        self._assumed_list_size = assumed_list_size
        self._meta_sizes = introspection_sizes(schema)

    def cost(self, document: DocumentNode, operation: OperationDefinitionNode) -> Cost:
        """Of an operation of a valid document; as many steps as it has selections, fragments expanded."""
        cost = Cost(self._assumed_list_size)
        root = self._schema.get_root_type(operation.operation)
        if root is not None:
            walk = _Walk(self._schema, document, self._meta_sizes, cost)
            walk.enter([(root, operation.selection_set)], _Objects())
        return cost


class _Walk:
    def __init__(self, schema: GraphQLSchema, document: DocumentNode, meta: Mapping[str, int], cost: Cost) -> None:
        self._schema = schema
        self._meta_sizes = meta
        self._cost = cost
        self._fragments = {n.name.value: n for n in document.definitions if isinstance(n, FragmentDefinitionNode)}

    def enter(self, place: Place, objects: _Objects) -> None:
        leaves: set[str] = set()
        below: dict[tuple[str, ListSize], tuple[FieldNode, GraphQLField, Place]] = {}
        for parent, node in self._fields(place):
            response_key = node.alias.value if node.alias else node.name.value
            definition = self._schema.get_field(parent, node.name.value)  # type: ignore[arg-type]
            if definition is None or node.selection_set is None:
                leaves.add(response_key)
                continue
            # Fields of the same key are merged, unless they are of two types and their lists are of two sizes.
            key = (response_key, list_size(node, definition.args))
            inner = (get_named_type(definition.type), node.selection_set)
            below.setdefault(key, (node, definition, []))[2].append(inner)
        self._cost.height += len(leaves) + len(below)
        for (_, size), (node, definition, inner_place) in below.items():
            inside = self._inside(objects, node.name.value, definition, size)
            if inside.is_meta:
                self._cost.introspection = min(self._cost.introspection + inside.number, COUNT_CAP)
            else:
                total = self._cost.terms.get(inside.sizes, 0) + inside.number
                self._cost.terms[inside.sizes] = min(total, COUNT_CAP)
            self.enter(inner_place, inside)

    def _inside(self, objects: _Objects, name: str, definition: GraphQLField, size: ListSize) -> _Objects:
        """The objects that the field gives for `objects`."""
        lists = list_depth(definition.type)
        if objects.is_meta or name in _META:
            number = objects.number * (self._meta_sizes.get(name, 1) if lists else 1)
            return replace(objects, number=min(number, COUNT_CAP), is_meta=True)
        if not lists:
            return replace(objects, page=size)
        number, sizes = objects.number, objects.sizes
        for own in (size or objects.page, *[()] * (lists - 1)):
            if len(own) == 1 and isinstance(own[0], int):
                number *= max(own[0], 0)
            else:
                sizes = (*sizes, own)
        return _Objects(min(number, COUNT_CAP), sizes)

    def _fields(self, place: Place) -> Iterator[tuple[GraphQLNamedType, FieldNode]]:
        for parent, selection_set in place:
            for selection in selection_set.selections:
                if isinstance(selection, FieldNode):
                    yield parent, selection
                elif isinstance(selection, InlineFragmentNode):
                    yield from self._fields([(self._type(selection, parent), selection.selection_set)])
                elif isinstance(selection, FragmentSpreadNode):
                    fragment = self._fragments[selection.name.value]
                    yield from self._fields([(self._type(fragment, parent), fragment.selection_set)])

    def _type(self, node: InlineFragmentNode | FragmentDefinitionNode, parent: GraphQLNamedType) -> GraphQLNamedType:
        condition = node.type_condition
        return self._schema.type_map[condition.name.value] if condition else parent
