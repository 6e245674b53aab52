"""Errors of subgraphs, told with the paths of the client's answer."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import islice
from typing import Any

from rapport_gateway.errors import SUBREQUEST_MALFORMED_RESPONSE, ErrorDict
from rapport_gateway.execution.representations import Gathered
from rapport_gateway.execution.state import MAX_ERRORS, Run
from rapport_gateway.execution.values import Location, locate
from rapport_gateway.planning.fetch_graph import Path
from rapport_gateway.planning.operation import QueryField, QuerySelection
from rapport_gateway.planning.plan import EntityBatch, Fetch
from rapport_gateway.subgraphs.client import SubgraphAnswer, SubgraphFailure


def note_failure(run: Run, fetch: Fetch, failure: SubgraphFailure, *, only: EntityBatch | None = None) -> None:
    """The whole fetch gave nothing: one error for each field it was for, at the first place that lacks it."""
    for location in _affected(run, fetch, only):
        path = response_path(run.selection, location)
        _add(run, run.error_policy.of_failure(str(failure), failure.code, fetch.subgraph, path), path)


def note_no_entity(run: Run, fetch: Fetch, batch: EntityBatch, gathered: Gathered, index: int) -> None:
    """What came for a representation is neither an object nor null."""
    if len(run.errors) >= MAX_ERRORS:
        return
    message = f"subgraph '{fetch.subgraph}' answered with an entity that is no object"
    for place in islice(_places_of(run, batch, gathered, index), 1):
        path = response_path(run.selection, place)
        _add(run, run.error_policy.of_failure(message, SUBREQUEST_MALFORMED_RESPONSE, fetch.subgraph, path), None)


def note_root_errors(run: Run, fetch: Fetch, answer: SubgraphAnswer) -> None:
    for item in answer.errors[:MAX_ERRORS]:
        path = _path_of(item)
        if path:
            for base in _first_place(run, fetch.path):
                if answer.data is None:
                    run.lost.add(response_path(run.selection, base))
                _add_subgraph_error(run, fetch, item, (*base, *path))
        else:
            _note_unplaced(run, fetch, answer, item)


def note_entity_errors(run: Run, fetch: Fetch, gathered: Sequence[Gathered], answer: SubgraphAnswer) -> None:
    """`[_entities, i, …]` becomes the path of every object that the i-th representation stands for."""
    for item in answer.errors[:MAX_ERRORS]:
        path = _path_of(item)
        places: list[Location] = []
        if len(path) > 1:
            for batch, found in zip(fetch.entities, gathered, strict=True):
                if batch.key == path[0]:
                    bases = list(_places_of(run, batch, found, path[1]))
                    places.extend((*base, *path[2:]) for base in bases)
                    if _is_null(answer, batch.key, path[1]):
                        run.lost.update(response_path(run.selection, base) for base in bases)
        for place in places:
            _add_subgraph_error(run, fetch, item, place)
        if not places:
            _note_unplaced(run, fetch, answer, item)


def _is_null(answer: SubgraphAnswer, key: str, index: str | int) -> bool:
    entities = answer.data.get(key) if answer.data is not None else None
    if not isinstance(entities, list):
        return entities is None
    return isinstance(index, int) and 0 <= index < len(entities) and entities[index] is None


def response_path(selection: QuerySelection | None, location: Iterable[str | int]) -> Location:
    """A location of the value tree as the client sees it; it ends above what the client did not ask for.

    A field may be selected on several types with other fields below: what is there is looked for in all of them.
    """
    result: list[str | int] = []
    selections = [selection] if selection else []
    for part in location:
        if isinstance(part, int):
            result.append(part)
            continue
        found = _fields(selections, part)
        if not found:
            break
        result.append(found[0].response_key)
        below = {id(field.children): field.children for field in found if field.children is not None}
        selections = list(below.values())
    return tuple(result)


def _fields(selections: Iterable[QuerySelection], source: str) -> list[QueryField]:
    return [
        field
        for selection in selections
        for group in selection.groups
        for field in group.fields
        if field.source == source and not field.is_withheld
    ]


def _note_unplaced(run: Run, fetch: Fetch, answer: SubgraphAnswer, item: dict[str, Any]) -> None:
    """An error without a usable path: it explains every null of this fetch when there is no data at all."""
    if answer.data is None:
        for location in _affected(run, fetch, None):
            _add_subgraph_error(run, fetch, item, location, whole=True)
    else:
        _add_subgraph_error(run, fetch, item, None)


def _affected(run: Run, fetch: Fetch, only: EntityBatch | None) -> list[Location]:
    if not fetch.entities:
        bases = _first_place(run, fetch.path)
        return [(*base, key) for base in bases for key in fetch.fields]
    return [
        (*base, key)
        for batch in ((only,) if only else fetch.entities)
        for path in batch.paths
        for base in _first_place(run, path)
        for key in batch.fields
    ]


def _first_place(run: Run, path: Path) -> list[Location]:
    return [location for location, _ in locate(run.data, path)[:1]]


def _places_of(run: Run, batch: EntityBatch, gathered: Gathered, index: str | int) -> Iterable[Location]:
    for path, targets in zip(batch.paths, gathered.targets, strict=True):
        meant = {id(value) for value, number in targets if number == index}
        for location, value in locate(run.data, path):
            if id(value) in meant:
                yield location


def _add_subgraph_error(
    run: Run, fetch: Fetch, item: dict[str, Any], location: Location | None, *, whole: bool = False
) -> None:
    path = response_path(run.selection, location) if location is not None else None
    _add(run, run.error_policy.of_subgraph(item, fetch.subgraph, path), path if whole else None)


def _add(run: Run, found: ErrorDict, failed: Location | None) -> None:
    """`failed`: the place whose nulls, in every item of its lists, this error explains."""
    if len(run.errors) >= MAX_ERRORS:
        return
    if found not in run.errors:
        run.errors.append(found)
    if failed is not None:
        run.failed.append(tuple(part for part in failed if isinstance(part, str)))


def _path_of(item: dict[str, Any]) -> Location:
    """The error's path; empty when it has none that can be used."""
    path = item.get("path")
    if isinstance(path, list) and all(isinstance(part, str | int) for part in path):
        return tuple(path)
    return ()
