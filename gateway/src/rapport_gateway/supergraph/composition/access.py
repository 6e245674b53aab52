"""A field that requires others must ask for all the rights that those ask for, or it would be a way around them."""

from __future__ import annotations

from collections.abc import Iterator

from rapport_gateway.supergraph.access import ACCESS, ACCESS_LISTS, implies
from rapport_gateway.supergraph.composition.applied import required_access
from rapport_gateway.supergraph.composition.context import Context
from rapport_gateway.supergraph.composition.contexts import used_by
from rapport_gateway.supergraph.composition.subgraph import Annotated, FieldDef, SubgraphSchema, TypeDef
from rapport_gateway.supergraph.composition.usage import selected_fields
from rapport_gateway.supergraph.directives import named_type


def check_access(context: Context) -> None:
    if not any(element.has(name) for schema in context.schemas for element in schema.elements() for name in ACCESS):
        return
    for schema in context.schemas:
        for type_def in schema.types.values():
            for field in type_def.fields.values():
                for needed in _needed(schema, type_def, field):
                    _compare(context, schema, (type_def.name, field.name), needed)


def _needed(schema: SubgraphSchema, type_def: TypeDef, field: FieldDef) -> Iterator[tuple[str, str]]:
    """What a client learns something of by asking for the field."""
    for use in field.uses("requires"):
        yield from selected_fields(schema, type_def, str(use.get("fields", "")))
    for argument in field.arguments.values():
        yield from used_by(schema, argument)


def _compare(context: Context, schema: SubgraphSchema, own: tuple[str, str], needed: tuple[str, str]) -> None:
    held = list(_protecting(context, *own))
    asked = [*_protecting(context, *needed), *_protecting_results(context, *needed)]
    lacking = [
        f"@{name}" for name in ACCESS_LISTS if not implies(required_access(held, name), required_access(asked, name))
    ]
    if any(item.has("authenticated") for item in asked) and not any(item.has("authenticated") for item in held):
        lacking.insert(0, "@authenticated")
    if lacking:
        context.problem(
            "MISSING_TRANSITIVE_AUTH_REQUIREMENTS",
            f"[{schema.name}] {'.'.join(own)} requires {'.'.join(needed)} without its {', '.join(lacking)}",
        )


def _protecting(context: Context, type_name: str, field_name: str) -> Iterator[Annotated]:
    """What may carry access rules for a field: itself and the type it is on, in any subgraph."""
    for definition in _with_implementers(context, type_name):
        yield definition
        field = definition.fields.get(field_name)
        if field is not None:
            yield field


def _protecting_results(context: Context, type_name: str, field_name: str) -> Iterator[Annotated]:
    """The types of what the field gives."""
    for definition in _with_implementers(context, type_name):
        field = definition.fields.get(field_name)
        if field is not None:
            yield from _with_implementers(context, named_type(field.type))


def _with_implementers(context: Context, type_name: str) -> Iterator[TypeDef]:
    for name in dict.fromkeys((type_name, *(source.definition.name for source in context.implementers(type_name)))):
        yield from (definition for _, definition in context.sources(name))
