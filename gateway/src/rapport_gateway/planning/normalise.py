"""First pass: the chosen operation with fragments flattened and `@skip`/`@include` applied."""

from __future__ import annotations

from collections.abc import Mapping

from graphql import (
    BooleanValueNode,
    DocumentNode,
    FragmentDefinitionNode,
    OperationDefinitionNode,
    SelectionNode,
    VariableNode,
)

from rapport_gateway.planning.operation import Names, NormalisedOperation
from rapport_gateway.planning.selections import SelectionBuilder
from rapport_gateway.supergraph.model import Supergraph


def normalise(
    supergraph: Supergraph,
    document: DocumentNode,
    operation: OperationDefinitionNode,
    conditions: Mapping[str, bool],
    builder: SelectionBuilder,
) -> NormalisedOperation:
    """`conditions` holds the value of every variable that `condition_variables` names. Raises OperationTooLarge."""

    def included(selection: SelectionNode) -> bool:
        return _is_included(selection, conditions)

    kind = operation.operation.value
    root = builder.build(
        supergraph.roots[kind],
        [operation.selection_set],
        Names(),
        fragments={node.name.value: node for node in document.definitions if isinstance(node, FragmentDefinitionNode)},
        included=included,
    )
    return NormalisedOperation(operation, kind, root, builder.field_count)


def _is_included(selection: SelectionNode, conditions: Mapping[str, bool]) -> bool:
    for directive in selection.directives or ():
        if directive.name.value in {"skip", "include"} and directive.arguments:
            value = directive.arguments[0].value
            if isinstance(value, VariableNode):
                holds = conditions.get(value.name.value, False)
            else:
                holds = isinstance(value, BooleanValueNode) and value.value
            if holds is (directive.name.value == "skip"):
                return False
    return True
