"""The GraphQL answer made from a finished run."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rapport_gateway.errors import ErrorDict, error
from rapport_gateway.execution.generated import Irregular
from rapport_gateway.execution.projection import Projection
from rapport_gateway.execution.state import MAX_ERRORS, Run
from rapport_gateway.execution.withheld import unauthorized


class SharedAnswer(dict[str, Any]):
    """One answer for several clients: nobody may change it. `text` is what it has been encoded to."""

    __slots__ = ("text",)

    def __init__(self, answer: dict[str, Any]) -> None:
        super().__init__(answer)
        self.text: bytes | None = None


def answer_of(run: Run, projection: Projection) -> dict[str, Any]:
    """`{"data": …}`, with `errors` first when there are any."""
    if run.withheld.ways:
        return _reported(run, projection)
    try:
        regular = projection.regular(run.data)
    except Irregular:
        return _reported(run, projection)
    return {"errors": run.errors, "data": regular} if run.errors else {"data": regular}


def _reported(run: Run, projection: Projection) -> dict[str, Any]:
    """With an error for each value that is not as it should be."""
    errors: list[ErrorDict] = list(run.errors)
    explained = _Explained(run)

    def report(path: Sequence[str | int], message: str, code: str) -> None:
        if len(errors) < MAX_ERRORS and not explained.covers(path):
            errors.append(error(message, code, path=path))

    data = projection.project(run.data, report)
    errors.extend(unauthorized(run.data, run.withheld))
    return {"errors": errors, "data": data} if errors else {"data": data}


class _Explained:
    """Whether an error at, above or below a place is already told, so that its null needs no further one."""

    def __init__(self, run: Run) -> None:
        self._failed = run.failed
        self._lost = run.lost
        self._exact = {tuple(item["path"]) for item in run.errors if "path" in item}
        self._above = {path[:length] for path in self._exact for length in range(1, len(path))}

    def covers(self, path: Sequence[str | int]) -> bool:
        place = tuple(path)
        if place in self._above or any(place[:length] in self._exact for length in range(1, len(place) + 1)):
            return True
        if place[:-1] in self._lost:
            return True
        names = tuple(part for part in place if isinstance(part, str))
        return any(names[: len(failed)] == failed or failed[: len(names)] == names for failed in self._failed)
