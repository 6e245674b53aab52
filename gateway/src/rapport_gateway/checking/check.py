"""A proposal beside what is in force: does it compose, what does it break, and for whom."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from graphql import GraphQLSchema
from graphql.utilities import BreakingChange, DangerousChange, find_schema_changes

from rapport_gateway.checking.recorded import RecordedOperation
from rapport_gateway.checking.usage import Broken, OutOfUse, broken_by
from rapport_gateway.composing import compose_supergraph
from rapport_gateway.supergraph.composition import SubgraphSource
from rapport_gateway.supergraph.errors import CompositionFailed
from rapport_gateway.supergraph.loader import load_supergraph


@dataclass(frozen=True, slots=True)
class Report:
    """`out_of_use`: recorded operations that are not valid today, with the reason. `problems` are of composition, and
    nothing else is known where there are any."""

    problems: tuple[str, ...] = ()
    breaking: tuple[str, ...] = ()
    dangerous: tuple[str, ...] = ()
    checked: int = 0
    broken: tuple[Broken, ...] = ()
    out_of_use: tuple[tuple[str, str], ...] = field(default=())

    def passes(self, *, only_used: bool = False) -> bool:
        """`only_used` lets breaking changes pass that break no recorded operation."""
        return not (self.problems or self.broken or (self.breaking and not only_used))


def check(current: str, proposed: Sequence[SubgraphSource], operations: Sequence[RecordedOperation]) -> Report:
    """`current` is the supergraph SDL in force. Raises InvalidSupergraph where that one cannot be read."""
    old = load_supergraph(current, to_serve=False).api_schema
    try:
        new = load_supergraph(compose_supergraph(proposed), to_serve=False).api_schema
    except CompositionFailed as failure:
        return Report(problems=tuple(str(problem) for problem in failure.problems))
    broken, out_of_use = _operations(operations, old, new)
    changes = find_schema_changes(old, new)
    return Report(
        breaking=tuple(_told(change) for change in changes if isinstance(change, BreakingChange)),
        dangerous=tuple(_told(change) for change in changes if isinstance(change, DangerousChange)),
        checked=len(operations) - len(out_of_use),
        broken=tuple(broken),
        out_of_use=tuple(out_of_use),
    )


def _operations(
    operations: Sequence[RecordedOperation], old: GraphQLSchema, new: GraphQLSchema
) -> tuple[list[Broken], list[tuple[str, str]]]:
    broken, out_of_use = [], []
    for operation in operations:
        try:
            found = broken_by(operation, old, new)
        except OutOfUse as reason:
            out_of_use.append((operation.name, str(reason)))
            continue
        if found is not None:
            broken.append(found)
    return broken, out_of_use


def _told(change: BreakingChange | DangerousChange) -> str:
    return f"{change.type.name}: {change.description}"
