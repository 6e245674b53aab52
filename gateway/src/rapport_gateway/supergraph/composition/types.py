"""Merging types, kind by kind."""

from __future__ import annotations

from collections.abc import Sequence

from rapport_gateway.supergraph.composition.applied import access_directives, public_directives, quoted
from rapport_gateway.supergraph.composition.context import (
    Context,
    Source,
    description_of,
    listed,
)
from rapport_gateway.supergraph.composition.contexts import contexts_of
from rapport_gateway.supergraph.composition.fields import merge_fields
from rapport_gateway.supergraph.composition.inputs import merge_input_type
from rapport_gateway.supergraph.composition.merged import MergedType, MergedValue, Specified
from rapport_gateway.supergraph.composition.reader import ROOT_NAMES
from rapport_gateway.supergraph.composition.subgraph import SubgraphSchema, TypeDef
from rapport_gateway.supergraph.model import Kind

TypeSources = Sequence[Source[TypeDef]]


def merge_type(context: Context, name: str, sources: TypeSources) -> MergedType | None:
    kinds = {Kind.INTERFACE if definition.is_interface_object else definition.kind for _, definition in sources}
    if len(kinds) > 1:
        each = ", ".join(f'{_noun(definition)} in "{schema.name}"' for schema, definition in sources)
        context.problem("TYPE_KIND_MISMATCH", f"{name} is of different kinds: {each}")
        return None
    if all(definition.is_interface_object for _, definition in sources):
        message = f"{name} is an @interfaceObject everywhere; some subgraph must have it as an interface"
        context.problem("INTERFACE_OBJECT_USAGE_ERROR", message)
    joins = _type_joins(sources)
    is_root = name in ROOT_NAMES.values()
    if not is_root and all(definition.extended for _, definition in sources):
        names = listed(schema.name for schema, _ in sources)
        context.problem("EXTENSION_WITH_NO_BASE", f"{name} is only extended, in {names}, and defined by no subgraph")
    match kinds.pop():
        case Kind.INPUT:
            return merge_input_type(context, name, sources, joins)
        case Kind.ENUM:
            return _merge_enum(context, name, sources, joins)
        case Kind.UNION:
            return _merge_union(name, sources, joins)
        case Kind.SCALAR:
            return _start(name, Kind.SCALAR, sources, joins)
        case kind:
            return _merge_composite(context, name, kind, sources, joins)


def _is_extension(schema: SubgraphSchema, definition: TypeDef) -> bool:
    """In federation 1 `extend type` is how every subgraph but one writes a type, and says nothing."""
    return definition.extended and (schema.is_federation_2 or definition.has("extends"))


def _noun(definition: TypeDef) -> str:
    return "interface object" if definition.is_interface_object else definition.kind.value


def _type_joins(sources: TypeSources) -> list[str]:
    joins = []
    for schema, definition in sources:
        start = f"@join__type(graph: {schema.graph}"
        extension = ", extension: true" if _is_extension(schema, definition) else ""
        stand_in = ", isInterfaceObject: true" if definition.is_interface_object else ""
        keys = [
            f"{start}, key: {quoted(text)}{extension}{'' if resolvable else ', resolvable: false'}{stand_in})"
            for text, resolvable in definition.key_texts()
        ]
        joins.extend(keys or [f"{start}{stand_in})"])
    return list(dict.fromkeys(joins))


def _start(name: str, kind: Kind, sources: TypeSources, joins: list[str]) -> MergedType:
    definitions = [definition for _, definition in sources]
    contexts = [
        Specified(f"@context(name: {quoted(f'{schema.name}__{context}')})")
        for schema, definition in sources
        for context in contexts_of(definition)
    ]
    return MergedType(name, kind, description_of(definitions), [*joins, *contexts, *public_directives(definitions)])


def _merge_composite(context: Context, name: str, kind: Kind, sources: TypeSources, joins: list[str]) -> MergedType:
    merged = _start(name, kind, sources, joins)
    if kind is Kind.INTERFACE:
        merged.directives.extend(access_directives(definition for _, definition in context.implementers(name)))
    implements = [
        f'@join__implements(graph: {schema.graph}, interface: "{interface}")'
        for schema, definition in sources
        for interface in definition.interfaces
    ]
    merged.directives[len(joins) : len(joins)] = implements
    merged.interfaces = list(dict.fromkeys(i for _, definition in sources for i in definition.interfaces))
    merged.fields = merge_fields(context, name, kind, sources)
    return merged


def _merge_union(name: str, sources: TypeSources, joins: list[str]) -> MergedType:
    merged = _start(name, Kind.UNION, sources, joins)
    members = [
        f'@join__unionMember(graph: {schema.graph}, member: "{member}")'
        for schema, definition in sources
        for member in definition.members
    ]
    merged.directives[len(joins) : len(joins)] = members
    merged.members = list(dict.fromkeys(member for _, definition in sources for member in definition.members))
    return merged


def _merge_enum(context: Context, name: str, sources: TypeSources, joins: list[str]) -> MergedType:
    """Results may be of any value, inputs only of those all know; an enum used for both must be the same."""
    merged = _start(name, Kind.ENUM, sources, joins)
    is_input, is_output = name in context.input_types, name in context.output_types
    for value in dict.fromkeys(value for _, definition in sources for value in definition.values):
        present = [
            Source(schema, definition.values[value]) for schema, definition in sources if value in definition.values
        ]
        definitions = [definition for _, definition in present]
        if len(present) < len(sources) and is_input:
            if is_output and not any(definition.has("inaccessible") for definition in definitions):
                missing = listed(schema.name for schema, definition in sources if value not in definition.values)
                context.problem(
                    "ENUM_VALUE_MISMATCH",
                    f"{name}.{value} is missing in {missing}, but the enum is used for inputs and results",
                )
            if not is_output:
                continue
        graphs = [f"@join__enumValue(graph: {schema.graph})" for schema, _ in present]
        directives = [*graphs, *public_directives(definitions)]
        merged.values.append(MergedValue(value, description_of(definitions), directives))
    if not merged.values:
        names = listed(schema.name for schema, _ in sources)
        context.problem("EMPTY_MERGED_ENUM_TYPE", f"enum {name} has no value that all of {names} have")
    return merged
