"""The one table of Rapport's processes: `make run`, the tests and docker-compose.yml all follow it."""

from collections.abc import Mapping
from dataclasses import dataclass, field

SERVICES = ("identity", "customers", "interactions", "tasks", "automation")
GATEWAY = "gateway"
MAX_COST = "10000"
"""Objects that one answer may hold: a page of 100 customers with 20 interactions and 20 tasks each, and some more."""

GATEWAY_IN_PRODUCTION: Mapping[str, str] = {
    "RAPPORT_GATEWAY_INTROSPECTION": "false",
    "RAPPORT_GATEWAY_SUGGESTIONS": "false",
    "RAPPORT_GATEWAY_MAX_TOKENS": "2000",
    "RAPPORT_GATEWAY_FORWARDED_HOPS": "1",  # behind what ends TLS
    "RAPPORT_GATEWAY_RATE_LIMIT": "50",
    "RAPPORT_GATEWAY_RATE_BURST": "200",
    "RAPPORT_GATEWAY_ADDRESS_RATE_LIMIT": "200",
    "RAPPORT_GATEWAY_ADDRESS_RATE_BURST": "1000",
    "RAPPORT_GATEWAY_MAX_CLIENT_OPERATIONS": "50",
    "RAPPORT_GATEWAY_MAX_CLIENT_SUBSCRIPTIONS": "200",
    "RAPPORT_GATEWAY_MAX_CLIENT_SOCKETS": "100",
    "RAPPORT_GATEWAY_MAX_OPERATIONS": "1000",
    "RAPPORT_GATEWAY_LOG_FORMAT": "json",
}
"""An office behind one address has 100 people, each with a socket; a page asks for some ten operations at once."""

HEALTH_PATH = "/health"
METRICS_PATH = "/metrics"
READY_PATH = "/ready"
GRAPHQL_PATH = "/graphql"
JWKS_PATH = "/.well-known/jwks.json"
POLICIES_PATH = "/policies"
TOKENS_OF = "rapport"
"""Who issues access tokens, and whom they are for: the default of the services' `RAPPORT_ISSUER` and `…_AUDIENCE`."""


def _default_ports() -> dict[str, int]:
    apis = {f"{service}-api": 4001 + index for index, service in enumerate(SERVICES)}
    workers = {f"{service}-worker": 4101 + index for index, service in enumerate(SERVICES)}
    return {GATEWAY: 4000} | apis | workers


DEFAULT_PORTS: Mapping[str, int] = _default_ports()


@dataclass(frozen=True)
class ProcessSpec:
    """One process: `python -m <module> <arguments>`; `port` is None for one that ends by itself."""

    name: str
    module: str
    arguments: tuple[str, ...]
    port: int | None
    env: Mapping[str, str] = field(default_factory=dict)

    @property
    def command(self) -> tuple[str, ...]:
        """The command line after the name of the Python program."""
        return ("-m", self.module, *self.arguments)

    @property
    def ready_url(self) -> str:
        """Answers 200 when the process can do its work; asked from the machine or container it runs in."""
        return f"http://127.0.0.1:{self.port}{READY_PATH}"


@dataclass(frozen=True)
class Addresses:
    """Where the processes find their servers and each other; `service_key` tells subgraphs who is the gateway.

    `suppression_key` is what erased people are remembered by; without it none are. `broker_api_url` is RabbitMQ's
    management API, for the users of integrators; empty for none.
    """

    mongo_url: str
    amqp_url: str
    database_prefix: str
    supergraph: str
    ports: Mapping[str, int]
    service_key: str
    suppression_key: str = ""
    broker_api_url: str = ""
    hosts: Mapping[str, str] = field(default_factory=dict)
    listen: str = "127.0.0.1"

    def url(self, process: str, path: str) -> str:
        """URL of a process for the others; by default everything is on the loopback interface."""
        return f"http://{self.hosts.get(process, '127.0.0.1')}:{self.ports[process]}{path}"


@dataclass(frozen=True)
class Admin:
    """The first administrator: made by identity's migration when there is no user yet."""

    email: str
    password: str


def port_setting(process: str) -> str:
    """Name of the environment variable that sets a process's port: RAPPORT_CUSTOMERS_WORKER_PORT."""
    return f"RAPPORT_{process.removesuffix('-api').replace('-', '_').upper()}_PORT"


def service_env(service: str, addresses: Addresses) -> dict[str, str]:
    """Settings of a service's API, worker and migration."""
    prefix = f"RAPPORT_{service.upper()}"
    own = {f"{prefix}_SUPPRESSION_KEY": addresses.suppression_key} if service == "customers" else {}
    if service == "automation":
        own = {f"{prefix}_BROKER_API_URL": addresses.broker_api_url}
    return {
        **own,
        "RAPPORT_MONGO_URL": addresses.mongo_url,
        "RAPPORT_AMQP_URL": addresses.amqp_url,
        "RAPPORT_DATABASE_PREFIX": addresses.database_prefix,
        "RAPPORT_JWKS_URL": addresses.url("identity-api", JWKS_PATH),
        "RAPPORT_SERVICE_KEYS": addresses.service_key,
        f"{prefix}_HOST": addresses.listen,
        f"{prefix}_PORT": str(addresses.ports[f"{service}-api"]),
        f"{prefix}_WORKER_PORT": str(addresses.ports[f"{service}-worker"]),
    }


def migrations(addresses: Addresses, admin: Admin) -> list[ProcessSpec]:
    """One per service; each ends with 0 when its database and its part of the broker are ready."""
    first_admin = {"RAPPORT_IDENTITY_ADMIN_EMAIL": admin.email, "RAPPORT_IDENTITY_ADMIN_PASSWORD": admin.password}
    return [
        ProcessSpec(
            name=f"{service}-migrate",
            module=f"rapport_{service}",
            arguments=("migrate",),
            port=None,
            env=service_env(service, addresses) | (first_admin if service == "identity" else {}),
        )
        for service in SERVICES
    ]


def long_running(addresses: Addresses, *, production: bool = False) -> list[ProcessSpec]:
    """Every API and worker, then the gateway; they are ended in the opposite order."""
    workers = [_of_service(service, "worker", addresses) for service in SERVICES]
    apis = [_of_service(service, "api", addresses) for service in SERVICES]
    return [*workers, *apis, gateway(addresses, production=production)]


def gateway(addresses: Addresses, *, production: bool = False) -> ProcessSpec:
    """`production` is for clients that are not this machine's developer."""
    port = addresses.ports[GATEWAY]
    where = ("--supergraph", addresses.supergraph, "--host", addresses.listen, "--port", str(port))
    settings = {
        "RAPPORT_GATEWAY_MAX_COST": MAX_COST,
        "RAPPORT_GATEWAY_SERVICE_KEY": addresses.service_key,
        "RAPPORT_GATEWAY_JWT_JWKS_URL": addresses.url("identity-api", JWKS_PATH),
        "RAPPORT_GATEWAY_JWT_ISSUER": TOKENS_OF,
        "RAPPORT_GATEWAY_JWT_AUDIENCE": TOKENS_OF,
        "RAPPORT_GATEWAY_POLICIES_URL": addresses.url("identity-api", POLICIES_PATH),
        "RAPPORT_GATEWAY_ADDRESS_HEADER": "client-address",
        "RAPPORT_GATEWAY_ACCESS_UNDECIDED": "pass",  # with identity away, the services go on deciding
    }
    if production:
        settings |= GATEWAY_IN_PRODUCTION
    return ProcessSpec(GATEWAY, "rapport_gateway", ("serve", *where), port, settings)


def composition(addresses: Addresses) -> ProcessSpec:
    """Writes the supergraph from the committed SDL of each subgraph, then ends."""
    arguments = ["compose"]
    for service in SERVICES:
        url = addresses.url(f"{service}-api", GRAPHQL_PATH)
        arguments += ["--subgraph", f"{service}={url}@services/{service}/schema.graphql"]
    arguments += ["--output", addresses.supergraph]
    return ProcessSpec("compose", "rapport_gateway", tuple(arguments), port=None)


def _of_service(service: str, role: str, addresses: Addresses) -> ProcessSpec:
    name = f"{service}-{role}"
    return ProcessSpec(name, f"rapport_{service}", (role,), addresses.ports[name], service_env(service, addresses))
