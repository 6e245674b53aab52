"""What the user may choose for `make run`, by environment variables."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from rapport_local.backing import Place
from rapport_local.errors import CannotRun
from rapport_local.layout import STATE
from rapport_local.ports import require_free
from rapport_local.system.table import DEFAULT_PORTS, port_setting

_BACKING_PORTS = {"mongo": 4017, "amqp": 4072, "amqp-distribution": 4073, "amqp-epmd": 4074, "broker-api": 4075}


@dataclass(frozen=True)
class Options:
    """Ports by process name; where state is kept; what is loaded."""

    ports: Mapping[str, int]
    backing_ports: Mapping[str, int]
    state: Path
    database_prefix: str
    sample_data: bool

    @property
    def logs(self) -> Path:
        return self.state / "logs"

    def place(self) -> Place:
        """Where backing services of our own live; their data outlasts the run."""
        mongo, amqp, distribution, epmd, management = self.backing_ports.values()
        return Place(self.state, self.logs, mongo, amqp, distribution, epmd, management=management)


def read_options(env: Mapping[str, str]) -> Options:
    """Raises CannotRun for a value that makes no sense."""
    return Options(
        ports={name: _port(env, name, default) for name, default in DEFAULT_PORTS.items()},
        backing_ports={name: _port(env, name, default) for name, default in _BACKING_PORTS.items()},
        state=Path(env.get("RAPPORT_STATE", STATE)).absolute(),
        database_prefix=env.get("RAPPORT_DATABASE_PREFIX", "rapport"),
        sample_data=env.get("RAPPORT_SAMPLE_DATA", "1") not in {"0", "no", "false"},
    )


def require_free_ports(ports: Mapping[str, int]) -> None:
    """Raise CannotRun at the first port that is taken."""
    for name, port in ports.items():
        require_free(port, name, port_setting(name))


def _port(env: Mapping[str, str], name: str, default: int) -> int:
    setting = port_setting(name)
    text = env.get(setting, str(default))
    if not text.isdecimal() or not 0 < int(text) < 65536:
        raise CannotRun(f"{setting}={text} is not a port number")
    return int(text)
