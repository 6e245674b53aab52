"""What must hold for `@context` and `@fromContext` within one subgraph."""

from __future__ import annotations

import re
from collections.abc import Iterator

from rapport_gateway.supergraph.composition.contexts import (
    ContextUse,
    chosen,
    context_use,
    contexts_of,
    is_accepted,
    selected_type,
    setters,
)
from rapport_gateway.supergraph.composition.subgraph import FieldDef, InputDef, SubgraphSchema, TypeDef
from rapport_gateway.supergraph.directives import type_text
from rapport_gateway.supergraph.errors import CompositionProblem
from rapport_gateway.supergraph.model import Kind

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9]*")


def check_contexts(schema: SubgraphSchema) -> Iterator[CompositionProblem]:
    for directive in schema.directives.values():
        for argument in directive.arguments.values():
            if argument.has("fromContext"):
                message = f"[{schema.name}] @fromContext is for fields, not for @{directive.node.name.value}"
                yield CompositionProblem("CONTEXT_NOT_SET", message)
    for type_def in schema.types.values():
        for name in contexts_of(type_def):
            if not _NAME.fullmatch(name):
                message = f"[{schema.name}] the context {name!r} of {type_def.name} must consist of letters and digits"
                yield CompositionProblem("CONTEXT_NAME_INVALID", message)
        for field in type_def.fields.values():
            for argument in field.arguments.values():
                if argument.has("fromContext"):
                    yield from _check_use(schema, type_def, field, argument)


def _check_use(
    schema: SubgraphSchema, type_def: TypeDef, field: FieldDef, argument: InputDef
) -> Iterator[CompositionProblem]:
    where = f"{type_def.name}.{field.name}({argument.name}:)"
    if (misplaced := _misplaced(schema, type_def, field, argument)) is not None:
        yield CompositionProblem("CONTEXT_NOT_SET", f"[{schema.name}] @fromContext on {where}: {misplaced}")
        return
    use = context_use(argument)
    if use is None:
        message = f"[{schema.name}] @fromContext on {where} names no context and selection, such as $context {{ id }}"
        yield CompositionProblem("NO_CONTEXT_IN_SELECTION", message)
    elif not (found := setters(schema, use.context)):
        message = f"[{schema.name}] @fromContext on {where}: nothing sets the context {use.context}"
        yield CompositionProblem("CONTEXT_NOT_SET", message)
    else:
        for setter in found:
            yield from _check_selection(schema, where, use, setter, argument)
    if not any(resolvable for _, resolvable in type_def.key_texts()):
        message = f"[{schema.name}] {where} is filled from a context, but {type_def.name} has no resolvable key"
        yield CompositionProblem("CONTEXT_NO_RESOLVABLE_KEY", message)


def _misplaced(schema: SubgraphSchema, type_def: TypeDef, field: FieldDef, argument: InputDef) -> str | None:
    if type_def.kind is not Kind.OBJECT:
        return "the field is of an abstract type"
    if argument.default is not None:
        return "the argument has a default"
    for name in type_def.interfaces:
        interface = schema.types.get(name)
        if interface is not None and field.name in interface.fields:
            return f"the field implements {name}.{field.name}"
    return None


def _check_selection(
    schema: SubgraphSchema, where: str, use: ContextUse, setter: TypeDef, argument: InputDef
) -> Iterator[CompositionProblem]:
    try:
        fields = chosen(schema, use, setter)
        if fields is None:
            raise ValueError("it has no part for this type")
        given = selected_type(schema, setter, fields)
        if not is_accepted(given, argument.type):
            raise ValueError(f"it gives {type_text(given)}, but the argument is {type_text(argument.type)}")
    except ValueError as error:
        message = f"[{schema.name}] @fromContext on {where}, from {setter.name}: {error}"
        yield CompositionProblem("CONTEXT_INVALID_SELECTION", message)
