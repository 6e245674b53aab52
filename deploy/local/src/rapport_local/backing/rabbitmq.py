"""A RabbitMQ node of our own: own data, own ports, own Erlang port mapper, nothing left when it ends."""

import json
import os
import secrets
import shutil
import subprocess

from rapport_local.backing.model import Broker, Place
from rapport_local.backing.probe import amqp_problem, amqp_url, api_url
from rapport_local.backing.rabbitmq_programs import RabbitmqPrograms
from rapport_local.errors import CannotRun
from rapport_local.layout import RABBITMQ_CONF
from rapport_local.ports import is_open
from rapport_local.processes.child import Child

_USER = "rapport"
_GIGABYTE = 1000**3
_START_SECONDS = 90


class OwnBroker(Broker):
    """The node and its epmd, both ended by `stop` and, if the owner dies, by the kernel."""

    how = "RabbitMQ of this machine (a node of our own)"

    def __init__(self, place: Place, programs: RabbitmqPrograms, *, erlang: str = "") -> None:
        """``erlang``: further arguments for the Erlang machine."""
        self._place = place
        self._erlang = erlang
        self._programs = programs
        self._home = place.data / "rabbitmq"
        self._home.mkdir(parents=True, exist_ok=True)
        self._password = self._kept_password()
        self.url = self._url(place.vhost)
        env = self._environment()
        epmd_command = [str(programs.epmd), "-port", str(place.epmd), "-address", "127.0.0.1"]
        self._epmd = Child("epmd", epmd_command, log=place.logs / "epmd.log", env=env)
        self._node = Child("rabbitmq", [str(programs.server)], log=place.logs / "rabbitmq.log", env=env, cwd=self._home)

    @property
    def children(self) -> tuple[Child, ...]:
        return (self._epmd, self._node)

    @property
    def node_name(self) -> str:
        """Its Erlang name."""
        return f"rapport-{self._place.amqp}@localhost"

    def another(self, place: Place, *, erlang: str = "") -> "OwnBroker":
        """A node like this one, elsewhere; not started yet."""
        return OwnBroker(place, self._programs, erlang=erlang)

    def launch(self) -> None:
        self._write_settings()
        if not self._epmd.running:
            self._epmd.start()
            self._epmd.wait_until(lambda: is_open(self._place.epmd), seconds=10)
        self._node.start()

    def wait_ready(self) -> None:
        self._node.wait_until(self._accepts_clients, seconds=_START_SECONDS, poll=0.25)

    def kill(self) -> None:
        self._node.kill()

    def stop(self) -> None:
        self._node.end(grace=20)
        self._epmd.end()

    def create_vhost(self, name: str) -> str:
        self.control("add_vhost", name)
        self.control("set_permissions", "-p", name, _USER, ".*", ".*", ".*")
        return self._url(name)

    def delete_vhost(self, name: str) -> None:
        self.control("delete_vhost", name)

    def api_of(self, vhost_url: str) -> str:
        return api_url(vhost_url, self._place.management)

    def _accepts_clients(self) -> bool:
        return is_open(self._place.amqp) and amqp_problem(self.url) is None

    def _url(self, vhost: str) -> str:
        return amqp_url(_USER, self._password, self._place.amqp, vhost)

    def control(self, *arguments: str) -> str:
        """What rabbitmqctl says to these arguments. Raises CannotRun."""
        command = [str(self._programs.control), "--quiet", *arguments]
        env = self._environment()
        done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=60, check=False)
        if done.returncode:
            said = (done.stderr.strip() or done.stdout.strip()).replace("\n", " ")
            raise CannotRun(f"rabbitmqctl {arguments[0]} failed: {said}")
        return done.stdout

    def _kept_password(self) -> str:
        """The user's password is made once, with the data: the broker reads it at its first start only."""
        kept = self._home / "user.json"
        if kept.exists():
            return str(json.loads(kept.read_text())["password"])
        password = secrets.token_urlsafe(18)
        kept.touch(mode=0o600)
        kept.write_text(json.dumps({"user": _USER, "password": password}))
        return password

    def _write_settings(self) -> None:
        lines = [
            RABBITMQ_CONF.read_text(),
            f"listeners.tcp.1 = 127.0.0.1:{self._place.amqp}",
            f"default_user = {_USER}",
            f"default_pass = {self._password}",
            f"default_vhost = {self._place.vhost}",
        ]
        if self._place.management:
            # For users, rights and queues; nobody looks at statistics here, which cost time all the while.
            lines += ["management.tcp.ip = 127.0.0.1", f"management.tcp.port = {self._place.management}"]
            lines += ["management.disable_stats = true", "management_agent.disable_metrics_collector = true"]
        free = shutil.disk_usage(self._home).free
        if free < 4 * _GIGABYTE:
            # On a nearly full disk the usual limit would block every publisher from the start; a later line wins.
            lines.append(f"disk_free_limit.absolute = {free // 4}")
        conf = self._home / "rabbitmq.conf"
        conf.touch(mode=0o600)
        conf.write_text("\n".join(lines) + "\n")
        plugins = "rabbitmq_management" if self._place.management else ""
        (self._home / "enabled_plugins").write_text(f"[{plugins}].\n")

    def _environment(self) -> dict[str, str]:
        home = self._home
        inherited = {name: value for name, value in os.environ.items() if not name.startswith(("RABBITMQ_", "ERL_"))}
        return inherited | {
            "HOME": str(home),
            "ERL_EPMD_PORT": str(self._place.epmd),
            "ERL_EPMD_ADDRESS": "127.0.0.1",
            # The script then becomes the Erlang machine instead of waiting for it: the process we hold is the broker.
            "RUNNING_UNDER_SYSTEMD": "true",
            "RABBITMQ_NODENAME": self.node_name,
            "RABBITMQ_NODE_PORT": str(self._place.amqp),
            "RABBITMQ_DIST_PORT": str(self._place.distribution),
            "RABBITMQ_MNESIA_BASE": str(home / "data"),
            "RABBITMQ_LOG": "-color",
            "RABBITMQ_LOG_BASE": str(self._place.logs),
            "RABBITMQ_CONFIG_FILE": str(home / "rabbitmq.conf"),
            "RABBITMQ_CONFIG_FILES": str(home / "conf.d"),
            "RABBITMQ_ADVANCED_CONFIG_FILE": str(home / "advanced.config"),
            "RABBITMQ_CONF_ENV_FILE": str(home / "rabbitmq-env.conf"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(home / "enabled_plugins"),
            # Idle schedulers sleep: the machine is shared with everything else that runs on it.
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": (
                "+sbwt none +sbwtdcpu none +sbwtdio none -start_epmd false -kernel inet_dist_use_interface {127,0,0,1} "
                + self._erlang
            ),
        }
