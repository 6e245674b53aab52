"""What an operation may cost: the objects that its answer can hold, estimated before anything is fetched.

Every object counts 1, leaves nothing, unless `@cost` gives them another weight. A list has as many items as its field's
`first` or `last` says, or that of the connection it belongs to, or as `@listSize` says, else an assumed number. Where
the number is a variable it is put in per request.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

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
from rapport_gateway.limits.rules import NO_RULES, CostRules
from rapport_gateway.limits.sizes import UNKNOWN, ListSize, introspection_sizes, is_sliced_once, list_depth, list_size

_META = frozenset({"__schema", "__type"})
Place = list[tuple[GraphQLNamedType, SelectionSetNode]]


@dataclass(slots=True)
class Cost:
    """Of one operation. `terms` are numbers of objects, each still to be multiplied with the list sizes in its key.

    `unsliced` are fields that do not have exactly one of the slicing arguments that `@listSize` asks for.
    `height` is the number of fields, those with the same response key in the same place counted once;
    `introspection` the number of objects below `__schema` and `__type`.
    """

    assumed_list_size: int
    height: int = 0
    introspection: int = 0
    terms: dict[tuple[ListSize, ...], int] = field(default_factory=dict)
    unsliced: list[str] = field(default_factory=list)

    def objects(self, variables: Mapping[str, Any]) -> int:
        """With the given, coerced variables."""
        return min(sum(self._term(sizes, number, variables) for sizes, number in self.terms.items()), COUNT_CAP)

    def _term(self, sizes: tuple[ListSize, ...], number: int, variables: Mapping[str, Any]) -> int:
        for size in sizes:
            number = min(number * size.items(variables, self.assumed_list_size), COUNT_CAP)
        return number

    def add(self, sizes: tuple[ListSize, ...], number: int) -> None:
        if number:
            self.terms[sizes] = min(self.terms.get(sizes, 0) + number, COUNT_CAP)


class _Objects(NamedTuple):
    """How many objects there are in one place: `number` times `sizes`; `page` is the size of a connection's lists,
    of those in `sized` where that is not empty."""

    number: int = 1
    sizes: tuple[ListSize, ...] = ()
    page: ListSize = UNKNOWN
    sized: frozenset[str] = frozenset()
    is_meta: bool = False


class Estimator:
    def __init__(self, schema: GraphQLSchema, assumed_list_size: int, rules: CostRules = NO_RULES) -> None:
        self._schema = schema
        self._rules = rules
        self._assumed_list_size = assumed_list_size
        self._meta_sizes = introspection_sizes(schema)

    def cost(self, document: DocumentNode, operation: OperationDefinitionNode) -> Cost:
        """Of an operation of a valid document; as many steps as it has selections, fragments expanded."""
        cost = Cost(self._assumed_list_size)
        root = self._schema.get_root_type(operation.operation)
        if root is not None:
            walk = _Walk(self._schema, document, self._meta_sizes, self._rules, cost)
            walk.enter([(root, operation.selection_set)], _Objects())
        return cost


class _Walk:
    def __init__(
        self, schema: GraphQLSchema, document: DocumentNode, meta: Mapping[str, int], rules: CostRules, cost: Cost
    ) -> None:
        self._schema = schema
        self._rules = rules
        self._is_weighed = bool(rules.fields or rules.types or rules.arguments)
        self._meta_sizes = meta
        self._cost = cost
        self._fragments = {n.name.value: n for n in document.definitions if isinstance(n, FragmentDefinitionNode)}

    def enter(self, place: Place, objects: _Objects) -> None:
        leaves: set[str] = set()
        below: dict[tuple[str, ListSize, str], tuple[GraphQLNamedType, FieldNode, GraphQLField, Place]] = {}
        for parent, node in self._fields(place):
            response_key = node.alias.value if node.alias else node.name.value
            if self._is_free_leaf(parent, node):
                leaves.add(response_key)
                continue
            definition = self._schema.get_field(parent, node.name.value)  # type: ignore[arg-type]
            if definition is None:
                leaves.add(response_key)
                continue
            size = self._size(parent, node, definition)
            if node.selection_set is None:
                if response_key not in leaves:
                    leaves.add(response_key)
                    self._count(objects, parent, node, definition, size)
                continue
            # Fields of the same key are merged, unless they are of two types and their lists are of two sizes.
            key = (response_key, size, parent.name if self._has_own_rules(parent, node) else "")
            inner = (get_named_type(definition.type), node.selection_set)
            below.setdefault(key, (parent, node, definition, []))[3].append(inner)
        self._cost.height += len(leaves) + len(below)
        for (_, size, _), (parent, node, definition, inner_place) in below.items():
            inside = self._count(objects, parent, node, definition, size)
            self.enter(inner_place, inside)

    def _is_free_leaf(self, parent: GraphQLNamedType, node: FieldNode) -> bool:
        """Nothing is to be said of it but that it is there."""
        return (
            node.selection_set is None
            and not self._is_weighed
            and (parent.name, node.name.value) not in self._rules.sizes
        )

    def _count(
        self, objects: _Objects, parent: GraphQLNamedType, node: FieldNode, definition: GraphQLField, size: ListSize
    ) -> _Objects:
        """Add what the field costs for `objects`; the objects that it gives."""
        inside = self._inside(objects, parent, node, definition, size)
        if inside.is_meta:
            if node.selection_set is not None:
                self._cost.introspection = min(self._cost.introspection + inside.number, COUNT_CAP)
            return inside
        rules, place = self._rules, (parent.name, node.name.value)
        type_ = get_named_type(definition.type)
        weight = rules.fields.get(place, rules.types.get(type_.name, int(node.selection_set is not None)))
        self._cost.add(inside.sizes, min(inside.number * weight, COUNT_CAP))
        if rules.arguments:
            given = sum(rules.arguments.get((*place, item.name.value), 0) for item in node.arguments or ())
            self._cost.add(objects.sizes, min(objects.number * given, COUNT_CAP))
        return inside

    def _size(self, parent: GraphQLNamedType, node: FieldNode, definition: GraphQLField) -> ListSize:
        rule = self._rules.sizes.get((parent.name, node.name.value))
        if rule is not None and rule.require_one and rule.slicing and not is_sliced_once(node, definition.args, rule):
            self._cost.unsliced.append(f"{parent.name}.{node.name.value}")
        return list_size(node, definition.args, rule)

    def _has_own_rules(self, parent: GraphQLNamedType, node: FieldNode) -> bool:
        place = (parent.name, node.name.value)
        return place in self._rules.fields or place in self._rules.sizes

    def _inside(
        self, objects: _Objects, parent: GraphQLNamedType, node: FieldNode, definition: GraphQLField, size: ListSize
    ) -> _Objects:
        name, lists = node.name.value, list_depth(definition.type)
        if objects.is_meta or name in _META:
            number = objects.number * (self._meta_sizes.get(name, 1) if lists else 1)
            return objects._replace(number=min(number, COUNT_CAP), is_meta=True)
        rule = self._rules.sizes.get((parent.name, name))
        sized = rule.sized if rule is not None else frozenset()
        if not lists:
            return objects._replace(page=size, sized=sized)
        if size == UNKNOWN and (not objects.sized or name in objects.sized):
            size = objects.page
        number, sizes = objects.number, objects.sizes
        for own in (UNKNOWN if sized else size, *[UNKNOWN] * (lists - 1)):
            if own.fixed is None:
                sizes = (*sizes, own)
            else:
                number *= max(own.fixed, 0)
        return _Objects(min(number, COUNT_CAP), sizes, *((size, sized) if sized else ()))

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
