"""Directives of operations that all subgraphs know, for the places and with the arguments that all of them allow."""

from __future__ import annotations

from collections.abc import Collection

from rapport_gateway.supergraph.api_schema import EXECUTABLE_LOCATIONS
from rapport_gateway.supergraph.composition.context import Context, Source
from rapport_gateway.supergraph.composition.inputs import merge_arguments
from rapport_gateway.supergraph.composition.merged import MergedDirective

_IMPLICIT = frozenset({"skip", "include", "deprecated", "specifiedBy", "oneOf", "link", "core"})


def merge_directives(context: Context, composed: Collection[str]) -> list[MergedDirective]:
    """Without those that are composed by wish anyway."""
    merged = []
    for name in context.schemas[0].directives:
        sources = [Source(schema, schema.directives[name]) for schema in context.schemas if name in schema.directives]
        if name in _IMPLICIT or name in composed or len(sources) < len(context.schemas):
            continue
        nodes = [definition.node for _, definition in sources]
        common = set.intersection(*({location.value for location in node.locations} for node in nodes))
        locations = [place.value for place in nodes[0].locations if place.value in common & EXECUTABLE_LOCATIONS]
        if locations:
            arguments = merge_arguments(context, f"@{name}", sources)
            repeatable = all(node.repeatable for node in nodes)
            merged.append(MergedDirective(name, arguments, locations, repeatable))
    return merged
