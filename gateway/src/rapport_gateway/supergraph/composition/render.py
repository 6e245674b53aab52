"""The supergraph as SDL, with the definitions of the join specification."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from graphql import StringValueNode, print_ast

from rapport_gateway.supergraph.composition.applied import public_directives, quoted
from rapport_gateway.supergraph.composition.composed import ComposedDirectives
from rapport_gateway.supergraph.composition.features import definitions_for, links_for
from rapport_gateway.supergraph.composition.merged import MergedDirective, MergedInput, MergedSchema, MergedType
from rapport_gateway.supergraph.composition.names import call
from rapport_gateway.supergraph.composition.reader import ROOT_NAMES
from rapport_gateway.supergraph.composition.subgraph import SubgraphSchema
from rapport_gateway.supergraph.model import Kind

_JOIN = """
directive @join__enumValue(graph: join__Graph!) repeatable on ENUM_VALUE

directive @join__field(graph: join__Graph, requires: join__FieldSet, provides: join__FieldSet, type: String, \
external: Boolean, override: String, usedOverridden: Boolean{additions}) \
repeatable on FIELD_DEFINITION | INPUT_FIELD_DEFINITION

directive @join__graph(name: String!, url: String!) on ENUM_VALUE

directive @join__implements(graph: join__Graph!, interface: String!) repeatable on OBJECT | INTERFACE

directive @join__type(graph: join__Graph!, key: join__FieldSet, extension: Boolean! = false, \
resolvable: Boolean! = true, isInterfaceObject: Boolean! = false) \
repeatable on OBJECT | INTERFACE | UNION | ENUM | INPUT_OBJECT | SCALAR

directive @join__unionMember(graph: join__Graph!, member: String!) repeatable on UNION

directive @link(url: String, as: String, for: link__Purpose, import: [link__Import]) repeatable on SCHEMA
"""
_JOIN_DIRECTIVE = """
directive @join__directive(graphs: [join__Graph!], name: String!, args: join__DirectiveArguments) \
repeatable on SCHEMA | OBJECT | INTERFACE | FIELD_DEFINITION

scalar join__DirectiveArguments
"""
_CONTEXTUAL = ", contextArguments: [join__ContextArgument!]"
_CONTEXT_ARGUMENT = """
input join__ContextArgument {
  name: String!
  type: String!
  context: String!
  selection: join__FieldValue!
}

scalar join__FieldValue
"""
_SPEC_TYPES = '''
scalar join__FieldSet

scalar link__Import

enum link__Purpose {
  """`SECURITY` features provide metadata necessary to securely resolve fields."""
  SECURITY

  """`EXECUTION` features provide metadata necessary for operation execution."""
  EXECUTION
}
'''


def render_supergraph(
    schemas: Sequence[SubgraphSchema],
    types: Mapping[str, MergedType],
    directives: Sequence[MergedDirective],
    composed: ComposedDirectives,
    names: Mapping[str, str],
) -> str:
    """`names` are what the directives of Apollo's specifications are called."""
    for merged in types.values():
        call(merged.elements(), names)
    for directive in directives:
        call(directive.arguments, names)
    whole = MergedSchema(public_directives([schema.whole for schema in schemas]))
    call([whole], names)
    text = "\n\n".join(_type(merged) for merged in types.values() if _is_printed(merged))
    contextual = "context" in names
    label = "overrideLabel:" in text
    additions = (", overrideLabel: String" if label or contextual else "") + (_CONTEXTUAL if contextual else "")
    head = [
        _schema(types, whole, composed, names, "v0.5" if contextual else "v0.4" if label else "v0.3"),
        _JOIN.replace("{additions}", additions),
        *([_JOIN_DIRECTIVE] if additions else []),
        *([_CONTEXT_ARGUMENT] if contextual else []),
        *definitions_for(names),
        *composed.definitions,
        *map(_directive, directives),
        _graphs(schemas),
        _SPEC_TYPES,
    ]
    return "\n\n".join(part.strip("\n") for part in [*head, text]) + "\n"


def _is_printed(merged: MergedType) -> bool:
    return bool(merged.fields) or merged.kind not in {Kind.OBJECT, Kind.INTERFACE}


def _schema(
    types: Mapping[str, MergedType],
    whole: MergedSchema,
    composed: ComposedDirectives,
    names: Mapping[str, str],
    join: str,
) -> str:
    links = [
        '@link(url: "https://specs.apollo.dev/link/v1.0")',
        f'@link(url: "https://specs.apollo.dev/join/{join}", for: EXECUTION)',
        *links_for(names),
        *composed.links,
        *whole.directives,
    ]
    roots = [f"  {kind}: {name}" for kind, name in ROOT_NAMES.items() if name in types and types[name].fields]
    return "\n".join(["schema", *(f"  {link}" for link in links), "{", *roots, "}"])


def _graphs(schemas: Sequence[SubgraphSchema]) -> str:
    values = [
        f"  {schema.graph} @join__graph(name: {quoted(schema.name)}, url: {quoted(schema.url)})" for schema in schemas
    ]
    return "\n".join(["enum join__Graph {", *values, "}"])


def _directive(merged: MergedDirective) -> str:
    repeatable = " repeatable" if merged.repeatable else ""
    return f"directive @{merged.name}{_arguments(merged.arguments)}{repeatable} on {' | '.join(merged.locations)}"


def _type(merged: MergedType) -> str:
    lines = list(_described(merged.description, ""))
    implements = f" implements {' & '.join(merged.interfaces)}" if merged.interfaces else ""
    lines.append(f"{merged.kind.value} {merged.name}{implements}")
    lines.extend(f"  {directive}" for directive in merged.directives)
    if merged.kind is Kind.UNION:
        lines.append(f"  = {' | '.join(merged.members)}")
    elif merged.kind is not Kind.SCALAR:
        lines.extend(["{", *_members(merged), "}"])
    return "\n".join(lines)


def _members(merged: MergedType) -> Iterator[str]:
    for field in merged.fields:
        yield from _described(field.description, "  ")
        yield "  " + _with(f"{field.name}{_arguments(field.arguments)}: {field.type_text}", field.directives)
    for item in merged.inputs:
        yield from _described(item.description, "  ")
        yield "  " + _input(item)
    for value in merged.values:
        yield from _described(value.description, "  ")
        yield "  " + _with(value.name, value.directives)


def _arguments(arguments: Sequence[MergedInput]) -> str:
    if not arguments:
        return ""
    if not any(argument.description for argument in arguments):
        return f"({', '.join(_input(argument) for argument in arguments)})"
    lines: list[str] = []
    for argument in arguments:
        lines.extend(_described(argument.description, "    "))
        lines.append(f"    {_input(argument)}")
    return "\n".join(["(", *lines, "  )"])


def _input(item: MergedInput) -> str:
    default = f" = {item.default}" if item.default is not None else ""
    return _with(f"{item.name}: {item.type_text}{default}", item.directives)


def _with(text: str, directives: Sequence[str]) -> str:
    return " ".join([text, *directives])


def _described(description: str | None, indent: str) -> Iterator[str]:
    if description:
        printed = print_ast(StringValueNode(value=description, block=True))
        yield from (f"{indent}{line}" if line else line for line in printed.splitlines())
