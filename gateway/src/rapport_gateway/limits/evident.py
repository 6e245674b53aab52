"""Documents that are evidently valid are told in one walk, at a fifth of what graphql-core's rules take.

Only the usual is taken here. Whatever is unusual, repeated, or wrong is left to the rules, which alone say what is
wrong with a document: there is no error that is found here, and none that would not be found there.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from graphql import (
    DirectiveLocation,
    DirectiveNode,
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLBoolean,
    GraphQLNamedType,
    GraphQLNonNull,
    GraphQLSchema,
    InlineFragmentNode,
    NamedTypeNode,
    OperationDefinitionNode,
    OperationType,
    SelectionSetNode,
    Undefined,
    VariableDefinitionNode,
    do_types_overlap,
    is_composite_type,
    is_input_type,
    type_from_ast,
)
from graphql.validation.rules.variables_in_allowed_position import allowed_variable_usage

from rapport_gateway.limits.evident_values import Unsure, Use, note_values
from rapport_gateway.limits.known_fields import KnownField, KnownFields

_CONDITION = GraphQLNonNull(GraphQLBoolean)
_CONDITIONAL = frozenset(
    {DirectiveLocation.FIELD, DirectiveLocation.FRAGMENT_SPREAD, DirectiveLocation.INLINE_FRAGMENT}
)
_MAX_REPEATED = 20
_MOST_COMPARISONS = 10_000

Keys = dict[str, tuple[FieldNode, KnownField]]
"""The fields of one place in the answer."""


@dataclass(slots=True, eq=False)
class _Body:
    """Of an operation or a fragment: its fields, the variables and fragments that it uses, those of fragments aside."""

    type: GraphQLNamedType
    keys: Keys = field(default_factory=dict)
    uses: list[Use] = field(default_factory=list)
    spreads: set[str] = field(default_factory=set)


class EvidentlyValid:
    """For one schema."""

    def __init__(self, schema: GraphQLSchema, max_comparisons: int) -> None:
        """`max_comparisons` is the limit of the rules, which refuse what they would have to compare more often."""
        self.schema = schema
        self.fields = KnownFields(schema)
        self.max_comparisons = min(max_comparisons, _MOST_COMPARISONS)
        self.conditions = frozenset(name for name in ("skip", "include") if _is_condition(schema, name))
        self._overlapping: dict[tuple[str, str], bool] = {}

    def holds(self, document: DocumentNode) -> bool:
        """Whether the rules would certainly find nothing wrong."""
        try:
            _Walk(self, document).check()
        except (Unsure, RecursionError):
            return False
        return True

    def overlap(self, one: GraphQLNamedType, other: GraphQLNamedType) -> bool:
        """Of two composite types of the schema."""
        key = (one.name, other.name)
        found = self._overlapping.get(key)
        if found is None:
            found = self._overlapping[key] = do_types_overlap(self.schema, one, other)  # type: ignore[arg-type]
        return found


def _is_condition(schema: GraphQLSchema, name: str) -> bool:
    directive = schema.get_directive(name)
    if directive is None or not _CONDITIONAL.issubset(directive.locations):
        return False
    return [(key, str(item.type)) for key, item in directive.args.items()] == [("if", "Boolean!")]


class _Walk:
    def __init__(self, evident: EvidentlyValid, document: DocumentNode) -> None:
        self._evident = evident
        self._schema = evident.schema
        self._document = document
        self._fragments: dict[str, FragmentDefinitionNode] = {}
        self._bodies: dict[str, _Body | None] = {}
        self._steps = self._spread = self._repeated = 0

    def check(self) -> None:
        """Raises Unsure."""
        operations = self._operations()
        bodies = [self._operation(operation) for operation in operations]
        for operation, body in zip(operations, bodies, strict=True):
            self._variables(operation.variable_definitions or (), body)
        if len(self._bodies) != len(self._fragments):
            raise Unsure  # some fragment is not used
        # More than the rules compare where hardly any name comes twice: each fragment with each place it is spread in.
        if self._steps * (self._spread + 1) + _MAX_REPEATED**2 > self._evident.max_comparisons:
            raise Unsure

    def _operations(self) -> list[OperationDefinitionNode]:
        operations: list[OperationDefinitionNode] = []
        for node in self._document.definitions:
            if isinstance(node, FragmentDefinitionNode):
                if node.name.value in self._fragments or node.directives or node.variable_definitions:
                    raise Unsure
                self._fragments[node.name.value] = node
            elif isinstance(node, OperationDefinitionNode):
                if node.directives or node.operation is OperationType.SUBSCRIPTION:
                    raise Unsure
                operations.append(node)
            else:
                raise Unsure
        names = {node.name.value for node in operations if node.name}
        if len(operations) != 1 and len(names) != len(operations):
            raise Unsure
        return operations

    def _operation(self, node: OperationDefinitionNode) -> _Body:
        root = self._schema.get_root_type(node.operation)
        if root is None:
            raise Unsure
        body = _Body(root)
        self._select(node.selection_set, root, body.keys, body)
        return body

    def _variables(self, definitions: Sequence[VariableDefinitionNode], body: _Body) -> None:
        known: dict[str, tuple[Any, VariableDefinitionNode]] = {}
        for node in definitions:
            type_ = type_from_ast(self._schema, node.type)
            if node.directives or node.variable.name.value in known or not is_input_type(type_):
                raise Unsure
            if node.default_value is not None:
                note_values(node.default_value, type_, Undefined, [])
            known[node.variable.name.value] = (type_, node)
        used: set[str] = set()
        for name, wanted, default in self._uses(body):
            if name not in known:
                raise Unsure
            used.add(name)
            type_, node = known[name]
            if not allowed_variable_usage(self._schema, type_, node.default_value, wanted, default):
                raise Unsure
        if len(used) != len(known):
            raise Unsure

    def _uses(self, body: _Body) -> Iterable[Use]:
        """Those of the fragments included."""
        yield from body.uses
        reached = set(body.spreads)
        waiting = list(reached)
        while waiting:
            fragment = self._bodies[waiting.pop()]
            if fragment is None:
                raise Unsure
            yield from fragment.uses
            waiting.extend(fragment.spreads - reached)
            reached |= fragment.spreads

    # -- selections

    def _select(self, selection_set: SelectionSetNode, parent: GraphQLNamedType, keys: Keys, body: _Body) -> None:
        self._steps += 1 + len(selection_set.selections)
        fields = self._evident.fields.of(parent)
        for node in selection_set.selections:
            if node.directives:
                self._conditions(node.directives, body)
            if isinstance(node, FieldNode):
                known = fields.get(node.name.value)
                if known is None:
                    raise Unsure
                self._field(node, known, keys, body)
            elif isinstance(node, InlineFragmentNode):
                condition = node.type_condition
                inner = parent if condition is None else self._narrowed(condition, parent)
                self._select(node.selection_set, inner, keys, body)
            elif isinstance(node, FragmentSpreadNode):
                self._spread_here(node, parent, keys, body)

    def _field(self, node: FieldNode, known: KnownField, keys: Keys, body: _Body) -> None:
        if node.arguments or known.required:
            self._arguments(node, known, body)
        self._put(keys, node.alias.value if node.alias else node.name.value, (node, known))
        below = node.selection_set
        if known.below is None:
            if below is not None:
                raise Unsure
        elif below is None:
            raise Unsure
        else:
            self._select(below, known.below, {}, body)

    def _put(self, keys: Keys, key: str, found: tuple[FieldNode, KnownField]) -> None:
        """Fields of one name in one place are left to the rules, unless they are leaves and clearly the same."""
        there = keys.setdefault(key, found)
        if there[0] is found[0]:
            return
        (one, first), (two, second) = there, found
        self._repeated += 1
        if (
            self._repeated > _MAX_REPEATED
            or one.name.value != two.name.value
            or first.type is not second.type
            or first.below is not None
            or one.arguments
            or two.arguments
        ):
            raise Unsure

    def _spread_here(self, node: FragmentSpreadNode, parent: GraphQLNamedType, keys: Keys, body: _Body) -> None:
        name = node.name.value
        fragment = self._fragment(name)
        if node.arguments or not self._evident.overlap(fragment.type, parent):
            raise Unsure
        self._spread += 1
        self._steps += len(fragment.keys)
        if self._steps > self._evident.max_comparisons:
            raise Unsure
        body.spreads.add(name)
        for key, found in fragment.keys.items():
            self._put(keys, key, found)

    def _fragment(self, name: str) -> _Body:
        if name in self._bodies:
            found = self._bodies[name]
            if found is None:
                raise Unsure  # it spreads itself
            return found
        node = self._fragments.get(name)
        if node is None:
            raise Unsure
        self._bodies[name] = None
        body = _Body(self._composite(node.type_condition))
        self._select(node.selection_set, body.type, body.keys, body)
        self._bodies[name] = body
        return body

    def _narrowed(self, condition: NamedTypeNode, parent: GraphQLNamedType) -> GraphQLNamedType:
        inner = self._composite(condition)
        if not self._evident.overlap(inner, parent):
            raise Unsure
        return inner

    def _composite(self, condition: NamedTypeNode) -> GraphQLNamedType:
        found = self._schema.type_map.get(condition.name.value)
        if found is None or not is_composite_type(found):
            raise Unsure
        return found

    # -- arguments

    def _arguments(self, node: FieldNode, known: KnownField, body: _Body) -> None:
        given: set[str] = set()
        for item in node.arguments or ():
            argument = known.arguments.get(item.name.value)
            if argument is None or item.name.value in given:
                raise Unsure
            given.add(item.name.value)
            note_values(item.value, *argument, body.uses)
        if not known.required <= given:
            raise Unsure

    def _conditions(self, directives: Sequence[DirectiveNode], body: _Body) -> None:
        left = set(self._evident.conditions)
        for node in directives:
            arguments = node.arguments or ()
            if node.name.value not in left or len(arguments) != 1 or arguments[0].name.value != "if":
                raise Unsure
            left.discard(node.name.value)
            note_values(arguments[0].value, _CONDITION, Undefined, body.uses)
