"""The audit log of the running system: what every service writes, and the command that verifies it."""

import asyncio
import subprocess
import sys
from typing import Any

import pytest
from pymongo import MongoClient
from staff import Staff, make_customer
from waiting import eventually

from rapport_local.testing.running import RunningSystem

SERVICES = ("customers", "identity", "interactions", "tasks")
LOGS = """query($filter: AuditFilter) {
  customersAuditLog(filter: $filter) { nodes { action actorId reason correlationId sealed } }
  identityAuditLog { totalCount nodes { action sealed } }
  interactionsAuditLog(filter: $filter) { nodes { action actorId correlationId } }
  tasksAuditLog(filter: $filter) { nodes { action actorId via correlationId } } }"""


def _verify(system: RunningSystem, service: str) -> subprocess.CompletedProcess[str]:
    """``python -m rapport_<service> audit verify``, with the settings of the service's own worker."""
    command = [sys.executable, "-m", f"rapport_{service}", "audit", "verify"]
    env = system.processes[f"{service}-worker"].env
    return subprocess.run(command, env=env, capture_output=True, text=True, timeout=120, check=False)


async def _verified_once_published(system: RunningSystem, service: str) -> subprocess.CompletedProcess[str]:
    async def published() -> subprocess.CompletedProcess[str] | None:
        verified = await asyncio.to_thread(_verify, system, service)
        return None if " 0 published" in verified.stdout else verified

    verified: subprocess.CompletedProcess[str] = await eventually(published, seconds=60)
    return verified


async def _touch_every_service(admin: Staff) -> None:
    """A customer, and an interaction that makes a task."""
    customer = await make_customer(admin)
    said = {"customerId": customer, "channel": "PHONE", "content": "Called.", "nextFollowUpAt": "2031-01-01T00:00:00Z"}
    await admin.do("recordInteraction", "interaction { id }", **said)


async def test_one_request_can_be_followed_through_the_services(admin: Staff) -> None:
    await _touch_every_service(admin)
    recent = await admin.ask("{ interactionsAuditLog(first: 1) { nodes { action correlationId } } }")
    (row,) = recent["interactionsAuditLog"]["nodes"]
    assert row["action"] == "interactions.interaction.recorded"

    async def followed() -> Any:
        found = await admin.ask(LOGS, filter={"correlationId": {"eq": row["correlationId"]}})
        return found if found["tasksAuditLog"]["nodes"] else None

    logs = await eventually(followed)
    assert [(entry["actorId"], entry["action"]) for entry in logs["interactionsAuditLog"]["nodes"]] == [
        (admin.id, "interactions.interaction.recorded")
    ]
    assert [(entry["actorId"], entry["via"], entry["action"]) for entry in logs["tasksAuditLog"]["nodes"]] == [
        ("system", "SYSTEM", "tasks.task.created")
    ]
    assert logs["identityAuditLog"]["totalCount"] > 0


@pytest.mark.timeout(300)
async def test_verifying_finds_what_was_changed_and_nothing_else(admin: Staff, running_system: RunningSystem) -> None:
    await _touch_every_service(admin)
    for service in SERVICES:
        verified = await _verified_once_published(running_system, service)
        assert verified.returncode == 0, verified.stdout + verified.stderr
        assert "0 problems" in verified.stdout
    prefix = running_system.addresses.database_prefix
    with MongoClient[dict[str, Any]](running_system.addresses.mongo_url) as client:
        rows = client[f"{prefix}_customers"]["audit"]
        row = rows.find_one({"waiting": {"$exists": False}})
        assert row is not None
        rows.update_one({"_id": row["_id"]}, {"$set": {"actor": "usr_somebody_else"}})
        found = await asyncio.to_thread(_verify, running_system, "customers")
        rows.update_one({"_id": row["_id"]}, {"$set": {"actor": row["actor"]}})
    assert (found.returncode, f"row {row['_id']} was edited" in found.stdout) == (1, True)
    mended = await asyncio.to_thread(_verify, running_system, "customers")
    assert mended.returncode == 0, mended.stdout
