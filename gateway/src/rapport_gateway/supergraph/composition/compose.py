"""Composition in order: read, check each subgraph, merge type by type, check the whole, print."""

from __future__ import annotations

from collections.abc import Sequence

from graphql import build_schema, validate_schema

from rapport_gateway.supergraph.composition.access import check_access
from rapport_gateway.supergraph.composition.checks import check_subgraph
from rapport_gateway.supergraph.composition.composed import composed_directives
from rapport_gateway.supergraph.composition.context import Context, listed
from rapport_gateway.supergraph.composition.directives import merge_directives
from rapport_gateway.supergraph.composition.externals import check_required_arguments
from rapport_gateway.supergraph.composition.inaccessible import check_inaccessible
from rapport_gateway.supergraph.composition.interface_objects import check_interface_objects
from rapport_gateway.supergraph.composition.merged import MergedType
from rapport_gateway.supergraph.composition.names import names_in_use
from rapport_gateway.supergraph.composition.read import read_subgraphs
from rapport_gateway.supergraph.composition.render import render_supergraph
from rapport_gateway.supergraph.composition.subgraph import SubgraphSource
from rapport_gateway.supergraph.composition.types import merge_type
from rapport_gateway.supergraph.errors import CompositionFailed, CompositionProblem
from rapport_gateway.supergraph.model import Kind


def compose(sources: Sequence[SubgraphSource]) -> str:
    """The supergraph SDL. Raises CompositionFailed with every problem found in the first step that has any.

    A step is left out after a problem, as it would tell of what only follows from that."""
    schemas, problems = read_subgraphs(sorted(sources, key=lambda source: source.name))
    for schema in schemas:
        problems.extend(check_subgraph(schema))
    _stop_for(problems)
    context = Context(schemas)
    composed, names = composed_directives(context), names_in_use(context)
    _stop_for(context.problems)
    types = _merged_types(context)
    directives = merge_directives(context, composed.names)
    check_interface_objects(context)
    _stop_for(context.problems)
    _check_interfaces(context, types)
    check_access(context)
    check_required_arguments(context)
    _stop_for(context.problems)
    _stop_for(list(check_inaccessible(types, directives)))
    sdl = render_supergraph(schemas, types, directives, composed, names)
    broken = validate_schema(build_schema(sdl, assume_valid_sdl=True))
    _stop_for([CompositionProblem("INVALID_GRAPHQL", error.message) for error in broken])
    return sdl


def _stop_for(problems: Sequence[CompositionProblem]) -> None:
    if problems:
        raise CompositionFailed(problems)


def _merged_types(context: Context) -> dict[str, MergedType]:
    if not any(schema.types["Query"].fields for schema in context.schemas):
        context.problem("NO_QUERIES", "no subgraph has a query field")
    names = dict.fromkeys(name for schema in context.schemas for name in schema.types)
    enums = {name for name in names if any(item.kind is Kind.ENUM for _, item in context.sources(name))}
    # Enums are merged by what they are used for, which is known when all else is merged.
    ordered = [*(name for name in names if name not in enums), *(name for name in names if name in enums)]
    merged = {name: merge_type(context, name, context.sources(name)) for name in ordered}
    return {name: item for name in names if (item := merged[name]) is not None}


def _check_interfaces(context: Context, types: dict[str, MergedType]) -> None:
    """Every object has every field of its interfaces, whichever subgraph they come from."""
    for merged in types.values():
        own = {field.name for field in merged.fields}
        for interface in merged.interfaces:
            declared = types.get(interface)
            if declared is None or declared.kind is not Kind.INTERFACE:
                continue
            missing = [field.name for field in declared.fields if field.name not in own]
            if missing:
                message = f"{merged.name} implements {interface} but has no field {listed(missing)}"
                context.problem("INTERFACE_FIELD_NO_IMPLEM", message)
