"""The document of a request for entities, with arguments from contexts as variables."""

from __future__ import annotations

import re
from collections.abc import Iterable

from rapport_gateway.planning.plan import EntityBatch

_MARK = "\x00"
"""Stands around the names of context variables in selections: GraphQL text holds no such character."""
_MARKED = re.compile(f"{_MARK}([^{_MARK}]*){_MARK}")


def marked(variable: str) -> str:
    """A use of a context variable, for the selection of an `EntityBatch`."""
    return f"${_MARK}{variable}{_MARK}"


def entities_document(batches: Iterable[EntityBatch], definitions: Iterable[str]) -> str:
    """`definitions` are those of the client's variables."""
    variables: list[str] = []
    fields: list[str] = []
    for batch in batches:
        variables.append(f"${batch.variable}: [_Any!]!")
        variables.extend(f"${value.variable}: {value.type_text}" for value in batch.contexts)
        alias = "" if batch.key == "_entities" else f"{batch.key}: "
        selection = _MARKED.sub(r"\1", batch.selection) if batch.contexts else batch.selection
        fields.append(f"{alias}_entities(representations: ${batch.variable}){selection}")
    return f"query({', '.join(dict.fromkeys([*variables, *definitions]))}){{{' '.join(fields)}}}"


def numbered(batch: EntityBatch, number: int) -> EntityBatch:
    """One of several uses of a batch in a request, each with other values of its context variables."""
    selection = _MARKED.sub(rf"{_MARK}\1_{number}{_MARK}", batch.selection)
    contexts = tuple(value._replace(variable=f"{value.variable}_{number}") for value in batch.contexts)
    return batch.again(f"{batch.key}_{number}", f"{batch.variable}_{number}", selection, contexts)
