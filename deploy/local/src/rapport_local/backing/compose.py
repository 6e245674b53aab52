"""MongoDB and RabbitMQ in containers, by this repository's docker-compose.yml."""

import os
import shutil
import subprocess

from rapport_local.backing.model import Broker, Database, Place, Server
from rapport_local.backing.probe import amqp_url, api_url, require_amqp, require_mongo
from rapport_local.errors import CannotRun
from rapport_local.layout import COMPOSE_FILE

_USER = "rapport"
_PASSWORD_SETTING = "RAPPORT_AMQP_PASSWORD"  # noqa: S105 - the name of a setting
_DEFAULT_PASSWORD = "rapport"  # noqa: S105 - of a broker that listens on the loopback interface only


def docker_engine_runs() -> bool:
    """True when a Docker engine answers."""
    return bool(shutil.which("docker")) and _succeeds("docker", "info", "--format", "{{.ServerVersion}}")


def docker_compose_works() -> bool:
    """True when the compose plugin is there."""
    return _succeeds("docker", "compose", "version")


class _ComposeServer(Server):
    """One service of the compose file."""

    def __init__(self, service: str, place: Place, url: str) -> None:
        self.url = url
        self.how = f"{service} in a container (docker compose)"
        self._service = service
        ports = {"RAPPORT_MONGO_PORT": place.mongo, "RAPPORT_AMQP_PORT": place.amqp}
        ports["RAPPORT_BROKER_API_PORT"] = place.management
        self._env = os.environ | {name: str(port) for name, port in ports.items() if port}

    def launch(self) -> None:
        self._compose("up", "--detach", self._service)

    def wait_ready(self) -> None:
        self._compose("up", "--detach", "--wait", self._service)

    def kill(self) -> None:
        self._compose("kill", self._service)

    def stop(self) -> None:
        self._compose("stop", self._service)

    def _compose(self, *arguments: str) -> None:
        command = ["docker", "compose", "--file", str(COMPOSE_FILE), *arguments]
        done = subprocess.run(command, env=self._env, capture_output=True, text=True, check=False)
        if done.returncode:
            last = (done.stderr.strip() or "no output").splitlines()[-1]
            raise CannotRun(f"docker compose {' '.join(arguments)} failed: {last}")


class ComposeDatabase(_ComposeServer, Database):
    def __init__(self, place: Place) -> None:
        super().__init__("mongo", place, f"mongodb://127.0.0.1:{place.mongo}/?directConnection=true")

    def wait_ready(self) -> None:
        super().wait_ready()
        require_mongo(self.url, "docker compose")


class ComposeBroker(_ComposeServer, Broker):
    def __init__(self, place: Place) -> None:
        password = os.environ.get(_PASSWORD_SETTING, _DEFAULT_PASSWORD)
        super().__init__("rabbitmq", place, amqp_url(_USER, password, place.amqp, "rapport"))
        self._port = place.amqp
        self._management = place.management
        self._password = password

    def wait_ready(self) -> None:
        super().wait_ready()
        require_amqp(self.url, "docker compose")

    def api_of(self, vhost_url: str) -> str:
        return api_url(vhost_url, self._management)

    def create_vhost(self, name: str) -> str:
        self._control("add_vhost", name)
        self._control("set_permissions", "-p", name, _USER, ".*", ".*", ".*")
        return amqp_url(_USER, self._password, self._port, name)

    def delete_vhost(self, name: str) -> None:
        self._control("delete_vhost", name)

    def _control(self, *arguments: str) -> None:
        self._compose("exec", "-T", self._service, "rabbitmqctl", "--quiet", *arguments)


def _succeeds(*command: str) -> bool:
    try:
        return subprocess.run(command, capture_output=True, timeout=20, check=False).returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        return False
