"""Plans and normalised operations as text, for people."""

from __future__ import annotations

from collections.abc import Iterator

from graphql import parse, print_ast

from rapport_gateway.planning.fetch_graph import Path
from rapport_gateway.planning.operation import NormalisedOperation, QuerySelection
from rapport_gateway.planning.plan import (
    ContextVariable,
    EntityBatch,
    Fetch,
    InputType,
    Parallel,
    Plan,
    PlanNode,
    Sequence,
    Subscription,
)

_INDENT = "  "


def print_plan(plan: Plan) -> str:
    if plan.node is None:
        return "QueryPlan {}"
    return "\n".join(["QueryPlan {", *_indented(_node(plan.node)), "}"])


def print_operation(operation: NormalisedOperation) -> str:
    return "\n".join([f"{operation.kind} {{", *_indented(_selection(operation.root)), "}"])


def _node(node: PlanNode) -> Iterator[str]:
    match node:
        case Fetch():
            yield from _fetch(node)
        case Sequence() | Parallel():
            yield f"{type(node).__name__} {{"
            for inner in node.nodes:
                yield from _indented(_node(inner))
            yield "}"
        case Subscription():
            yield "Subscription {"
            yield from _indented(_fetch(node.primary))
            if node.rest is not None:
                yield from _indented(_node(node.rest))
            yield "}"


def _fetch(fetch: Fetch) -> Iterator[str]:
    at = f", path: {print_path(fetch.path)!r}" if fetch.path else ""
    yield f"Fetch(subgraph: {fetch.subgraph!r}{at}) {{"
    for batch in fetch.entities:
        yield from _indented(_batch(batch))
    yield from _indented(print_ast(parse(fetch.text)).splitlines())
    yield "}"


def _batch(batch: EntityBatch) -> Iterator[str]:
    places = ", ".join(print_path(path) for path in batch.paths)
    inputs = " | ".join(dict.fromkeys(f"{item.name} {{{_inputs(item)}}}" for item in batch.inputs.by_type.values()))
    yield f"${batch.variable} = {inputs} at {places}"
    for value in batch.contexts:
        yield f"${value.variable} = {' or '.join(dict.fromkeys(print_readings(batch, value)))}"


def print_readings(batch: EntityBatch, value: ContextVariable) -> Iterator[str]:
    for path, reading in zip(batch.paths, value.readings, strict=True):
        for item in reading.inputs.by_type.values():
            yield f"{item.name} {{{_inputs(item)}}} at {print_path(path[: reading.depth]) or 'the root'}"


def _inputs(inputs: InputType) -> str:
    parts = []
    for field in inputs.fields:
        text = field.name if field.source == field.name else f"{field.name}: {field.source}"
        if field.children is not None:
            below = [(name, _inputs(item)) for name, item in field.children.by_type.items()]
            text += " {" + " ".join(f"... on {n} {{{b}}}" if field.children.abstract else b for n, b in below) + "}"
        parts.append(text)
    return " ".join(parts)


def print_path(path: Path) -> str:
    """`a.|Book|.b`: `b` of the books among the objects at `a`."""
    return ".".join(f"|{'|'.join(types)}|.{key}" if types else key for key, types in path)


def _selection(selection: QuerySelection) -> Iterator[str]:
    for group in selection.groups:
        one = len(selection.groups) == 1
        lines: list[str] = []
        for field in group.fields:
            alias = "" if field.response_key == field.name else f"{field.response_key}: "
            below = field.children is not None
            withheld = " (withheld)" if field.is_withheld else ""
            lines.append(f"{alias}{field.name}{field.arguments_text}{withheld}{' {' if below else ''}")
            if field.children is not None:
                lines.extend(_indented(_selection(field.children)))
                lines.append("}")
        if one:
            yield from lines
        elif lines:
            yield from [f"... on {' | '.join(group.types)} {{", *_indented(lines), "}"]


def _indented(lines: Iterator[str] | list[str]) -> Iterator[str]:
    return (_INDENT + line for line in lines)
