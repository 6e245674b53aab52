"""docker-compose.yml is valid, and says the same as the table that `make run` follows."""

import json
import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest
import yaml
from compose_spec import PyCompose

from rapport_local.layout import COMPOSE_FILE, RABBITMQ_CONF, REPOSITORY
from rapport_local.system.table import (
    DEFAULT_PORTS,
    GATEWAY,
    SERVICES,
    Addresses,
    Admin,
    composition,
    long_running,
    migrations,
)
from rapport_local.testing import RunningSystem

BACKING = {"mongo", "rabbitmq"}
# In containers every process is a host of its own name.
ADDRESSES = Addresses(
    mongo_url="mongodb://mongo:27017/?replicaSet=rapport",
    amqp_url="amqp://rapport:${RAPPORT_AMQP_PASSWORD:-rapport}@rabbitmq:5672/rapport",
    database_prefix="rapport",
    supergraph=".rapport/supergraph.graphql",
    ports=DEFAULT_PORTS,
    service_key="${RAPPORT_SERVICE_KEY:?a secret of 32 characters or more}",
    suppression_key="${RAPPORT_SUPPRESSION_KEY-}",
    broker_api_url="http://rapport:${RAPPORT_AMQP_PASSWORD:-rapport}@rabbitmq:15672/rapport",
    hosts={name: name for name in DEFAULT_PORTS},
    listen="0.0.0.0",
)
ADMIN = Admin("${RAPPORT_IDENTITY_ADMIN_EMAIL:-admin@rapport.example}", "${RAPPORT_IDENTITY_ADMIN_PASSWORD-}")
ONCE = [*migrations(ADDRESSES, ADMIN), composition(ADDRESSES)]
LASTING = long_running(ADDRESSES, production=True)


@pytest.fixture(scope="module")
def text() -> str:
    return COMPOSE_FILE.read_text()


@pytest.fixture(scope="module")
def services(text: str) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = yaml.safe_load(text)["services"]
    return found


def _validate(text: str) -> None:
    """Raises ValueError. Variables take their defaults and merges are carried out first, as in `docker compose`."""
    merged = yaml.safe_load(re.sub(r"\$\{\w+:?-([^}]*)\}", r"\1", text))
    PyCompose.from_json(json.dumps(merged)).validate()


def test_file_keeps_the_compose_specification(text: str) -> None:
    _validate(text)


@pytest.mark.parametrize(
    ("right", "wrong", "expected"),
    [
        ("healthcheck:", "healthchek:", "healthchek"),
        ("condition: service_healthy", "condition: service_fine", "service_fine"),
        ("cap_drop: [ALL]", "cap_drop: {ALL: true}", "expected a set"),
    ],
)
def test_that_check_can_fail(text: str, right: str, wrong: str, expected: str) -> None:
    assert right in text
    with pytest.raises(ValueError, match=expected):
        _validate(text.replace(right, wrong))


def test_every_process_of_the_table_is_there_and_no_other(services: dict[str, Any]) -> None:
    assert set(services) - BACKING == {spec.name for spec in [*ONCE, *LASTING]}


@pytest.mark.parametrize("spec", [*ONCE, *LASTING], ids=lambda spec: spec.name)
def test_command_and_settings_are_those_of_the_table(services: dict[str, Any], spec: Any) -> None:
    service = services[spec.name]
    assert service["command"] == ["python", *spec.command]
    assert service.get("environment", {}) == spec.env


@pytest.mark.parametrize("spec", LASTING, ids=lambda spec: spec.name)
def test_health_check_asks_where_the_table_says(services: dict[str, Any], spec: Any) -> None:
    command = services[spec.name]["healthcheck"]["test"]
    assert command[:3] == ["CMD", "python", "-c"]
    assert f"'{spec.ready_url}'" in command[3]


def test_processes_start_in_the_order_of_make_run(services: dict[str, Any]) -> None:
    for service in SERVICES:
        migrated = {f"{service}-migrate": {"condition": "service_completed_successfully"}}
        assert set(services[f"{service}-migrate"]["depends_on"]) == BACKING
        assert services[f"{service}-api"]["depends_on"] == migrated
        assert services[f"{service}-worker"]["depends_on"] == migrated
    apis = {f"{service}-api": {"condition": "service_healthy"} for service in SERVICES}
    composed = {"compose": {"condition": "service_completed_successfully"}}
    assert services[GATEWAY]["depends_on"] == composed | apis


def test_what_ends_by_itself_is_not_restarted_and_the_rest_is(services: dict[str, Any]) -> None:
    assert {services[spec.name]["restart"] for spec in ONCE} == {"no"}
    assert {services[name]["restart"] for name in BACKING | {spec.name for spec in LASTING}} == {"unless-stopped"}


def test_only_loopback_is_published_and_no_subgraph(services: dict[str, Any]) -> None:
    published = {name: service["ports"] for name, service in services.items() if "ports" in service}
    assert set(published) == BACKING | {GATEWAY}
    assert all(port.startswith("127.0.0.1:") for ports in published.values() for port in ports)


def test_broker_gets_the_settings_that_our_own_node_gets(services: dict[str, Any]) -> None:
    source = RABBITMQ_CONF.relative_to(REPOSITORY)
    assert f"./{source}:/etc/rabbitmq/conf.d/20-rapport.conf:ro" in services["rabbitmq"]["volumes"]


@pytest.mark.parametrize("service", [*SERVICES, GATEWAY])
def test_images_are_built_of_packages_and_locks_that_exist(services: dict[str, Any], service: str) -> None:
    names = [name for name, each in services.items() if each["image"] == f"rapport-{service}"]
    assert len(names) >= 2
    for name in names:
        arguments = services[name]["build"]["args"]
        assert (REPOSITORY / "deploy" / "requirements" / f"{arguments['NAME']}.lock").is_file()
        members = arguments["MEMBERS"].split()
        assert members == (["gateway"] if service == GATEWAY else ["shared", f"services/{service}"])


class _Answers(BaseHTTPRequestHandler):
    status = 200

    def do_GET(self) -> None:
        self.send_response(self.status)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Stay quiet."""


@pytest.fixture
def answering() -> Iterator[HTTPServer]:
    with HTTPServer(("127.0.0.1", 0), _Answers) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.mark.parametrize(("status", "exit_code"), [(200, 0), (503, 1)])
def test_health_check_command_tells_ready_from_not_ready(
    services: dict[str, Any], answering: HTTPServer, monkeypatch: pytest.MonkeyPatch, status: int, exit_code: int
) -> None:
    monkeypatch.setattr(_Answers, "status", status)
    script = services[GATEWAY]["healthcheck"]["test"][3]
    script = script.replace(":4000/", f":{answering.server_port}/")
    done = subprocess.run([sys.executable, "-c", script], env=os.environ, capture_output=True, check=False)
    assert done.returncode == exit_code


def test_health_checks_pass_in_a_running_system(services: dict[str, Any], running_system: RunningSystem) -> None:
    for spec in LASTING:
        script = services[spec.name]["healthcheck"]["test"][3]
        port = running_system.addresses.ports[spec.name]
        done = subprocess.run([sys.executable, "-c", script.replace(f":{spec.port}/", f":{port}/")], check=False)
        assert done.returncode == 0, spec.name
