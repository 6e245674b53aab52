"""`@context` and `@fromContext`: arguments that are filled from an object further up in the answer."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from graphql import FieldNode, GraphQLError, InlineFragmentNode, SelectionSetNode, TypeNode, parse
from graphql.language import ListTypeNode, NonNullTypeNode, OperationDefinitionNode

from rapport_gateway.supergraph.composition.subgraph import InputDef, SubgraphSchema, TypeDef
from rapport_gateway.supergraph.directives import named_type, type_text

_USE = re.compile(r"\s*\$([A-Za-z][A-Za-z0-9_]*)(.+)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class ContextUse:
    """A `@fromContext`: the name of the context and the selection as it is written."""

    context: str
    selection: str


def context_use(argument: InputDef) -> ContextUse | None:
    """None when the argument does not name a context."""
    for use in argument.uses("fromContext"):
        found = _USE.fullmatch(str(use.get("field") or ""))
        if found is not None:
            return ContextUse(found[1], found[2])
    return None


def contexts_of(type_def: TypeDef) -> list[str]:
    return [str(use.get("name", "")) for use in type_def.uses("context")]


def setters(schema: SubgraphSchema, context: str) -> list[TypeDef]:
    """The types that set a context; for a union, its members."""
    found: dict[str, TypeDef] = {}
    for type_def in schema.types.values():
        if context in contexts_of(type_def):
            members = (schema.types[name] for name in type_def.members if name in schema.types)
            found.update({item.name: item for item in (members if type_def.members else (type_def,))})
    return list(found.values())


def chosen(schema: SubgraphSchema, use: ContextUse, setter: TypeDef) -> list[FieldNode] | None:
    """The fields that are selected on an object of the type; None when no type condition is for it.

    Raises ValueError when the text is no selection."""
    text = use.selection.strip()
    try:
        document = parse(text if text.startswith("{") else "{" + text + "}", no_location=True)
    except GraphQLError as error:
        raise ValueError(error.message) from error
    operation = document.definitions[0]
    if not isinstance(operation, OperationDefinitionNode) or len(document.definitions) != 1:
        raise ValueError("not a selection")
    return _for_type(schema, operation.selection_set, setter)


def _for_type(schema: SubgraphSchema, selections: SelectionSetNode, setter: TypeDef) -> list[FieldNode] | None:
    found: list[FieldNode] | None = None
    for selection in selections.selections:
        if isinstance(selection, FieldNode):
            found = [*(found or ()), selection]
        elif isinstance(selection, InlineFragmentNode):
            condition = selection.type_condition
            if condition is None or condition.name.value in {setter.name, *setter.interfaces}:
                inner = _for_type(schema, selection.selection_set, setter)
                found = [*(found or ()), *inner] if inner is not None else found
    return found


def selected_type(schema: SubgraphSchema, type_def: TypeDef, fields: Sequence[FieldNode]) -> TypeNode:
    """The type of the one value that is selected, nullable as a whole. Raises ValueError when there is none."""
    if len(fields) != 1:
        raise ValueError("exactly one field must be selected")
    (node,) = fields
    if node.alias is not None or node.directives:
        raise ValueError("aliases and directives cannot be used")
    field = type_def.fields.get(node.name.value)
    if field is None:
        raise ValueError(f"{type_def.name} has no field {node.name.value}")
    target = schema.types.get(named_type(field.type))
    below = node.selection_set
    if (target is not None and bool(target.fields or target.members)) is not (below is not None):
        raise ValueError(f"{type_def.name}.{field.name} must be selected down to a value")
    if below is None or target is None:
        return _nullable(field.type)
    inner = selected_type(schema, target, _for_type(schema, below, target) or ())
    return _nullable(_rewrapped(field.type, inner))


def is_accepted(given: TypeNode, wanted: TypeNode) -> bool:
    """Whether an argument takes all values of a type."""
    if isinstance(wanted, NonNullTypeNode):
        return isinstance(given, NonNullTypeNode) and is_accepted(given.type, wanted.type)
    given = _nullable(given)
    if isinstance(given, ListTypeNode) and isinstance(wanted, ListTypeNode):
        return is_accepted(given.type, wanted.type)
    return type_text(given) == type_text(wanted)


def context_fields(schema: SubgraphSchema) -> Iterator[tuple[str, str]]:
    """(type, field) of everything that arguments are filled from."""
    for type_def in schema.types.values():
        for field in type_def.fields.values():
            for argument in field.arguments.values():
                yield from used_by(schema, argument)


def used_by(schema: SubgraphSchema, argument: InputDef) -> Iterator[tuple[str, str]]:
    use = context_use(argument)
    for setter in setters(schema, use.context) if use else ():
        try:
            yield from _down(schema, setter, chosen(schema, use, setter) or ()) if use else ()
        except ValueError:
            continue  # told by the checks


def _down(schema: SubgraphSchema, type_def: TypeDef, fields: Sequence[FieldNode]) -> Iterator[tuple[str, str]]:
    for node in fields:
        yield type_def.name, node.name.value
        field = type_def.fields.get(node.name.value)
        target = schema.types.get(named_type(field.type)) if field else None
        if target is not None and node.selection_set is not None:
            yield from _down(schema, target, _for_type(schema, node.selection_set, target) or ())


def _nullable(node: TypeNode) -> TypeNode:
    return node.type if isinstance(node, NonNullTypeNode) else node


def _rewrapped(outer: TypeNode, inner: TypeNode) -> TypeNode:
    """The lists of the outer type around the inner one."""
    outer = _nullable(outer)
    return ListTypeNode(type=_rewrapped(outer.type, inner)) if isinstance(outer, ListTypeNode) else inner
