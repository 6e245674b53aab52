"""MongoDB and RabbitMQ in throw-away containers, for tests where a Docker engine runs."""

import secrets

import yaml
from testcontainers.core.container import DockerContainer

from rapport_local.backing.model import Broker, Database, Place, Server
from rapport_local.backing.mongod import initiate_replica_set, is_primary
from rapport_local.backing.probe import amqp_problem, amqp_url, api_url, mongo_problem
from rapport_local.errors import CannotRun
from rapport_local.layout import COMPOSE_FILE, RABBITMQ_CONF
from rapport_local.waiting import wait_until

_USER = "rapport"
_START_SECONDS = 90


def _as_composed(service: str) -> DockerContainer:
    """A container of the image and with the command that docker-compose.yml names: tests run what users run."""
    settings = yaml.safe_load(COMPOSE_FILE.read_text())["services"][service]
    container = DockerContainer(settings["image"])
    return container.with_command(settings["command"]) if "command" in settings else container


class _ContainerServer(Server):
    def __init__(self, container: DockerContainer, url: str, how: str) -> None:
        self.url = url
        self.how = how
        self._container = container
        self._created = False

    def launch(self) -> None:
        if self._created:
            self._container.get_wrapped_container().start()
        else:
            self._container.start()
            self._created = True

    def kill(self) -> None:
        self._container.get_wrapped_container().kill()

    def stop(self) -> None:
        self._container.stop()


class ContainerDatabase(_ContainerServer, Database):
    def __init__(self, place: Place) -> None:
        container = _as_composed("mongo")
        container.with_bind_ports(27017, place.mongo)
        url = f"mongodb://127.0.0.1:{place.mongo}/?directConnection=true"
        super().__init__(container, url, "MongoDB in a container")

    def wait_ready(self) -> None:
        wait_until(lambda: mongo_problem(self.url, seconds=1) is None, seconds=_START_SECONDS, what=self.how)
        initiate_replica_set(self.url, "127.0.0.1:27017")
        wait_until(lambda: is_primary(self.url), seconds=_START_SECONDS, what=self.how)


class ContainerBroker(_ContainerServer, Broker):
    def __init__(self, place: Place) -> None:
        self._port = place.amqp
        self._password = secrets.token_urlsafe(12)
        container = _as_composed("rabbitmq")
        container.with_env("RABBITMQ_DEFAULT_USER", _USER)
        container.with_env("RABBITMQ_DEFAULT_PASS", self._password)
        container.with_env("RABBITMQ_DEFAULT_VHOST", place.vhost)
        container.with_volume_mapping(str(RABBITMQ_CONF), "/etc/rabbitmq/conf.d/20-rapport.conf", "ro")
        container.with_bind_ports(5672, place.amqp)
        self._management = place.management
        if place.management:
            container.with_bind_ports(15672, place.management)
        super().__init__(container, self._url(place.vhost), "RabbitMQ in a container")

    def wait_ready(self) -> None:
        wait_until(lambda: amqp_problem(self.url) is None, seconds=_START_SECONDS, what=self.how)

    def api_of(self, vhost_url: str) -> str:
        return api_url(vhost_url, self._management)

    def create_vhost(self, name: str) -> str:
        self._control("add_vhost", name)
        self._control("set_permissions", "-p", name, _USER, ".*", ".*", ".*")
        return self._url(name)

    def delete_vhost(self, name: str) -> None:
        self._control("delete_vhost", name)

    def _url(self, vhost: str) -> str:
        return amqp_url(_USER, self._password, self._port, vhost)

    def _control(self, *arguments: str) -> None:
        code, output = self._container.exec(["rabbitmqctl", "--quiet", *arguments])
        if code:
            raise CannotRun(f"rabbitmqctl {arguments[0]} failed: {output.decode().strip()}")
