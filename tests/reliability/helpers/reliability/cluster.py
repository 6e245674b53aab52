"""Three RabbitMQ nodes that are one broker, on this machine."""

import json
import secrets
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from subprocess import TimeoutExpired

from yarl import URL

from rapport_local.backing import Place
from rapport_local.backing.rabbitmq import OwnBroker
from rapport_local.errors import CannotRun
from rapport_local.ports import free_ports

SIZE = 3
TICK_SECONDS = 8
"""A node that is silent for so long is not there any more (the default is a minute)."""


@dataclass
class Cluster:
    """The nodes; all have the same user."""

    nodes: list[OwnBroker]

    def create_vhost(self, name: str) -> str:
        """A new virtual host; the addresses of all nodes for it, as services are given them."""
        first = URL(self.nodes[0].create_vhost(name))
        return ",".join(str(first.with_port(URL(node.url).port)) for node in self.nodes)

    def running(self) -> int:
        """How many nodes take part, as the first of them that answers sees it."""
        return len(json.loads(self.ask("cluster_status", "--formatter", "json"))["running_nodes"])

    def leader(self, vhost: str, queue: str) -> OwnBroker:
        """The node that leads a quorum queue."""
        found = f'{{ok, Q}} = rabbit_amqqueue:lookup(rabbit_misc:r(<<"{vhost}">>, queue, <<"{queue}">>))'
        name = self.ask("eval", f"{found}, element(2, amqqueue:get_pid(Q)).").strip("'")
        return next(node for node in self.nodes if node.node_name == name)

    def ask(self, *arguments: str) -> str:
        """What rabbitmqctl says on the first node that answers."""
        for node in self.nodes:
            with suppress(CannotRun, TimeoutExpired):
                return node.control("--timeout", "10", *arguments).strip()
        raise CannotRun("no node answers")


@contextmanager
def cluster(like: OwnBroker, data: Path) -> Iterator[Cluster]:
    """Three new nodes that have joined; ended and forgotten at the end."""
    ports = free_ports(2 * SIZE + 1)
    epmd, secret = ports.pop(), secrets.token_hex(16)
    places = [
        Place(data / f"{amqp}", data / f"{amqp}" / "logs", 0, amqp, distribution, epmd, vhost="/")
        for amqp, distribution in zip(ports[::2], ports[1::2], strict=True)
    ]
    for place in places:
        _share(place, secret)
    nodes = [like.another(place) for place in places]
    with ExitStack() as stack:
        for node in nodes:
            stack.callback(node.stop)
            node.start()
        for node in nodes[1:]:
            for command in (("stop_app",), ("reset",), ("join_cluster", nodes[0].node_name), ("start_app",)):
                node.control(*command)
        for node in nodes:
            node.control("eval", f"net_kernel:set_net_ticktime({TICK_SECONDS}, 0).")
        made = Cluster(nodes)
        assert made.running() == SIZE
        yield made


def _share(place: Place, secret: str) -> None:
    """Nodes of one cluster know one secret, and here the same user from their first start on."""
    home = place.data / "rabbitmq"
    home.mkdir(parents=True)
    (home / "user.json").write_text(json.dumps({"user": "rapport", "password": secret}))
    cookie = home / ".erlang.cookie"
    cookie.write_text(secret)
    cookie.chmod(0o400)
