"""Backing services are found in the agreed order; programs on the PATH stand for what a machine may have."""

from collections.abc import Callable
from pathlib import Path

import pytest

from rapport_local.backing import Place
from rapport_local.backing.compose import ComposeBroker, ComposeDatabase
from rapport_local.backing.find import find
from rapport_local.backing.given import GivenBroker, GivenDatabase
from rapport_local.backing.mongod import OwnDatabase
from rapport_local.backing.rabbitmq import OwnBroker
from rapport_local.backing.secantus import EmbeddedDatabase
from rapport_local.errors import CannotRun

Program = Callable[[str, str], Path]


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path, tmp_path / "logs", mongo=1, amqp=2, distribution=3, epmd=4)


@pytest.fixture
def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Program:
    """Puts a program with this script on an otherwise usual PATH, where no Docker engine runs."""
    programs = tmp_path / "bin"
    programs.mkdir()
    monkeypatch.setenv("PATH", f"{programs}:/usr/bin:/bin")

    def write(name: str, script: str) -> Path:
        path = programs / name
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)
        return path

    write("docker", "exit 1")
    return write


def _found(place: Place, env: dict[str, str], told: list[str] | None = None) -> tuple[type, type]:
    found = find(place, env=env, tell=(told if told is not None else []).append, throw_away=False)
    return type(found.database), type(found.broker)


def test_given_addresses_come_first(place: Place, program: Program) -> None:
    program("docker", "exit 0")
    env = {"RAPPORT_MONGO_URL": "mongodb://127.0.0.1", "RAPPORT_AMQP_URL": "amqp://127.0.0.1"}
    assert _found(place, env) == (GivenDatabase, GivenBroker)


def test_docker_engine_comes_next_and_fills_what_is_not_given(place: Place, program: Program) -> None:
    program("docker", "exit 0")
    assert _found(place, {}) == (ComposeDatabase, ComposeBroker)
    assert _found(place, {"RAPPORT_MONGO_URL": "mongodb://127.0.0.1"}) == (GivenDatabase, ComposeBroker)


def test_engine_without_compose_is_told_and_passed_over(place: Place, program: Program) -> None:
    program("docker", '[ "$1" != compose ]')
    program("mongod", "")
    program("epmd", "")
    program("rabbitmqctl", "")
    program("rabbitmq-server", "")
    told: list[str] = []
    assert _found(place, {}, told) == (OwnDatabase, OwnBroker)
    assert told == ["a Docker engine runs, but `docker compose` does not work: going on without"]


def test_embedded_database_comes_last(place: Place, program: Program) -> None:
    assert _found(place, {"RAPPORT_AMQP_URL": "amqp://127.0.0.1"}) == (EmbeddedDatabase, GivenBroker)


def test_compose_is_asked_for_one_service_on_the_chosen_port(place: Place, program: Program, tmp_path: Path) -> None:
    program("docker", f'echo "$RAPPORT_MONGO_PORT $RAPPORT_AMQP_PORT $@" >> {tmp_path}/asked')
    broker = ComposeBroker(place)
    broker.launch()
    assert broker.create_vhost("some where") == "amqp://rapport:rapport@127.0.0.1:2/some%20where"
    broker.stop()
    asked = [line.split("docker-compose.yml ")[1] for line in (tmp_path / "asked").read_text().splitlines()]
    assert asked == [
        "up --detach rabbitmq",
        "exec -T rabbitmq rabbitmqctl --quiet add_vhost some where",
        "exec -T rabbitmq rabbitmqctl --quiet set_permissions -p some where rapport .* .* .*",
        "stop rabbitmq",
    ]
    assert (tmp_path / "asked").read_text().startswith("1 2 compose --file ")


def test_failing_compose_is_one_clear_line(place: Place, program: Program) -> None:
    program("docker", "echo pulling >&2; echo no space left >&2; exit 17")
    with pytest.raises(CannotRun, match="docker compose up --detach mongo failed: no space left"):
        ComposeDatabase(place).launch()
