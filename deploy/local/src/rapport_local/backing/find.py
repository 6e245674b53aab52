"""Finding the backing services: given addresses, a Docker engine, this machine's programs, the embedded default."""

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager

from rapport_local.backing.compose import ComposeBroker, ComposeDatabase, docker_compose_works, docker_engine_runs
from rapport_local.backing.given import AMQP_SETTING, MONGO_SETTING, GivenBroker, GivenDatabase
from rapport_local.backing.model import BackingServices, Broker, Database, Place
from rapport_local.backing.mongod import OwnDatabase, installed_mongod
from rapport_local.backing.rabbitmq import OwnBroker
from rapport_local.backing.rabbitmq_programs import install, installed_programs
from rapport_local.backing.secantus import EmbeddedDatabase

Tell = Callable[[str], None]


def _silent(_: str) -> None:
    """Say nothing."""


@contextmanager
def backing_services(
    place: Place, *, env: Mapping[str, str] = os.environ, tell: Tell = _silent, throw_away: bool = False
) -> Iterator[BackingServices]:
    """A database and a broker that answer; what was started here is ended at the end.

    `throw_away`: containers, where a Docker engine runs, are new and removed at the end.
    Raises CannotRun, with nothing left running, when one of them cannot be had.
    """
    found = find(place, env=env, tell=tell, throw_away=throw_away)
    with ExitStack() as stack:
        for each in (found.database, found.broker):
            tell(each.how)
            stack.callback(each.stop)
            each.launch()
        found.database.wait_ready()
        found.broker.wait_ready()
        yield found


def find(place: Place, *, env: Mapping[str, str], tell: Tell, throw_away: bool) -> BackingServices:
    """The first of each that can be had, not started yet. Raises CannotRun."""
    mongo_url, given_amqp_url = env.get(MONGO_SETTING), env.get(AMQP_SETTING)
    database: Database | None = GivenDatabase(mongo_url) if mongo_url else None
    broker: Broker | None = GivenBroker(given_amqp_url) if given_amqp_url else None
    if not (database and broker) and docker_engine_runs():
        in_containers = _in_containers(place, tell, throw_away=throw_away)
        if in_containers:
            database = database or in_containers.database
            broker = broker or in_containers.broker
    return BackingServices(database or _on_machine(place), broker or _broker_on_machine(place, tell))


def _in_containers(place: Place, tell: Tell, *, throw_away: bool) -> BackingServices | None:
    if throw_away:
        # Imported here: the library for it is a test's dependency.
        from rapport_local.backing.containers import ContainerBroker, ContainerDatabase  # noqa: PLC0415

        return BackingServices(ContainerDatabase(place), ContainerBroker(place))
    if docker_compose_works():
        return BackingServices(ComposeDatabase(place), ComposeBroker(place))
    tell("a Docker engine runs, but `docker compose` does not work: going on without")
    return None


def _on_machine(place: Place) -> Database:
    mongod = installed_mongod()
    return OwnDatabase(place, mongod) if mongod else EmbeddedDatabase(place)


def _broker_on_machine(place: Place, tell: Tell) -> Broker:
    return OwnBroker(place, installed_programs() or install(tell))
