"""Entity fetches: representations out, results merged where they belong."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any

import orjson

from rapport_gateway.errors import SUBREQUEST_MALFORMED_RESPONSE
from rapport_gateway.execution.contexts import Part, apart
from rapport_gateway.execution.failures import note_entity_errors, note_failure, note_no_entity
from rapport_gateway.execution.representations import Gathered, gather
from rapport_gateway.execution.state import Asked, Run
from rapport_gateway.execution.values import Value, copied, merge
from rapport_gateway.planning.entities_text import entities_document, numbered
from rapport_gateway.planning.plan import EntityBatch, Fetch
from rapport_gateway.subgraphs.call import Outcome
from rapport_gateway.subgraphs.client import SubgraphAnswer, SubgraphFailure


def ask_for_entities(run: Run, fetch: Fetch) -> Asked | None:
    """One request for all batches of the fetch; None when there is nothing to ask for."""
    try:
        gathered = [gather(run.data, run.batches[batch], run.found) for batch in fetch.entities]
    except orjson.JSONEncodeError:
        _note_too_deep(run, fetch)
        return None
    return _asked(run, fetch, gathered)


def ask_by_context(run: Run, fetch: Fetch) -> Asked | None:
    """The same where arguments come from objects above the entities: with one field for each set of values."""
    try:
        parts = [part for batch in fetch.entities for part in apart(run.data, batch, run.batches[batch], run.found)]
    except orjson.JSONEncodeError:
        _note_too_deep(run, fetch)
        return None
    if sum(bool(batch.contexts) for batch, _, _ in parts) > 1:
        parts = [_numbered(number, *part) for number, part in enumerate(parts)]
    batches = tuple(batch for batch, _, _ in parts)
    values = {name: value for _, _, filled in parts for name, value in filled.items()}
    text = entities_document(batches, fetch.definitions)
    return _asked(run, replace(fetch, text=text, entities=batches), [gathered for _, gathered, _ in parts], values)


def _numbered(number: int, batch: EntityBatch, gathered: Gathered, values: Value) -> Part:
    if not batch.contexts:
        return batch, gathered, values
    renamed = numbered(batch, number)
    return (
        renamed,
        gathered,
        {new.variable: values[old.variable] for old, new in zip(batch.contexts, renamed.contexts, strict=True)},
    )


def _note_too_deep(run: Run, fetch: Fetch) -> None:
    message = f"subgraph '{fetch.subgraph}' cannot be asked about values that are nested so deeply"
    note_failure(run, fetch, SubgraphFailure(message, SUBREQUEST_MALFORMED_RESPONSE))


def _asked(run: Run, fetch: Fetch, gathered: list[Gathered], values: Value | None = None) -> Asked | None:
    if not any(batch.representations for batch in gathered):
        return None
    variables: Value = {
        batch.variable: found.representations for batch, found in zip(fetch.entities, gathered, strict=True)
    }
    if values:
        variables.update(values)
    return run.request(fetch, variables), partial(_take_all, run, fetch, gathered)


def _take_all(run: Run, fetch: Fetch, gathered: list[Gathered], outcome: Outcome) -> None:
    if not isinstance(outcome, SubgraphAnswer):
        note_failure(run, fetch, outcome)
        return
    if outcome.errors:
        note_entity_errors(run, fetch, gathered, outcome)
    if outcome.data is None:
        return
    for batch, found in zip(fetch.entities, gathered, strict=True):
        _take(run, fetch, batch, found, outcome.data.get(batch.key))


def _take(run: Run, fetch: Fetch, batch: EntityBatch, gathered: Gathered, entities: object) -> None:
    if entities is None:
        return
    if not isinstance(entities, list) or len(entities) != len(gathered.representations):
        message = f"subgraph '{fetch.subgraph}' did not answer with one entity per representation"
        note_failure(run, fetch, SubgraphFailure(message, SUBREQUEST_MALFORMED_RESPONSE), only=batch)
        return
    for position, entity in enumerate(entities):
        if entity is not None and not isinstance(entity, dict):
            note_no_entity(run, fetch, batch, gathered, position)
    # Other paths may be completed differently below, so they must not share objects.
    is_shared = not batch.objects and not gathered.copies
    for number, targets in enumerate(gathered.targets):
        own: dict[int, Any] = {}
        for target, index in targets:
            if index is None or not isinstance(entities[index], dict):
                continue
            if index not in own or gathered.copies:
                is_first = is_shared or not (number or index in own)
                own[index] = entities[index] if is_first else copied(entities[index])
            merge(target, own[index])
            if batch.tells_type:
                target["__typename"] = own[index].get("__typename")
