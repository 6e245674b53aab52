"""What a fetch asks of its subgraph, and what becomes of the answer, whoever sends and awaits it."""

from __future__ import annotations

from functools import partial

from rapport_gateway.execution.entities import ask_by_context, ask_for_entities
from rapport_gateway.execution.failures import note_failure, note_root_errors
from rapport_gateway.execution.state import Asked, Run
from rapport_gateway.execution.values import Value, copied, find, merge
from rapport_gateway.planning.plan import Fetch
from rapport_gateway.subgraphs.call import Outcome
from rapport_gateway.subgraphs.client import SubgraphAnswer


def ask(run: Run, fetch: Fetch) -> Asked | None:
    """To be called when everything before the fetch has been taken; None where there is nothing to ask for."""
    if not fetch.entities:
        targets = find(fetch.path, [run.data])
        return (run.request(fetch), partial(take_root, run, fetch, targets)) if targets else None
    return ask_by_context(run, fetch) if fetch.by_context else ask_for_entities(run, fetch)


def take_root(run: Run, fetch: Fetch, targets: list[Value], outcome: Outcome) -> None:
    """Merge the root fields of an answer into the tree."""
    if not isinstance(outcome, SubgraphAnswer):
        note_failure(run, fetch, outcome)
        return
    if outcome.errors:
        note_root_errors(run, fetch, outcome)
    if outcome.data is not None:
        for number, target in enumerate(targets):
            merge(target, copied(outcome.data) if number else outcome.data)
