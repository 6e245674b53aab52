"""Whether a field is needed by a subgraph's own `@key`, `@requires` or `@provides`."""

from __future__ import annotations

from collections.abc import Iterator

from graphql import FieldNode, InlineFragmentNode, SelectionSetNode

from rapport_gateway.supergraph.composition.contexts import context_fields
from rapport_gateway.supergraph.composition.subgraph import SubgraphSchema, TypeDef
from rapport_gateway.supergraph.directives import named_type
from rapport_gateway.supergraph.field_sets import parse_field_set


def is_still_used(schema: SubgraphSchema, type_name: str, field_name: str) -> bool:
    """Whether the subgraph needs the field although another resolves it: for a field set or an interface of its own."""
    interfaces = (schema.types.get(name) for name in schema.types[type_name].interfaces)
    if any(interface is not None and field_name in interface.fields for interface in interfaces):
        return True
    return any(used == (type_name, field_name) for used in used_fields(schema))


def used_fields(schema: SubgraphSchema) -> Iterator[tuple[str, str]]:
    """(type, field) of everything that is part of a field set, at any depth."""
    yield from key_fields(schema)
    yield from _other_uses(schema)


def key_fields(schema: SubgraphSchema) -> Iterator[tuple[str, str]]:
    """(type, field) of everything that is part of a key, at any depth."""
    for type_def in schema.types.values():
        for text, _ in type_def.key_texts():
            yield from selected_fields(schema, type_def, text)


def provided_externals(schema: SubgraphSchema) -> Iterator[tuple[str, str]]:
    """(type, field) of the external fields that the subgraph provides somewhere."""
    for type_name, name in _provided(schema):
        field = schema.types[type_name].fields.get(name)
        if field is not None and field.external:
            yield type_name, name


def _other_uses(schema: SubgraphSchema) -> Iterator[tuple[str, str]]:
    for type_def in schema.types.values():
        for field in type_def.fields.values():
            for use in field.uses("requires"):
                yield from selected_fields(schema, type_def, str(use.get("fields", "")))
    yield from _provided(schema)
    yield from context_fields(schema)


def _provided(schema: SubgraphSchema) -> Iterator[tuple[str, str]]:
    for type_def in schema.types.values():
        for field in type_def.fields.values():
            target = schema.types.get(named_type(field.type))
            for use in field.uses("provides") if target else ():
                yield from selected_fields(schema, target, str(use.get("fields", "")))


def selected_fields(schema: SubgraphSchema, type_def: TypeDef | None, text: str) -> Iterator[tuple[str, str]]:
    """(type, field) of everything in a field set, at any depth."""
    try:
        selections = parse_field_set(text).selections
    except ValueError:
        return  # told by the checks
    yield from _walk(schema, type_def, selections)


def _walk(schema: SubgraphSchema, type_def: TypeDef | None, selections: SelectionSetNode) -> Iterator[tuple[str, str]]:
    for selection in selections.selections:
        if isinstance(selection, InlineFragmentNode):
            condition = selection.type_condition
            yield from _walk(
                schema, schema.types.get(condition.name.value) if condition else type_def, selection.selection_set
            )
        elif isinstance(selection, FieldNode) and type_def is not None:
            yield type_def.name, selection.name.value
            field = type_def.fields.get(selection.name.value)
            if field is not None and selection.selection_set is not None:
                yield from _walk(schema, schema.types.get(named_type(field.type)), selection.selection_set)
