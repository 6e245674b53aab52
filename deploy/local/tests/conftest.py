"""Small processes that keep the process contract, so that starting and ending can be tested without the services."""

import os
from dataclasses import dataclass
from pathlib import Path

import pytest

from rapport_local.ports import free_ports
from rapport_local.system.table import DEFAULT_PORTS

_MAIN = """
import http.server, os, pathlib, signal, sys
service, role, arguments = "{service}", sys.argv[1], sys.argv[2:]
name = service if role == "serve" else f"{{service}}-{{role}}"
order = pathlib.Path(__file__).parents[1]
broken = order / f"break-{{name}}"
if broken.exists():
    sys.exit(broken.read_text())
if role == "migrate":
    sys.exit(0)
if role == "compose":
    pathlib.Path(arguments[arguments.index("--output") + 1]).write_text(" ".join(arguments))
    sys.exit(0)
setting = f"RAPPORT_{{service.upper()}}_" + ("WORKER_PORT" if role == "worker" else "PORT")
port = int(arguments[arguments.index("--port") + 1] if role == "serve" else os.environ[setting])

def leave(*_):
    with open(order / "ended", "a") as ended:
        ended.write(name + "\\n")
    os._exit(0)

class Ready(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200 if self.path == "/ready" else 404)
        self.end_headers()
    def log_message(self, *_):
        pass

signal.signal(signal.SIGTERM, leave)
http.server.HTTPServer(("127.0.0.1", port), Ready).serve_forever()
"""


@dataclass(frozen=True)
class StandIns:
    """Packages of the services' names that are found before the real ones.

    An API and a worker answer on the port that their environment names; the gateway on its --port.
    """

    directory: Path

    @property
    def env(self) -> dict[str, str]:
        """The environment in which Python finds them."""
        return {**os.environ, "PYTHONPATH": str(self.directory)}

    def fail(self, name: str, last_words: str) -> None:
        """Make the process of this name (tasks-migrate, customers-api) fail at its next start."""
        (self.directory / f"break-{name}").write_text(last_words)

    def ended(self) -> list[str]:
        """Names of the processes that were asked to end, in the order in which they did."""
        return (self.directory / "ended").read_text().split()


@pytest.fixture
def stand_ins(tmp_path: Path) -> StandIns:
    directory = tmp_path / "packages"
    for service in ("identity", "customers", "interactions", "tasks", "automation", "gateway"):
        package = directory / f"rapport_{service}"
        package.mkdir(parents=True)
        (package / "__init__.py").touch()
        (package / "__main__.py").write_text(_MAIN.format(service=service))
    return StandIns(directory)


@pytest.fixture
def ports() -> dict[str, int]:
    """A free port for each of Rapport's processes."""
    return dict(zip(DEFAULT_PORTS, free_ports(len(DEFAULT_PORTS)), strict=True))
