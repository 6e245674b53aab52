"""What the rest of the package knows of a database and a broker, wherever they run."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rapport_local.processes.child import Child


@dataclass(frozen=True)
class Place:
    """Where backing services of our own keep their data and listen.

    `vhost` is the broker's first virtual host. Ports: `amqp` for clients; `distribution` and `epmd` are Erlang's own;
    `management` is the HTTP API's, which a node of our own has where it is given.
    """

    data: Path
    logs: Path
    mongo: int
    amqp: int
    distribution: int
    epmd: int
    vhost: str = "rapport"
    management: int = 0


class Server(ABC):
    """A server that clients reach at `url`, and whose process may be ours; `how` names it for people."""

    url: str
    how: str

    @property
    def children(self) -> Sequence[Child]:
        """The processes that are ours, the server itself last."""
        return ()

    @property
    def pid(self) -> int | None:
        """The server's process, when it is ours and has been launched."""
        return self.children[-1].pid if self.children else None

    @abstractmethod
    def launch(self) -> None:
        """Start without waiting. Raises CannotRun."""

    @abstractmethod
    def wait_ready(self) -> None:
        """Wait until it answers. Raises CannotRun."""

    def start(self) -> None:
        """Start and wait until it answers. Raises CannotRun."""
        self.launch()
        self.wait_ready()

    @abstractmethod
    def kill(self) -> None:
        """End it the hard way (SIGKILL). Raises CannotRun when it is not ours to end."""

    @abstractmethod
    def stop(self) -> None:
        """End it the clean way; does nothing to a server that is not ours."""


class Database(Server):
    """A MongoDB server, or what speaks its wire protocol."""


class Broker(Server):
    """A RabbitMQ node; `url` is amqp://user:password@host:port/vhost of the first virtual host."""

    def api_of(self, vhost_url: str) -> str:
        """The management API for the virtual host of that URL: http://user:password@host:port/vhost; empty for none."""
        return ""

    @abstractmethod
    def create_vhost(self, name: str) -> str:
        """Make a virtual host that the user of `url` may use; returns its URL."""

    @abstractmethod
    def delete_vhost(self, name: str) -> None:
        """Delete it with everything in it."""


@dataclass(frozen=True)
class BackingServices:
    """A database and a broker that answer."""

    database: Database
    broker: Broker

    @property
    def mongo_url(self) -> str:
        return self.database.url

    @property
    def amqp_url(self) -> str:
        return self.broker.url
