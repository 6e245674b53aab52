"""RabbitMQ's programs on this machine, installed first where that is possible."""

import os
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from rapport_local.errors import CannotRun

# The programs on Debian's PATH change to the user `rabbitmq`; those in the package's own directory do not.
_PACKAGE_DIRECTORY = Path("/usr/lib/rabbitmq/bin")


@dataclass(frozen=True)
class RabbitmqPrograms:
    server: Path
    control: Path
    epmd: Path


def installed_programs() -> RabbitmqPrograms | None:
    """RabbitMQ's programs, None when they are not all on this machine."""
    server = _program("rabbitmq-server")
    control = _program("rabbitmqctl")
    epmd = shutil.which("epmd")
    if not (server and control and epmd):
        return None
    return RabbitmqPrograms(server, control, Path(epmd))


def install(tell: Callable[[str], None]) -> RabbitmqPrograms:
    """Install Debian's rabbitmq-server. Raises CannotRun with what to do where that is not possible."""
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        raise CannotRun(
            "no RabbitMQ: install it (on Debian: apt-get install rabbitmq-server), start a Docker engine, "
            "or set RAPPORT_AMQP_URL"
        )
    tell("installing RabbitMQ (apt-get install rabbitmq-server)")
    _apt_get("update")
    # RUNLEVEL=1 keeps the package from starting a broker of the whole machine.
    _apt_get("install", "--yes", "--no-install-recommends", "rabbitmq-server")
    programs = installed_programs()
    if programs is None:
        raise CannotRun("apt-get installed rabbitmq-server, but its programs are not where Debian puts them")
    return programs


def _program(name: str) -> Path | None:
    in_package = _PACKAGE_DIRECTORY / name
    if in_package.exists():
        return in_package
    on_path = shutil.which(name, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
    return Path(on_path) if on_path else None


def _apt_get(*arguments: str) -> None:
    env = os.environ | {"DEBIAN_FRONTEND": "noninteractive", "RUNLEVEL": "1"}
    done = subprocess.run(["apt-get", "-q", *arguments], env=env, capture_output=True, text=True, check=False)
    if done.returncode:
        last = (done.stderr.strip() or done.stdout.strip() or "no output").splitlines()[-1]
        raise CannotRun(f"apt-get {' '.join(arguments)} failed: {last}")
