"""Where equal objects may become one: what is asked for an entity, merged and projected is then done once for it.

An object is shared only by places of one position, where whatever is fetched later is the same for each of them. Where
two fetches bring the objects of a position, the second is merged into the first item by item: nothing is shared there.
"""

from __future__ import annotations

from collections.abc import Iterator

from rapport_gateway.planning.fetch_graph import Path
from rapport_gateway.planning.plan import Fetch, Keys, Parallel, PlanNode, Sequence, Subscription


def shared_positions(node: PlanNode | None) -> frozenset[Keys]:
    """The positions of entities whose objects are all brought by one fetch."""
    fetches = list(fetches_of(node))
    if any(fetch.by_context for fetch in fetches):
        return frozenset()  # equal objects may have fields that depend on what is above them
    brought: dict[Keys, int] = {}
    for fetch in fetches:
        for base, objects in _bringing(fetch):
            for below in objects:
                brought[(*base, *below)] = brought.get((*base, *below), 0) + 1
    entities = {keys_of(path) for fetch in fetches for batch in fetch.entities for path in batch.paths}
    return frozenset(position for position in entities if brought.get(position) == 1)


def fetches_of(node: PlanNode | None) -> Iterator[Fetch]:
    match node:
        case Fetch():
            yield node
        case Sequence() | Parallel():
            for inner in node.nodes:
                yield from fetches_of(inner)
        case Subscription():
            yield node.primary
            yield from fetches_of(node.rest)


def keys_of(path: Path) -> Keys:
    return tuple(segment.key for segment in path)


def _bringing(fetch: Fetch) -> Iterator[tuple[Keys, frozenset[Keys]]]:
    if not fetch.entities:
        yield keys_of(fetch.path), fetch.objects
    for batch in fetch.entities:
        for path in batch.paths:
            yield keys_of(path), batch.objects
