"""Federation 1 schemas in the terms of federation 2: what had no effect is left out, as it would be refused."""

from __future__ import annotations

from collections.abc import Iterator

from graphql import FieldNode, InlineFragmentNode, SelectionSetNode, print_ast, strip_ignored_characters

from rapport_gateway.supergraph.composition.subgraph import Applied, FieldDef, SubgraphSchema, TypeDef
from rapport_gateway.supergraph.composition.usage import used_fields
from rapport_gateway.supergraph.directives import named_type
from rapport_gateway.supergraph.errors import CompositionProblem
from rapport_gateway.supergraph.field_sets import parse_field_set
from rapport_gateway.supergraph.model import Kind

_SETS = ("requires", "provides")
_ON_OBJECTS_ONLY = ("external", *_SETS)


def prepare_federation_1(schema: SubgraphSchema) -> None:
    """Interfaces have no keys and their fields nothing to fetch; a whole type is never external; keys are texts."""
    for type_def in schema.types.values():
        if type_def.kind is Kind.INTERFACE:
            _drop(type_def, "key")
        _drop(type_def, "external")
        type_def.directives[:] = [_key_as_text(applied) for applied in type_def.directives]
        for field in type_def.fields.values():
            if type_def.kind is Kind.INTERFACE:
                _drop(field, *_ON_OBJECTS_ONLY)
                field.external = False


def drop_unused(schema: SubgraphSchema) -> Iterator[CompositionProblem]:
    """Without the parts of field sets that the subgraph resolves itself, and without external fields that none needs.

    Yields a problem for each type that has no field left but is used."""
    for type_def in schema.types.values():
        for field in type_def.fields.values():
            field.directives[:] = [
                kept for item in field.directives if (kept := _trimmed(schema, type_def, field, item))
            ]
    used = set(used_fields(schema))
    for type_def in list(schema.types.values()):
        unused = [name for name, field in type_def.fields.items() if _is_unused(schema, type_def, field, used)]
        for name in unused:
            del type_def.fields[name]
        if unused and not type_def.fields:
            del schema.types[type_def.name]
            yield from _missed(schema, type_def)


def _missed(schema: SubgraphSchema, gone: TypeDef) -> Iterator[CompositionProblem]:
    references = {named_type(field.type) for type_def in schema.types.values() for field in type_def.fields.values()}
    members = {name for type_def in schema.types.values() for name in type_def.members}
    if gone.name in references | members:
        message = f"[{schema.name}] {gone.name} is used, but has only external fields that no field set needs"
        yield CompositionProblem("TYPE_WITH_ONLY_UNUSED_EXTERNAL", message)


def _drop(element: TypeDef | FieldDef, *names: str) -> None:
    element.directives[:] = [applied for applied in element.directives if applied.name not in names]


def _key_as_text(applied: Applied) -> Applied:
    fields = applied.arguments.get("fields")
    if applied.name != "key" or not isinstance(fields, list):
        return applied
    return Applied("key", {**applied.arguments, "fields": " ".join(map(str, fields))})


def _is_unused(schema: SubgraphSchema, type_def: TypeDef, field: FieldDef, used: set[tuple[str, str]]) -> bool:
    if not field.external or (type_def.name, field.name) in used:
        return False
    interfaces = (schema.types.get(name) for name in type_def.interfaces)
    return not any(interface is not None and field.name in interface.fields for interface in interfaces)


def _trimmed(schema: SubgraphSchema, type_def: TypeDef, field: FieldDef, applied: Applied) -> Applied | None:
    """`@requires` and `@provides` with external fields only; None when there are none."""
    if applied.name not in _SETS:
        return applied
    target = type_def if applied.name == "requires" else schema.types.get(named_type(field.type))
    if target is None or target.kind not in {Kind.OBJECT, Kind.INTERFACE, Kind.UNION}:
        return None
    try:
        selections = parse_field_set(str(applied.arguments.get("fields", ""))).selections
    except ValueError:
        return applied  # told by the checks
    kept = _externals(schema, target, selections)
    if kept is None:
        return None
    text = strip_ignored_characters(print_ast(kept))[1:-1]
    return Applied(applied.name, {"fields": text})


def _externals(schema: SubgraphSchema, type_def: TypeDef, selections: SelectionSetNode) -> SelectionSetNode | None:
    kept = [node for item in selections.selections if (node := _external(schema, type_def, item)) is not None]
    return SelectionSetNode(selections=tuple(kept)) if kept else None


def _external(schema: SubgraphSchema, type_def: TypeDef, selection: object) -> FieldNode | InlineFragmentNode | None:
    if isinstance(selection, InlineFragmentNode):
        condition = selection.type_condition
        target = schema.types.get(condition.name.value) if condition else type_def
        below = _externals(schema, target, selection.selection_set) if target else selection.selection_set
        return InlineFragmentNode(type_condition=condition, selection_set=below) if below else None
    if not isinstance(selection, FieldNode):
        return None
    field = type_def.fields.get(selection.name.value)
    if field is None or field.external:
        return selection if field is not None or selection.name.value != "__typename" else None
    target = schema.types.get(named_type(field.type))
    below_field = selection.selection_set
    below = _externals(schema, target, below_field) if target is not None and below_field is not None else None
    return FieldNode(name=selection.name, arguments=selection.arguments, selection_set=below) if below else None
