"""All processes of Rapport on one machine, as one thing that starts and stops."""

import os
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from rapport_local.errors import CannotRun
from rapport_local.layout import REPOSITORY
from rapport_local.processes.child import Child
from rapport_local.processes.logs import last_line
from rapport_local.system.readiness import answers_ready
from rapport_local.system.table import (
    GATEWAY,
    GRAPHQL_PATH,
    SERVICES,
    Addresses,
    Admin,
    ProcessSpec,
    composition,
    long_running,
    migrations,
)

_MIGRATE_SECONDS = 120
_READY_SECONDS = 120
_GRACE_SECONDS = 15


class System:
    """Starts migrations, services, workers and the gateway; holds each process by its name."""

    def __init__(
        self,
        addresses: Addresses,
        admin: Admin,
        *,
        logs: Path,
        base_env: Mapping[str, str] = os.environ,
    ) -> None:
        self.addresses = addresses
        self.admin = admin
        self._logs = logs
        self._base_env = {**base_env, "PYTHONUNBUFFERED": "1"}
        self.specs = {spec.name: spec for spec in long_running(addresses)}
        self.processes = {name: self._child(spec) for name, spec in self.specs.items()}

    @property
    def logs(self) -> Path:
        """The folder that each process writes a log file to."""
        return self._logs

    @property
    def gateway(self) -> str:
        """URL of the gateway's GraphQL endpoint."""
        return self.addresses.url(GATEWAY, GRAPHQL_PATH)

    @property
    def subgraphs(self) -> dict[str, str]:
        """URL of each service's own GraphQL endpoint."""
        return {service: self.addresses.url(f"{service}-api", GRAPHQL_PATH) for service in SERVICES}

    def prepare(self) -> None:
        """Migrate every service and compose the supergraph. Raises CannotRun."""
        Path(self.addresses.supergraph).parent.mkdir(parents=True, exist_ok=True)
        self._run_to_end([*migrations(self.addresses, self.admin), composition(self.addresses)])

    def start(self, *, each_ready: Callable[[str], None] = lambda _: None) -> None:
        """Start all processes and wait until each is ready. Raises CannotRun; the caller then stops the system."""
        for child in self.processes.values():
            child.start()
        waiting = dict(self.processes)
        deadline = time.monotonic() + _READY_SECONDS
        while waiting:
            for name, child in list(waiting.items()):
                if answers_ready(self.specs[name].ready_url):
                    del waiting[name]
                    each_ready(name)
                elif not child.running:
                    raise CannotRun(f"{name} ended while starting: {last_line(child.log)} (see {child.log})")
            if waiting and time.monotonic() > deadline:
                raise CannotRun(f"not ready after {_READY_SECONDS} s: {', '.join(waiting)} (see {self._logs})")
            time.sleep(0.1)

    def restart(self, name: str) -> None:
        """End one process if it runs, start it again and wait until it is ready. Raises CannotRun."""
        child = self.processes[name]
        child.end(grace=_GRACE_SECONDS)
        child.start()
        child.wait_until(lambda: answers_ready(self.specs[name].ready_url), seconds=_READY_SECONDS)

    def stop(self) -> None:
        """End the gateway first, then the APIs, then the workers; each gets time to finish what it does."""
        for name in (GATEWAY, "-api", "-worker"):
            group = [child for child in self.processes.values() if child.name.endswith(name)]
            end_together(group, grace=_GRACE_SECONDS)

    def _run_to_end(self, specs: Sequence[ProcessSpec]) -> None:
        children = [self._child(spec) for spec in specs]
        try:
            for child in children:
                child.start()
            for child in children:
                if not child.wait(_MIGRATE_SECONDS):
                    raise CannotRun(f"{child.name} did not end within {_MIGRATE_SECONDS} s (see {child.log})")
                if child.exit_code:
                    raise CannotRun(f"{child.name} failed: {last_line(child.log)} (see {child.log})")
        finally:
            end_together(children, grace=5)

    def _child(self, spec: ProcessSpec) -> Child:
        log = self._logs / f"{spec.name}.log"
        return Child(
            spec.name, (sys.executable, *spec.command), log=log, env={**self._base_env, **spec.env}, cwd=REPOSITORY
        )


def end_together(children: Sequence[Child], *, grace: float) -> None:
    """Ask all of them at once, wait up to `grace` seconds for all, kill what is left."""
    for child in children:
        child.ask_to_end()
    deadline = time.monotonic() + grace
    for child in children:
        child.wait(max(0.0, deadline - time.monotonic()))
        child.kill()
