"""Servers whose addresses the environment gives: used, never started or ended."""

import os

from rapport_local.backing.model import Broker, Database, Server
from rapport_local.backing.probe import require_amqp, require_mongo
from rapport_local.errors import CannotRun

MONGO_SETTING = "RAPPORT_MONGO_URL"
AMQP_SETTING = "RAPPORT_AMQP_URL"
API_SETTING = "RAPPORT_BROKER_API_URL"


class _GivenServer(Server):
    def __init__(self, url: str, how: str) -> None:
        self.url = url
        self.how = how

    def launch(self) -> None:
        """It runs already."""

    def kill(self) -> None:
        raise CannotRun(f"{self.how} is not ours to end")

    def stop(self) -> None:
        """Leave it as it is."""


class GivenDatabase(_GivenServer, Database):
    """The database that RAPPORT_MONGO_URL names."""

    def __init__(self, url: str) -> None:
        super().__init__(url, f"the MongoDB of {MONGO_SETTING}")

    def wait_ready(self) -> None:
        require_mongo(self.url, MONGO_SETTING)


class GivenBroker(_GivenServer, Broker):
    """The broker and virtual host that RAPPORT_AMQP_URL names; RAPPORT_BROKER_API_URL is its management API."""

    def __init__(self, url: str) -> None:
        super().__init__(url, f"the RabbitMQ of {AMQP_SETTING}")

    def wait_ready(self) -> None:
        require_amqp(self.url, AMQP_SETTING)

    def api_of(self, vhost_url: str) -> str:
        return os.environ.get(API_SETTING, "")

    def create_vhost(self, name: str) -> str:
        raise CannotRun(f"virtual host {name!r} cannot be made on {self.how}: its administrator does that")

    def delete_vhost(self, name: str) -> None:
        raise CannotRun(f"virtual host {name!r} cannot be deleted on {self.how}: its administrator does that")
