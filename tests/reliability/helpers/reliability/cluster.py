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
from rapport_shared.messaging.topology import LOG

SIZE = 3
TICK_SECONDS = 8
"""A node that is silent for so long is not there any more (the default is a minute)."""
_CUT = "erlang:set_cookie(Other, cut), erlang:disconnect_node(Other)"
_MEND = "erlang:set_cookie(Other, erlang:get_cookie())"


@dataclass
class Cluster:
    """The nodes; all have the same user."""

    nodes: list[OwnBroker]

    def create_vhost(self, name: str) -> str:
        """A new virtual host; the addresses of all nodes for it, as services are given them."""
        first = URL(self.nodes[0].create_vhost(name))
        return ",".join(str(first.with_port(URL(node.url).port)) for node in self.nodes)

    def running(self, *, without: OwnBroker | None = None) -> int:
        """How many nodes take part, as the others than ``without`` see it."""
        return len(json.loads(self._ask(without, "cluster_status", "--formatter", "json"))["running_nodes"])

    def leader(self, vhost: str, queue: str, *, without: OwnBroker | None = None) -> OwnBroker:
        """The node that leads a quorum queue, as the others than ``without`` see it."""
        found = f'{{ok, Q}} = rabbit_amqqueue:lookup(rabbit_misc:r(<<"{vhost}">>, queue, <<"{queue}">>))'
        name = self._ask(without, "eval", f"{found}, element(2, amqqueue:get_pid(Q)).").strip("'")
        return next(node for node in self.nodes if node.node_name == name)

    def log_ends(self, vhost: str) -> list[int]:
        """Where each copy of the log that takes part ends."""
        ends = f'[proplists:get_value(offset, Copy) || Copy <- rabbit_stream_queue:status(<<"{vhost}">>, <<"{LOG}">>)]'
        # As a tuple: rabbitmqctl writes a list of small numbers as text.
        found = self._ask(None, "eval", f"list_to_tuple({ends}).").strip("{}")
        return [int(end) for end in found.split(",")]

    def cut_off(self, node: OwnBroker) -> None:
        """The node and the others do not hear each other any more; clients and rabbitmqctl reach all of them."""
        self._with_others(node, _CUT)

    def mend(self, node: OwnBroker) -> None:
        """They may hear each other again."""
        self._with_others(node, _MEND)

    def _with_others(self, node: OwnBroker, expression: str) -> None:
        """Nodes talk to whom they share a secret with: with a wrong one for the others a node is alone."""
        others = ", ".join(f"'{other.node_name}'" for other in self.nodes if other is not node)
        node.control("eval", f"[begin {expression} end || Other <- [{others}]].")

    def _ask(self, without: OwnBroker | None, *arguments: str) -> str:
        """What rabbitmqctl says on the first node that answers."""
        for node in self.nodes:
            with suppress(CannotRun, TimeoutExpired):
                if node is not without:
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
    nodes = [like.another(place, erlang=f"-kernel net_ticktime {TICK_SECONDS}") for place in places]
    with ExitStack() as stack:
        for node in nodes:
            stack.callback(node.stop)
            node.start()
        for node in nodes[1:]:
            for command in (("stop_app",), ("reset",), ("join_cluster", nodes[0].node_name), ("start_app",)):
                node.control(*command)
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
