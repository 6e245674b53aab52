"""Merging what goes in: arguments and input types. Only what every subgraph knows is offered."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, TypeVar

from rapport_gateway.supergraph.composition.applied import public_directives
from rapport_gateway.supergraph.composition.context import (
    Context,
    Source,
    description_of,
    listed,
)
from rapport_gateway.supergraph.composition.merged import MergedInput, MergedType
from rapport_gateway.supergraph.composition.subgraph import InputDef, TypeDef
from rapport_gateway.supergraph.directives import type_text
from rapport_gateway.supergraph.model import Kind


class HasArguments(Protocol):
    """A field's or a directive's definition."""

    arguments: dict[str, InputDef]


D = TypeVar("D", bound=HasArguments)


def merge_arguments(context: Context, where: str, sources: Sequence[Source[D]]) -> list[MergedInput]:
    merged = []
    for name in dict.fromkeys(name for source in sources for name in source.definition.arguments):
        present = [Source(schema, field.arguments[name]) for schema, field in sources if name in field.arguments]
        coordinate = f"{where}({name}:)"
        if any(argument.has("fromContext") for _, argument in present):
            _check_contextual(context, coordinate, present)
            continue
        if len(present) < len(sources):
            missing = [schema.name for schema, field in sources if name not in field.arguments]
            _refuse_required(context, "REQUIRED_ARGUMENT_MISSING_IN_SOME_SUBGRAPH", coordinate, present, missing)
            continue
        codes = ("FIELD_ARGUMENT_TYPE_MISMATCH", "FIELD_ARGUMENT_DEFAULT_MISMATCH")
        merged.append(_merge_input(context, coordinate, present, codes))
    return merged


def merge_input_type(context: Context, name: str, sources: Sequence[Source[TypeDef]], joins: list[str]) -> MergedType:
    definitions = [definition for _, definition in sources]
    merged = MergedType(name, Kind.INPUT, description_of(definitions), [*joins, *public_directives(definitions)])
    for field_name in dict.fromkeys(field for definition in definitions for field in definition.inputs):
        present = [
            Source(schema, definition.inputs[field_name])
            for schema, definition in sources
            if field_name in definition.inputs
        ]
        coordinate = f"{name}.{field_name}"
        codes = ("FIELD_TYPE_MISMATCH", "INPUT_FIELD_DEFAULT_MISMATCH")
        item = _merge_input(context, coordinate, present, codes)
        if len(present) < len(sources) and not any(definition.has("inaccessible") for _, definition in present):
            missing = [schema.name for schema, definition in sources if field_name not in definition.inputs]
            _refuse_required(context, "REQUIRED_INPUT_FIELD_MISSING_IN_SOME_SUBGRAPH", coordinate, present, missing)
            continue
        own = {schema.graph: type_text(definition.type) for schema, definition in present}
        if set(own.values()) != {item.type_text}:
            item.directives[:0] = [f'@join__field(graph: {graph}, type: "{text}")' for graph, text in own.items()]
        elif len(present) < len(sources):
            item.directives[:0] = [f"@join__field(graph: {graph})" for graph in own]
        merged.inputs.append(item)
    if not merged.inputs:
        names = listed(schema.name for schema, _ in sources)
        context.problem("EMPTY_MERGED_INPUT_TYPE", f"input {name} has no field that all of {names} have")
    return merged


def _merge_input(
    context: Context, coordinate: str, sources: Sequence[Source[InputDef]], codes: tuple[str, str]
) -> MergedInput:
    merged, fits = context.merged_input([definition.type for _, definition in sources])
    if not fits:
        context.problem(codes[0], f"{coordinate} has different types: {_each(sources, lambda d: type_text(d.type))}")
    first = sources[0].definition.default
    given = {definition.default for _, definition in sources if definition.default is not None}
    same = all(definition.has_same_default(first) for _, definition in sources)
    if any(
        not definition.has_same_default(other) for _, definition in sources if definition.default for other in given
    ):
        context.problem(
            codes[1], f"{coordinate} has different defaults: {_each(sources, lambda d: d.default or 'none')}"
        )
    definitions = [definition for _, definition in sources]
    return MergedInput(
        sources[0].definition.name,
        merged,
        first if same else None,
        description_of(definitions),
        public_directives(definitions),
    )


def _check_contextual(context: Context, coordinate: str, sources: Sequence[Source[InputDef]]) -> None:
    """Clients do not see an argument that is filled from a context, so that no subgraph can ask them for it."""
    given = [schema.name for schema, item in sources if not item.has("fromContext") and item.is_required]
    if given:
        message = f"{coordinate} is filled from a context in some subgraphs, but required in {listed(given)}"
        context.problem("CONTEXTUAL_ARGUMENT_NOT_CONTEXTUAL_IN_ALL_SUBGRAPHS", message)


def _refuse_required(
    context: Context, code: str, coordinate: str, present: Sequence[Source[InputDef]], missing: Sequence[str]
) -> None:
    required = [schema.name for schema, definition in present if definition.is_required]
    if required:
        context.problem(code, f"{coordinate} is required in {listed(required)} but missing in {listed(missing)}")


def _each(sources: Sequence[Source[InputDef]], text: object) -> str:
    return ", ".join(f'{text(definition)} in "{schema.name}"' for schema, definition in sources)  # type: ignore[operator]
