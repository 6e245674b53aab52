"""Rapport's processes start, come back and end together; stand-ins keep the same contract as the services."""

import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from rapport_local.errors import CannotRun
from rapport_local.ports import is_open
from rapport_local.system.system import System
from rapport_local.system.table import DEFAULT_PORTS, SERVICES, Addresses, Admin


@pytest.fixture
def system(tmp_path: Path, stand_ins: Any, ports: dict[str, int]) -> Iterator[System]:
    addresses = Addresses(
        "mongodb://unused", "amqp://unused", "test", str(tmp_path / "supergraph.graphql"), ports, "k" * 32
    )
    admin = Admin("admin@rapport.example", "a password")
    made = System(addresses, admin, logs=tmp_path / "logs", base_env=stand_ins.env)
    yield made
    made.stop()


def test_everything_starts_and_ends_from_the_outside_in(system: System, stand_ins: Any) -> None:
    ready: list[str] = []
    system.prepare()
    system.start(each_ready=ready.append)
    assert sorted(ready) == sorted(DEFAULT_PORTS)
    assert all(is_open(port) for port in system.addresses.ports.values())

    system.stop()
    ended = stand_ins.ended()
    assert ended[0] == "gateway"
    last_api = len(SERVICES) + 1
    assert {name.split("-")[1] for name in ended[1:last_api]} == {"api"}
    assert {name.split("-")[1] for name in ended[last_api:]} == {"worker"}
    assert not any(is_open(port) for port in system.addresses.ports.values())


def test_supergraph_is_composed_of_every_subgraph_at_its_real_address(system: System) -> None:
    system.prepare()
    written = Path(system.addresses.supergraph).read_text()
    for service, url in system.subgraphs.items():
        assert f"--subgraph {service}={url}@services/{service}/schema.graphql" in written


def test_failed_migration_is_told_with_its_last_words(system: System, stand_ins: Any) -> None:
    stand_ins.fail("tasks-migrate", "the index could not be made")
    with pytest.raises(CannotRun, match="tasks-migrate failed: the index could not be made"):
        system.prepare()


def test_process_that_ends_while_starting_is_told_with_its_last_words(system: System, stand_ins: Any) -> None:
    stand_ins.fail("customers-api", "a setting is missing")
    with pytest.raises(CannotRun, match="customers-api ended while starting: a setting is missing"):
        system.start()


def test_killed_process_can_be_started_again_by_name(system: System) -> None:
    system.start()
    child = system.processes["tasks-worker"]
    before = child.pid
    child.kill()
    assert child.exit_code == -signal.SIGKILL
    system.restart("tasks-worker")
    assert child.running
    assert child.pid != before
