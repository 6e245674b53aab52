"""External fields are declared as they are where they are resolved, and required with arguments that exist there."""

from __future__ import annotations

from collections.abc import Sequence

from graphql import FieldNode, InlineFragmentNode, SelectionSetNode, TypeNode

from rapport_gateway.supergraph.composition.context import Context, Source, accepts, listed
from rapport_gateway.supergraph.composition.merged import MergedInput
from rapport_gateway.supergraph.composition.subgraph import FieldDef, SubgraphSchema, TypeDef
from rapport_gateway.supergraph.directives import named_type, type_text
from rapport_gateway.supergraph.field_sets import parse_field_set

_Sources = Sequence[Source[FieldDef]]


def check_externals(
    context: Context, where: str, sources: _Sources, merged: TypeNode, arguments: Sequence[MergedInput]
) -> None:
    """`merged` and `arguments` are those of the field where it is resolved."""
    _check_types(context, where, sources, merged)
    for schema, definition in sources:
        if not definition.external:
            continue
        place = f'{where} is external in "{schema.name}"'
        if missing := [item.name for item in arguments if item.name not in definition.arguments]:
            context.problem("EXTERNAL_ARGUMENT_MISSING", f"{place}, without the argument {listed(missing)}")
        for item in arguments:
            if item.name in definition.arguments:
                _check_argument(context, place, definition, item)


def _check_types(context: Context, where: str, sources: _Sources, merged: TypeNode) -> None:
    """Where those that resolve the field differ in its type, the external ones may do so too."""
    differing = len({type_text(item.type) for _, item in sources if not item.external}) > 1
    for schema, definition in sources:
        own = definition.type
        if not definition.external or type_text(own) == type_text(merged):
            continue
        if not (differing and context.holds(merged, own)):
            message = f'{where} is external in "{schema.name}" with type {type_text(own)}, but is {type_text(merged)}'
            context.problem("EXTERNAL_TYPE_MISMATCH", message)


def _check_argument(context: Context, place: str, definition: FieldDef, item: MergedInput) -> None:
    own = definition.arguments[item.name]
    if not accepts(item.type, own.type):
        message = f"{place} with {item.name}: {type_text(own.type)}, but that is {item.type_text}"
        context.problem("EXTERNAL_ARGUMENT_TYPE_MISMATCH", message)
    if not own.has_same_default(item.default):
        message = f"{place} with {item.name} = {own.default or 'nothing'}, but that is {item.default or 'nothing'}"
        context.problem("EXTERNAL_ARGUMENT_DEFAULT_MISMATCH", message)


def check_required_arguments(context: Context) -> None:
    """What a subgraph requires with arguments, every subgraph that resolves it must be able to give so."""
    for schema in context.schemas:
        for type_def in schema.types.values():
            for field in type_def.fields.values():
                for use in field.uses("requires"):
                    where = f'[{schema.name}] @requires(fields: "{use["fields"]}") on {type_def.name}.{field.name}'
                    _check_selections(context, where, schema, type_def, parse_field_set(use["fields"]).selections)


def _check_selections(
    context: Context, where: str, schema: SubgraphSchema, type_def: TypeDef, selections: SelectionSetNode
) -> None:
    for selection in selections.selections:
        if isinstance(selection, InlineFragmentNode):
            condition = selection.type_condition
            target = schema.types.get(condition.name.value) if condition else type_def
        elif isinstance(selection, FieldNode):
            _check_field(context, where, type_def, selection)
            field = type_def.fields.get(selection.name.value)
            target = schema.types.get(named_type(field.type)) if field else None
        else:
            continue
        if target is not None and selection.selection_set is not None:
            _check_selections(context, where, schema, target, selection.selection_set)


def _check_field(context: Context, where: str, type_def: TypeDef, selection: FieldNode) -> None:
    given = {argument.name.value for argument in selection.arguments or ()}
    place = f"{type_def.name}.{selection.name.value}"
    resolving = [
        Source(schema, field)
        for schema, definition in context.sources(type_def.name)
        if (field := definition.fields.get(selection.name.value)) is not None and not field.external
    ]
    for name in sorted(given):
        if lacking := [schema.name for schema, field in resolving if name not in field.arguments]:
            context.problem("REQUIRES_INVALID_FIELDS", f"{where}: {place} has no argument {name} in {listed(lacking)}")
    for schema, field in resolving:
        if needed := [item.name for item in field.arguments.values() if item.is_required and item.name not in given]:
            message = f'{where}: {place} needs its argument {listed(needed)} in "{schema.name}"'
            context.problem("REQUIRES_INVALID_FIELDS", message)
