"""Last pass: steps to plan nodes. Entity steps of one subgraph that start at the same time become one request."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field

from rapport_gateway.planning.contextual import ContextSource
from rapport_gateway.planning.entities_text import entities_document
from rapport_gateway.planning.fetch_graph import Step, StepSelection
from rapport_gateway.planning.operation import QueryField
from rapport_gateway.planning.optimise import levels
from rapport_gateway.planning.plan import (
    ContextReading,
    ContextVariable,
    EntityBatch,
    Fetch,
    InputField,
    InputObject,
    InputType,
    Keys,
    Parallel,
    PlanNode,
    Sequence,
)
from rapport_gateway.planning.render import Renderer
from rapport_gateway.supergraph.model import Supergraph


@dataclass(slots=True, eq=False)
class _Request:
    """Steps that are sent together."""

    steps: list[Step]
    after: set[_Request] = field(default_factory=set)


class PlanBuilder:
    def __init__(self, supergraph: Supergraph, renderer: Renderer, kind: str) -> None:
        self._supergraph = supergraph
        self._renderer = renderer
        self._kind = kind

    def build(self, steps: list[Step]) -> PlanNode | None:
        """`steps` each after those they depend on."""
        return self._arrange(_requests(steps))

    def _arrange(self, requests: list[_Request]) -> PlanNode | None:
        """Independent chains side by side; in a chain, what can start now, then the rest."""
        nodes = []
        for component in _components(requests):
            now = [request for request in component if not any(before in component for before in request.after)]
            first = _parallel([self._fetch(request.steps) for request in now])
            rest = self._arrange([request for request in component if request not in now])
            nodes.append(first if rest is None else _sequence(first, rest))
        return _parallel(nodes) if nodes else None

    def _fetch(self, steps: list[Step]) -> Fetch:
        graph = steps[0].graph
        name = self._supergraph.subgraphs[graph].name
        variables = self._renderer.variables(step.selection for step in steps)
        definitions = self._renderer.definitions(variables)
        if not steps[0].is_entity:
            head = f"({', '.join(definitions)})" if definitions else ""
            kind = self._kind if not steps[0].path and not steps[0].after else "query"
            text = f"{kind}{head}{self._renderer.braces(steps[0].selection, graph)}"
            selection = steps[0].selection
            return Fetch(
                name, kind, text, variables, _sources(selection), steps[0].path, objects=frozenset(_objects(selection))
            )
        batches = tuple(self._batches(steps, taken=set(variables)))
        text = entities_document(batches, definitions)
        if not any(batch.contexts for batch in batches):
            return Fetch(name, "query", text, variables, entities=batches)
        return Fetch(name, "query", text, variables, entities=batches, by_context=True, definitions=tuple(definitions))

    def _batches(self, steps: list[Step], *, taken: set[str]) -> list[EntityBatch]:
        alike: dict[object, tuple[InputObject, str, list[Step]]] = {}
        for step in steps:
            names = {name: item.sent_as for name, item in step.inputs.items()}
            selection = self._renderer.braces(step.selection, step.graph, names)
            inputs = self._inputs(step)
            alike.setdefault((selection, _shape(inputs)), (inputs, selection, []))[2].append(step)
        batches = []
        for number, (inputs, selection, same) in enumerate(alike.values()):
            fields, paths = same[0].selection, tuple(step.path for step in same)
            suffix = "" if len(alike) == 1 else str(number)
            variable = f"representations{suffix}"
            while variable in taken:
                variable = f"_{variable}"
            key = "_entities" if len(alike) == 1 else f"_e{number}"
            sources = _sources(fields)
            objects = frozenset(_objects(fields))
            batches.append(
                EntityBatch(
                    key,
                    variable,
                    paths,
                    inputs,
                    selection,
                    sources,
                    fields.with_typename,
                    objects,
                    self._contexts(same),
                )
            )
        return batches

    def _contexts(self, steps: list[Step]) -> tuple[ContextVariable, ...]:
        """What is read for steps that select the same."""
        return tuple(
            ContextVariable(
                self._renderer.context_variable(value),
                value.type_text,
                tuple(self._reading(step.contexts[value], step.graph) for step in steps),
            )
            for value in steps[0].contexts
        )

    def _reading(self, source: ContextSource, graph: str) -> ContextReading:
        by_type = {name: InputType(name, self._fields(fields, graph, name)) for name, fields in source.by_type.items()}
        return ContextReading(source.depth, InputObject(by_type, len(by_type) > 1))

    def _inputs(self, step: Step) -> InputObject:
        by_type = {
            name: InputType(item.sent_as, self._fields(item.fields, step.graph, name, step.keys))
            for name, item in step.inputs.items()
        }
        return InputObject(by_type, len(by_type) > 1)

    def _fields(
        self, fields: Iterable[QueryField], graph: str, owner: str, keys: Collection[tuple[str, str]] = ()
    ) -> tuple[InputField, ...]:
        merged: dict[str, list[QueryField]] = {}
        for query in fields:
            if query.mask and not query.is_resolution:
                merged.setdefault(query.source, []).append(query)
        return tuple(self._input_field(same, graph, is_key=(owner, source) in keys) for source, same in merged.items())

    def _input_field(self, same: list[QueryField], graph: str, *, is_key: bool) -> InputField:
        first = same[0]
        if first.children is None:
            return InputField(first.name, first.source, None, is_key)
        by_type: dict[str, list[QueryField]] = {}
        for query in same:
            for group in query.children.groups if query.children else ():
                for type_name in group.types:
                    by_type.setdefault(type_name, []).extend(group.fields)
        inputs = {
            name: InputType(self._supergraph.known_as(graph, name), self._fields(fields, graph, name))
            for name, fields in by_type.items()
        }
        abstract = self._supergraph.types[first.type_name].is_abstract
        return InputField(first.name, first.source, InputObject(inputs, abstract), is_key)


def _sources(selection: StepSelection) -> tuple[str, ...]:
    return tuple(dict.fromkeys(source for fields in selection.by_type.values() for source in fields))


def _objects(selection: StepSelection) -> Iterator[Keys]:
    distinct = {id(each): each for fields in selection.by_type.values() for each in fields.values()}
    for each in distinct.values():
        if each.children is not None:
            yield (each.source,)
            for keys in _objects(each.children):
                yield (each.source, *keys)


def _requests(steps: list[Step]) -> list[_Request]:
    starts = _starts(steps)
    by_start: dict[object, _Request] = {}
    of_step: dict[Step, _Request] = {}
    for step in steps:
        key = (step.graph, starts[step]) if step.is_entity else step
        of_step[step] = by_start.setdefault(key, _Request([]))
        of_step[step].steps.append(step)
    for step in steps:
        of_step[step].after |= {of_step[before] for before in step.after}
    return list(by_start.values())


def _starts(steps: list[Step]) -> dict[Step, int]:
    """When each step starts. One that nothing waits for goes along with the last request to its subgraph."""
    starts = levels(steps)
    needed = {before for step in steps for before in step.after}
    last: dict[str, int] = {}
    for step in steps:
        if step.is_entity:
            last[step.graph] = max(last.get(step.graph, 0), starts[step])
    return {
        step: last[step.graph] if step.is_entity and step not in needed else start for step, start in starts.items()
    }


def _components(requests: list[_Request]) -> list[list[_Request]]:
    components: list[list[_Request]] = []
    for request in requests:
        touching = [c for c in components if any(other in request.after or request in other.after for other in c)]
        components = [c for c in components if c not in touching]
        components.append([*(other for c in touching for other in c), request])
    return components


def _sequence(first: PlanNode, rest: PlanNode) -> Sequence:
    return Sequence((first, *rest.nodes) if isinstance(rest, Sequence) else (first, rest))


def _parallel(nodes: list[PlanNode]) -> PlanNode:
    flat = [inner for node in nodes for inner in (node.nodes if isinstance(node, Parallel) else (node,))]
    return flat[0] if len(flat) == 1 else Parallel(tuple(flat))


def _shape(inputs: InputObject) -> object:
    return tuple(
        (name, item.name, tuple((f.name, f.source, f.children and _shape(f.children)) for f in item.fields))
        for name, item in sorted(inputs.by_type.items())
    )
