"""The requests of a plan as text, for people: to whom, the document, and where the variables come from."""

from __future__ import annotations

from collections.abc import Iterator

from rapport_gateway.planning.plan import EntityBatch, Fetch, InputObject, InputType, Parallel, Plan, PlanNode, Sequence
from rapport_gateway.planning.printer import print_path, print_readings
from rapport_gateway.supergraph.model import Supergraph


def print_requests(plan: Plan, supergraph: Supergraph) -> str:
    """In the order of the plan, each once; values that come from earlier answers stand as `<field>`."""
    urls = {subgraph.name: subgraph.url for subgraph in supergraph.subgraphs.values()}
    fetches = list(_fetches(plan.node)) if plan.node is not None else []
    return "\n".join(
        line for number, fetch in enumerate(fetches, start=1) for line in _request(number, fetch, urls[fetch.subgraph])
    )


def _fetches(node: PlanNode) -> Iterator[Fetch]:
    match node:
        case Fetch():
            yield node
        case Sequence() | Parallel():
            for inner in node.nodes:
                yield from _fetches(inner)
        case _:
            yield node.primary
            if node.rest is not None:
                yield from _fetches(node.rest)


def _request(number: int, fetch: Fetch, url: str) -> Iterator[str]:
    yield f"{number}. {fetch.kind} to {fetch.subgraph} {url}"
    yield f"   {fetch.text}"
    for name in fetch.variables:
        yield f"   ${name} as the client gives it"
    for batch in fetch.entities:
        yield f"   ${batch.variable} = {_representations(batch)}"
        for value in batch.contexts:
            read = " or ".join(dict.fromkeys(print_readings(batch, value)))
            yield f"   ${value.variable} = {read}, above each object"


def _representations(batch: EntityBatch) -> str:
    templates = list(dict.fromkeys(_template(item) for item in batch.inputs.by_type.values()))
    places = ", ".join(print_path(path) for path in batch.paths)
    return f"[{' or '.join(templates)}] of each object at {places}"


def _template(item: InputType, *, typed: bool = True) -> str:
    members = [f'"__typename": "{item.name}"'] if typed else []
    for field in item.fields:
        value = f"<{field.source}>" if field.children is None else f"<{field.source}> as {_nested(field.children)}"
        members.append(f'"{field.name}": {value}')
    return "{" + ", ".join(members) + "}"


def _nested(inputs: InputObject) -> str:
    return " or ".join(dict.fromkeys(_template(item, typed=inputs.abstract) for item in inputs.by_type.values()))
