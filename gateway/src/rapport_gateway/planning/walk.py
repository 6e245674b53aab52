"""Second pass: walk the query tree, take each field where the chooser says, and note the fetches this needs."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

from rapport_gateway.planning.choose import Chooser
from rapport_gateway.planning.contextual import ContextSource, Contextual, ContextValue, value_of
from rapport_gateway.planning.fetch_graph import FetchGraph, Path, Representation, Segment, Step, StepSelection
from rapport_gateway.planning.joins import Via
from rapport_gateway.planning.operation import Names, NormalisedOperation, QueryField, QueryGroup, QuerySelection
from rapport_gateway.planning.reach import Place, Reach
from rapport_gateway.planning.selections import SelectionBuilder
from rapport_gateway.planning.weigh import Option
from rapport_gateway.supergraph.field_sets import FieldSet
from rapport_gateway.supergraph.model import Supergraph


class Unplannable(Exception):
    """No combination of subgraphs resolves a field: the supergraph is not satisfiable for this operation."""


_NO_CONTEXTS: Mapping[str, _Setters] = MappingProxyType({})


class Spot(NamedTuple):
    """Where the walk stands: an object, the fetch that brings it, and the selection of that fetch there.

    `several`: objects of other types may stand in the same position, with other selections. `contexts` are those
    that objects above it set, each with what sets it: where, and for which types there.
    """

    place: Place
    step: Step | None
    selection: StepSelection | None
    path: Path
    names: Names
    several: bool = False
    contexts: Mapping[str, _Setters] = _NO_CONTEXTS


class _Taking(NamedTuple):
    """Bits of a field to take at a spot, for objects of the types; `origin` is where the walk came to them."""

    spot: Spot
    types: tuple[str, ...]
    field: QueryField
    mask: int
    origin: Spot


class _Setter(NamedTuple):
    """An object that sets a context, and of which types it may be."""

    spot: Spot
    types: tuple[str, ...]


_Setters = tuple[_Setter, ...]
_Wanted = tuple[QueryGroup, tuple[str, ...], Place]
"""What is wanted of the types of a group that may be there."""


class Walker:
    def __init__(self, supergraph: Supergraph, builder: SelectionBuilder) -> None:
        self._supergraph = supergraph
        self._builder = builder
        self._reach = Reach(supergraph, builder)
        self._chooser = Chooser(self._reach)

    def query(self, operation: NormalisedOperation) -> FetchGraph:
        """All root fields at once. Raises Unplannable."""
        graph = FetchGraph()
        walk = _Walk(self._supergraph, self._builder, self._reach, self._chooser, graph)
        for group in operation.root.groups:
            place = Place(operation.root.type_name, "")
            walk.group(Spot(place, None, None, (), operation.root.names), group.types, group.wanted, group.wanted_mask)
        return graph

    def one_by_one(self, operation: NormalisedOperation) -> list[FetchGraph]:
        """Root fields in order, each resolved once; neighbours of one subgraph share a fetch. Raises Unplannable."""
        graphs: list[FetchGraph] = []
        last = ""
        for group in operation.root.groups:
            for field in group.fields:
                if not field.mask:
                    continue
                owner = self._owner(operation.root.type_name, field)
                if owner != last:
                    graphs.append(FetchGraph())
                    last = owner
                self._root_field(graphs[-1], operation.root, owner, field)
        return graphs

    def _owner(self, root: str, field: QueryField) -> str:
        """The subgraph from which the whole field takes the fewest fetches; it alone is asked for it."""
        places = [Place(root, graph) for graph in self._supergraph.types[root].joins]
        able = [place for place in places if self._reach.through(place, field) == field.mask]
        if not able:
            raise Unplannable(f"no subgraph can resolve {root}.{field.name} with all that is selected below it")
        return min(able, key=lambda place: self._chooser.cost_below(place, field, field.mask)).graph

    def _root_field(self, graph: FetchGraph, root: QuerySelection, owner: str, field: QueryField) -> None:
        walk = _Walk(self._supergraph, self._builder, self._reach, self._chooser, graph)
        step = graph.root(owner, (), root.type_name, set())
        spot = Spot(Place(root.type_name, owner), step, step.selection, (), root.names)
        walk.field(_Taking(spot, (root.type_name,), field, field.mask, spot), ())


class _Walk:
    def __init__(
        self, supergraph: Supergraph, builder: SelectionBuilder, reach: Reach, chooser: Chooser, graph: FetchGraph
    ) -> None:
        self._supergraph = supergraph
        self._builder = builder
        self._reach = reach
        self._chooser = chooser
        self._graph = graph
        self._entered: dict[Hashable, Spot] = {}
        self._filling: set[Hashable] = set()

    def group(self, spot: Spot, types: tuple[str, ...], fields: tuple[QueryField, ...], mask: int) -> set[Step]:
        """Fetch the fields' bits at an object; gives the steps that bring them."""
        conditions = self._supergraph.named(types) if spot.several else ()
        steps: set[Step] = set()
        for taking in self._takings(spot, types, fields, mask):
            steps |= self.field(taking, conditions)
        return steps

    def _takings(
        self,
        spot: Spot,
        types: tuple[str, ...],
        fields: tuple[QueryField, ...],
        mask: int,
        preferred: frozenset[str] = frozenset(),
    ) -> Iterator[_Taking]:
        if self._reach.gives_all(spot.place, fields, mask):
            for field in fields:
                if field.mask & mask:
                    yield _Taking(spot, types, field, field.mask & mask, spot)
            return
        choice = self._chooser.choose(spot.place, fields, mask, preferred)
        entered: dict[Option, Spot] = {}
        covered = 0
        for assignment in choice.assignments:
            covered |= assignment.mask | assignment.field.bit
            there = spot
            if assignment.option is not None:
                if assignment.option not in entered:
                    entered[assignment.option] = self._enter(spot, types, assignment.option)
                there = entered[assignment.option]
            yield _Taking(there, types, assignment.field, assignment.mask, spot)
        if missing := mask & ~covered:
            lost = next(field.name for field in fields if field.mask & missing)
            raise Unplannable(f"no subgraph can resolve {spot.place.type_name}.{lost} from here")

    def field(self, taking: _Taking, conditions: tuple[str, ...], alike: Iterable[_Taking] = ()) -> set[Step]:
        """`alike` are the takings that go together with this one, it being the first."""
        spot, types, field, mask, _ = taking
        via = self._reach.via(types[0], field, spot.place.graph, spot.place.provided)
        assert via is not None and spot.step is not None and spot.selection is not None  # noqa: PT018, S101
        if field.children is not None and field.is_resolution:
            return {spot.step} | self._resolve(spot, field.children, via, mask)
        abstract = field.children is not None and self._supergraph.types[field.type_name].is_abstract
        placements = spot.selection.add(types, field, via.join.type_name, abstract=abstract)
        context_arguments = via.join.context_arguments
        filled = tuple((given.name, value_of(given)) for given in context_arguments) if context_arguments else ()
        for placed in placements:
            placed.filled = filled
        steps = {spot.step}
        if field.children is not None:
            contexts = self._contexts_below(taking, alike)
            for placed in placements:
                path = (*spot.path, Segment(field.source, conditions))
                below = Spot(spot.place, spot.step, placed.children, path, field.children.names, contexts=contexts)
                steps |= self._children(below, field.children, via, mask)
        return steps

    def _resolve(self, spot: Spot, selection: QuerySelection, via: Via, mask: int) -> set[Step]:
        """Go on with the same objects, by the concrete types that this subgraph tells."""
        assert spot.selection is not None  # noqa: S101
        spot.selection.with_typename = True
        return self._children(spot, selection, via, mask)

    def _children(self, spot: Spot, selection: QuerySelection, via: Via, mask: int) -> set[Step]:
        present = [self._reach.present(group, via.join.graph, via.join.type_name) for group in selection.groups]
        everywhere = {name for types in present for name in types}
        several = spot.several or sum(map(bool, present)) > 1
        wanted = [
            (group, types, Place(types[0], via.join.graph, via.provided))
            for group, types in zip(selection.groups, present, strict=True)
            if types and group.wanted_mask & mask
        ]
        if len(wanted) > 1:
            return self._of_several(spot, wanted, mask, everywhere)
        steps: set[Step] = set()
        for group, types, place in wanted:
            there = spot._replace(place=place, several=several)
            conditions = () if not spot.several and everywhere == set(types) else self._supergraph.named(types)
            for taking in list(self._takings(there, types, group.wanted, group.wanted_mask & mask)):
                steps |= self.field(taking, conditions)
        return steps

    def _of_several(self, spot: Spot, wanted: Sequence[_Wanted], mask: int, everywhere: set[str]) -> set[Step]:
        """Groups of types that stand in one position; `everywhere` are all types there."""
        steps: set[Step] = set()
        alike: dict[Hashable, list[_Taking]] = {}
        entered = [self._chooser.entered(place, group.wanted, group.wanted_mask & mask) for group, _, place in wanted]
        for number, (group, types, place) in enumerate(wanted):
            # Where objects of several types stand, a subgraph that is asked for one may be asked for others as well.
            others = frozenset().union(*entered[:number], *entered[number + 1 :]) if entered[number] else frozenset()
            there = spot._replace(place=place, several=True)
            for taking in self._takings(there, types, group.wanted, group.wanted_mask & mask, others):
                alike.setdefault(self._likeness(taking), []).append(taking)
        for same in alike.values():
            first = same[0]
            names = tuple(name for taking in same for name in taking.types)
            on_all = not spot.several and everywhere == set(names)
            conditions = () if on_all else self._supergraph.named(names)
            steps |= self.field(first._replace(types=names), conditions, same)
        return steps

    def _likeness(self, taking: _Taking) -> Hashable:
        """Equal for takings that go on alike: types that share a field are walked once, not each for itself."""
        spot = taking.spot
        via = self._reach.via(taking.types[0], taking.field, spot.place.graph, spot.place.provided)
        join = (via.join.type_name, id(via.provided)) if via else None
        return id(taking.field), taking.mask, spot.step, id(spot.selection), spot.place.graph, join

    # -- entering another subgraph

    def _enter(self, spot: Spot, types: tuple[str, ...], option: Option) -> Spot:
        """Once for each way of entering at a spot: requirements of requirements come by again and again."""
        key = (spot.place, spot.step, id(spot.selection), spot.path, types, option.entering, id(option.entry.key))
        found = self._entered.get(key)
        if found is None:
            found = self._entered[key] = self._enter_anew(spot, types, option)
        return found

    def _enter_anew(self, spot: Spot, types: tuple[str, ...], option: Option) -> Spot:
        graph = option.entry.graph
        place = Place(spot.place.type_name, graph)
        if option.entry.key is None:
            after = set() if spot.step is None else {spot.step}
            step = self._graph.root(graph, spot.path, spot.place.type_name, after)
            return spot._replace(place=place, step=step, selection=step.selection)
        avoiding = spot.place._replace(avoid=spot.place.avoid | {graph})
        inputs = self._needed(spot, types[0], option.entry.key.fields)
        after = self.group(spot._replace(place=avoiding), types, inputs.fields, inputs.mask)
        needed = list(inputs.fields)
        if option.requires is not None:
            required = self._needed(spot, types[0], option.requires)
            after |= self.group(spot, types, required.fields, required.mask)
            needed.extend(required.fields)
        contexts: dict[ContextValue, ContextSource] = {}
        if isinstance(option.requires, Contextual):
            after |= self._fill(spot, option.requires, contexts)
        if not after and spot.step is not None:
            after = {spot.step}
        represented = {
            name: Representation(self._sent_as(types[0], name, graph), needed) for name in self._supergraph.named(types)
        }
        subgraph = self._supergraph.graph_of(place.type_name, graph)
        step = self._graph.entities(subgraph, spot.path, after, represented)
        step.add_inputs(represented)
        step.contexts.update(contexts)
        step.keys.update((name, field.source) for name in represented for field in inputs.fields)
        return spot._replace(place=place, step=step, selection=step.selection)

    def _sent_as(self, placed: str, type_name: str, graph: str) -> str:
        """Objects that were planned for by an interface are sent by it, also when their type has become known."""
        return placed if self._supergraph.types[placed].is_abstract else self._supergraph.known_as(graph, type_name)

    def _needed(self, spot: Spot, type_name: str, fields: FieldSet) -> QueryGroup:
        return self._builder.field_set(type_name, fields, spot.names, frozenset(spot.contexts))

    # -- contexts

    def _contexts_below(self, taking: _Taking, alike: Iterable[_Taking]) -> Mapping[str, _Setters]:
        """What is set for the objects of a field: by the object that has it, or else further up."""
        own = self._supergraph.contexts.get(taking.types[0]) if self._supergraph.contexts else None
        if not own:
            return taking.origin.contexts
        setters = tuple(_Setter(each.origin, each.types) for each in (alike or (taking,)))
        return {**taking.origin.contexts, **dict.fromkeys(own, setters)}

    def _fill(self, spot: Spot, requires: Contextual, into: dict[ContextValue, ContextSource]) -> set[Step]:
        """Fetch what arguments are filled from, of the nearest objects that set it; gives the steps that bring it."""
        steps: set[Step] = set()
        for argument in requires.arguments:
            by_type: dict[str, tuple[QueryField, ...]] = {}
            depth = 0
            for setter, types in spot.contexts.get(argument.context, ()):
                key = (argument.context, setter.path, types)
                if key in self._filling:
                    raise Unplannable(f"the context {argument.context} depends on itself")
                self._filling.add(key)
                value = self._needed(setter, types[0], argument.selection)
                steps |= self.group(setter, types, value.fields, value.mask)
                self._filling.discard(key)
                by_type.update(dict.fromkeys(self._supergraph.named(types), value.fields))
                depth = len(setter.path)
            into[value_of(argument)] = ContextSource(depth, by_type)
        return steps
