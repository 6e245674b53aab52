"""`@cost` and `@listSize` of a supergraph, whatever they are called there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from graphql import DocumentNode, Node, TypeDefinitionNode

from rapport_gateway.limits.rules import CostRules, ListSizeRule
from rapport_gateway.supergraph.directives import directives
from rapport_gateway.supergraph.links import SpecLinks

_SPEC = "cost"


def read_costs(document: DocumentNode, links: SpecLinks) -> CostRules:
    """Without a link to the specification a schema may use these names for anything, and they count for nothing."""
    if links.get(_SPEC) is None:
        return CostRules()
    cost, list_size = (links.local_name(name, _SPEC) for name in ("cost", "listSize"))
    types, fields, arguments, sizes = {}, {}, {}, {}
    for node in document.definitions:
        if not isinstance(node, TypeDefinitionNode):
            continue
        owner = node.name.value
        if (weight := _weight(node, cost)) is not None:
            types[owner] = weight
        for field in getattr(node, "fields", None) or ():
            name = field.name.value
            if (weight := _weight(field, cost)) is not None:
                fields[owner, name] = weight
            for values in directives(field, list_size):
                sizes[owner, name] = _list_size(values)
            for argument in getattr(field, "arguments", None) or ():
                if (weight := _weight(argument, cost)) is not None:
                    arguments[owner, name, argument.name.value] = weight
    return CostRules(types, fields, arguments, sizes)


def _weight(node: Node, name: str) -> int | None:
    """IBM's specification writes weights as texts of numbers; less than nothing counts as nothing."""
    for values in directives(node, name):
        try:
            return max(0, round(float(values.get("weight", 1))))
        except (TypeError, ValueError, OverflowError):
            return None
    return None


def _list_size(values: Mapping[str, Any]) -> ListSizeRule:
    assumed = values.get("assumedSize")
    slicing, sized = (values.get(name) or [] for name in ("slicingArguments", "sizedFields"))
    return ListSizeRule(
        assumed if isinstance(assumed, int) else None,
        tuple(map(str, slicing)),
        frozenset(map(str, sized)),
        values.get("requireOneSlicingArgument") is not False,
    )
