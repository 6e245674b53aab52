"""Finding the backing services: given addresses, a Docker engine, this machine's programs, the embedded default."""

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager

from rapport_local.backing.given import AMQP_SETTING, MONGO_SETTING, GivenBroker, GivenDatabase
from rapport_local.backing.model import BackingServices, Broker, Database, Place
from rapport_local.backing.rabbitmq import OwnBroker
from rapport_local.backing.rabbitmq_programs import install, installed_programs
from rapport_local.backing.secantus import EmbeddedDatabase


def _silent(_: str) -> None:
    """Say nothing."""


@contextmanager
def backing_services(
    place: Place, *, env: Mapping[str, str] = os.environ, tell: Callable[[str], None] = _silent
) -> Iterator[BackingServices]:
    """A database and a broker that answer; what was started here is ended at the end.

    Raises CannotRun, with nothing left running, when one of them cannot be had.
    """
    found = BackingServices(_database(place, env), _broker(place, env, tell))
    with ExitStack() as stack:
        for each in (found.database, found.broker):
            tell(each.how)
            stack.callback(each.stop)
            each.launch()
        found.database.wait_ready()
        found.broker.wait_ready()
        yield found


def _database(place: Place, env: Mapping[str, str]) -> Database:
    if url := env.get(MONGO_SETTING):
        return GivenDatabase(url)
    return EmbeddedDatabase(place)


def _broker(place: Place, env: Mapping[str, str], tell: Callable[[str], None]) -> Broker:
    if url := env.get(AMQP_SETTING):
        return GivenBroker(url)
    return OwnBroker(place, installed_programs() or install(tell))
