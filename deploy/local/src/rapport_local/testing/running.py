"""The whole system for a test: every service, worker and the gateway on free ports, through `make run`'s supervisor."""

import os
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from rapport_local.backing import BackingServices
from rapport_local.ports import free_ports
from rapport_local.processes.child import Child
from rapport_local.system.system import System
from rapport_local.system.table import DEFAULT_PORTS, Addresses, Admin
from rapport_local.testing.accounts import Account, make_accounts

# Hashing a password is meant to be slow; tests sign in often, and all from one address.
_MANY_SIGN_INS = {
    "RAPPORT_IDENTITY_ARGON2_MEMORY_KIB": "1024",
    "RAPPORT_IDENTITY_ARGON2_TIME_COST": "1",
    "RAPPORT_IDENTITY_SIGN_INS_PER_MINUTE": "10000",
}


@dataclass(frozen=True)
class RunningSystem:
    """Where it answers, who can sign in (admin, manager, sales, sales2, support), and its processes by name.

    Names are those of the process table: gateway, customers-api, customers-worker, ….
    """

    gateway: str
    subgraphs: Mapping[str, str]
    accounts: Mapping[str, Account]
    env: Mapping[str, str]
    addresses: Addresses
    system: System

    @property
    def processes(self) -> Mapping[str, Child]:
        """Handles: pid, running, kill(), log."""
        return self.system.processes

    def restart(self, name: str) -> None:
        """End that process if it runs, start it again and wait until it is ready."""
        self.system.restart(name)


@contextmanager
def started_system(
    backing: BackingServices, directory: Path, *, vhost_url: str, prefix: str, env: Mapping[str, str] | None = None
) -> Iterator[RunningSystem]:
    """Start it with databases of that prefix on that virtual host; ended at the end. Raises CannotRun.

    `env` adds settings to every process, for example RAPPORT_LOG_LEVEL.
    """
    addresses = Addresses(
        mongo_url=backing.mongo_url,
        amqp_url=vhost_url,
        database_prefix=prefix,
        supergraph=str(directory / "supergraph.graphql"),
        ports=dict(zip(DEFAULT_PORTS, free_ports(len(DEFAULT_PORTS)), strict=True)),
        service_key=secrets.token_urlsafe(32),
        suppression_key=secrets.token_urlsafe(32),
        broker_api_url=backing.broker.api_of(vhost_url),
    )
    admin = Admin("admin@rapport.example", secrets.token_urlsafe(12))
    settings = _MANY_SIGN_INS | dict(env or {})
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("RAPPORT_")}
    system = System(addresses, admin, logs=directory / "logs", base_env=inherited | settings)
    try:
        system.prepare()
        system.start()
        accounts = make_accounts(system.gateway, admin)
        yield RunningSystem(system.gateway, system.subgraphs, accounts, settings, addresses, system)
    finally:
        system.stop()
