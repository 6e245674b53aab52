"""RabbitMQ's programs on this machine, installed first where that is possible."""

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from rapport_local.errors import CannotRun

# The programs on Debian's PATH change to the user `rabbitmq`; those in the package's own directory do not.
_PACKAGE_DIRECTORY = Path("/usr/lib/rabbitmq/bin")
# Exit code 101: no service may be started now.
_SERVICE_POLICY = Path("/usr/sbin/policy-rc.d")


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
    with _no_services_started():
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


@contextmanager
def _no_services_started() -> Iterator[None]:
    """Keep the package from starting a broker of the whole machine: by Debian's own policy hook, for this moment."""
    if _SERVICE_POLICY.exists():
        yield
        return
    _SERVICE_POLICY.write_text("#!/bin/sh\nexit 101\n")
    _SERVICE_POLICY.chmod(0o755)
    try:
        yield
    finally:
        _SERVICE_POLICY.unlink()


def _apt_get(*arguments: str) -> None:
    env = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    done = subprocess.run(["apt-get", "-q", *arguments], env=env, capture_output=True, text=True, check=False)
    if done.returncode:
        last = (done.stderr.strip() or done.stdout.strip() or "no output").splitlines()[-1]
        raise CannotRun(f"apt-get {' '.join(arguments)} failed: {last}")
