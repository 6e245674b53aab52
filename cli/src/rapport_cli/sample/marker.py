"""One task in the system says what was loaded and whether it is complete, so that a repeat knows within a query.

It is open while a load runs and done afterwards. Its title carries the date the company was planned for: a repeat on
another day plans the same company again.
"""

import re
from dataclasses import dataclass
from datetime import date

from rapport_cli.batch import Call, Executor, send
from rapport_cli.client import Json
from rapport_cli.errors import CliError

FIND = """query SampleLoads($title: String!) {
  tasks(first: 100, filter: { title: { contains: $title } }) { nodes { id title status } }
}"""
TITLE = re.compile(r"Load the sample company \(seed (\d+), (\d+) customers, as of (\d{4}-\d\d-\d\d)\)")


@dataclass(frozen=True, slots=True)
class Marker:
    """A load that was begun; `done` says that it was also finished."""

    task_id: str
    customers: int
    today: date
    done: bool


async def find_markers(session: Executor, seed: int) -> list[Marker]:
    """Every load of this seed."""
    data = await session.execute(FIND, {"title": f"Load the sample company (seed {seed},"}, repeatable=True)
    return [marker for node in data["tasks"]["nodes"] if (marker := _read(node))]


async def begin(session: Executor, seed: int, customers: int, today: date) -> Marker:
    """Note that the load starts."""
    title = f"Load the sample company (seed {seed}, {customers} customers, as of {today.isoformat()})"
    task = {"title": title, "priority": "LOW", "idempotencyKey": f"sample:{seed}:load:{customers}"}
    [outcome] = await send(session, [Call("createTask", task, "task { id title status }")])
    marker = _read(outcome.record) if outcome.record else None
    if marker is None:
        reasons = ", ".join(error.message for error in outcome.errors)
        raise CliError(f"The load cannot be noted as a task: {reasons}", code="SAMPLE_REFUSED")
    return marker


async def finish(session: Executor, marker: Marker, summary: str) -> None:
    """Note that everything is there."""
    await send(session, [Call("completeTask", {"id": marker.task_id, "result": summary}, "task { id }")])


def _read(node: Json) -> Marker | None:
    match = TITLE.fullmatch(node["title"])
    if match is None:
        return None
    return Marker(node["id"], int(match[2]), date.fromisoformat(match[3]), node["status"] == "DONE")
