"""Pytest plugin: the backing services of a test run, started at the first test that asks and ended after the last.

They are found in the same order as `make run` finds them; every run has databases and a virtual host of its own.
"""

import secrets
import shutil
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from pymongo import MongoClient

from rapport_local.backing import BackingServices, Broker, Place, backing_services
from rapport_local.backing.given import GivenBroker
from rapport_local.backing.rabbitmq import OwnBroker
from rapport_local.ports import free_ports
from rapport_local.testing.accounts import Account
from rapport_local.testing.running import RunningSystem, started_system

__all__ = ["Account", "RunningSystem", "started_system"]

_START_TIMEOUT = 600
_MEMORY, _ROOM = Path("/dev/shm"), 4 * 2**30  # noqa: S108  (folders in it have names by chance); bytes


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "backing: needs a database or a broker (set by itself)")


@pytest.hookimpl(trylast=True)
def pytest_itemcollected(item: pytest.Item) -> None:
    """Mark every test that uses the backing services, so that the others can be run without them.

    The first of them waits for the servers to start, which may take minutes on a busy machine.
    """
    if isinstance(item, pytest.Function) and "backing" in item.fixturenames:
        item.add_marker("backing")
        if item.get_closest_marker("timeout") is None:
            item.add_marker(pytest.mark.timeout(_START_TIMEOUT))


@pytest.fixture(scope="session")
def run_name() -> str:
    """Names what belongs to this test run."""
    return f"test_{secrets.token_hex(4)}"


@pytest.fixture(scope="session")
def backing(tmp_path_factory: pytest.TempPathFactory, run_name: str) -> Iterator[BackingServices]:
    """The database and the broker of this run, with their control handles."""
    logs = tmp_path_factory.mktemp("backing") / "logs"
    mongo, amqp, distribution, epmd, management = free_ports(5)
    # To sync to a disk takes longer than all else that small writes do; killed processes leave memory as it is.
    roomy = _MEMORY.is_dir() and shutil.disk_usage(_MEMORY).free > _ROOM
    with TemporaryDirectory(prefix="rapport-", dir=_MEMORY if roomy else None) as data:
        place = Place(Path(data), logs, mongo, amqp, distribution, epmd, vhost=run_name, management=management)
        with backing_services(place, throw_away=True) as found:
            yield found


@pytest.fixture(scope="session")
def mongo_url(backing: BackingServices) -> str:
    """URL of the database server. Databases of this run begin with `database_prefix`."""
    return backing.mongo_url


@pytest.fixture(scope="session")
def amqp_url(backing: BackingServices) -> str:
    """URL of this run's virtual host."""
    return backing.amqp_url


@pytest.fixture(scope="session")
def broker(backing: BackingServices) -> Broker:
    """Handle to kill and start the broker, and to make virtual hosts."""
    return backing.broker


@pytest.fixture(scope="session")
def broker_to_kill(backing: BackingServices, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    """Another node where this run's is ours: who lives on that one must not suffer from a test that kills it."""
    if not isinstance(backing.broker, OwnBroker):
        yield backing.broker
        return
    data = tmp_path_factory.mktemp("broker_to_kill")
    amqp, distribution, epmd = free_ports(3)
    broker = backing.broker.another(Place(data, data / "logs", 0, amqp, distribution, epmd, vhost="rapport"))
    try:
        broker.start()
        yield broker
    finally:
        broker.stop()


@pytest.fixture(scope="session")
def database_prefix(mongo_url: str, run_name: str) -> Iterator[str]:
    """Prefix of this run's database names; those databases are dropped at the end."""
    yield run_name
    with MongoClient[dict[str, object]](mongo_url) as client:
        for name in client.list_database_names():
            if name.startswith(run_name):
                client.drop_database(name)


@pytest.fixture(scope="session")
def running_system(
    backing: BackingServices, database_prefix: str, run_name: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RunningSystem]:
    """The whole system, started once for all tests that ask, with databases and a virtual host of its own."""
    given = isinstance(backing.broker, GivenBroker)
    vhost_url = backing.amqp_url if given else backing.broker.create_vhost(f"{run_name}_system")
    directory = tmp_path_factory.mktemp("system")
    with started_system(backing, directory, vhost_url=vhost_url, prefix=f"{database_prefix}_system") as system:
        yield system
