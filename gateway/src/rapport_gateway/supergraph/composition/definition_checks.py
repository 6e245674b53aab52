"""Whether a subgraph that defines federation's own directives and types defines them as they are."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from graphql import DirectiveDefinitionNode, DocumentNode, InputValueDefinitionNode, parse, print_ast

from rapport_gateway.supergraph.composition.federation import Federation
from rapport_gateway.supergraph.directives import named_type, type_text
from rapport_gateway.supergraph.errors import CompositionProblem

_BUILT_IN = frozenset({"String", "Int", "Float", "Boolean", "ID"})
_LINK_KINDS = {"link__Import": "scalar_type", "link__Purpose": "enum_type"}
_LINK = "directive @link(url: String, as: String, for: link__Purpose, import: [link__Import]) repeatable on SCHEMA"
_OPEN_TYPES = frozenset({"link__Purpose", "link__Import"})


def check_definitions(subgraph: str, document: DocumentNode, federation: Federation) -> Iterator[CompositionProblem]:
    (link,) = parse(_LINK, no_location=True).definitions
    assert isinstance(link, DirectiveDefinitionNode)  # noqa: S101  (its text is above)
    expected: Mapping[str, DirectiveDefinitionNode] = {"link": link, **federation.definitions}
    kinds = {**dict.fromkeys(federation.type_names, "scalar_type"), **_LINK_KINDS}
    for node in document.definitions:
        name = node.name.value if hasattr(node, "name") and node.name else ""
        if isinstance(node, DirectiveDefinitionNode):
            for text in _differences(node, expected[name]) if name in expected else ():
                yield CompositionProblem("DIRECTIVE_DEFINITION_INVALID", f"[{subgraph}] @{name} {text}")
        elif name in kinds and node.kind.removesuffix("_definition").removesuffix("_extension") != kinds[name]:
            message = f"[{subgraph}] {name} must be a {kinds[name].removesuffix('_type')}"
            yield CompositionProblem("TYPE_DEFINITION_INVALID", message)


def _differences(own: DirectiveDefinitionNode, expected: DirectiveDefinitionNode) -> Iterator[str]:
    places = {place.value for place in own.locations} - {place.value for place in expected.locations}
    if places:
        yield f"has no place on {', '.join(sorted(places))}"
    if own.repeatable and not expected.repeatable:
        yield "is not repeatable"
    arguments = {argument.name.value: argument for argument in expected.arguments or ()}
    given = {argument.name.value: argument for argument in own.arguments or ()}
    for name, argument in given.items():
        if name not in arguments:
            yield f"has no argument {name}"
        else:
            yield from _argument_differences(argument, arguments[name])
    for name, argument in arguments.items():
        if name not in given and type_text(argument.type).endswith("!"):
            yield f"needs its argument {name}"


def _argument_differences(own: InputValueDefinitionNode, expected: InputValueDefinitionNode) -> Iterator[str]:
    # Where federation has a scalar of its own, schemas of older tools have a built-in one.
    is_open = named_type(expected.type) not in _BUILT_IN | _OPEN_TYPES and named_type(own.type) in _BUILT_IN
    allowed = {type_text(expected.type), "String!" if expected.name.value == "url" else ""}
    if type_text(own.type) not in allowed and not is_open:
        yield f"has an argument {own.name.value} of type {type_text(expected.type)}, not {type_text(own.type)}"
    elif _default(own) != _default(expected):
        yield f"has an argument {own.name.value} with the default {_default(expected)}, not {_default(own)}"


def _default(argument: InputValueDefinitionNode) -> str:
    return print_ast(argument.default_value) if argument.default_value is not None else "null"
