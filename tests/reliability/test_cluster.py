"""A broker of three nodes: the one that leads is stopped, killed and frozen."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from reliability.cluster import SIZE, Cluster, cluster
from reliability.summary import Summary
from reliability.trial import RIGHT, trial
from waiting import eventually

from rapport_local.backing import BackingServices
from rapport_local.backing.rabbitmq import OwnBroker

TAKEN_OVER_SECONDS = 120
CHANGES = 3


@contextmanager
def stopped(node: OwnBroker) -> Iterator[None]:
    """An operator takes the node out for a while."""
    node.control("stop_app")
    yield
    node.control("start_app")


@contextmanager
def killed(node: OwnBroker) -> Iterator[None]:
    before = node.pid
    node.kill()
    yield
    node.start()
    assert node.pid not in {None, before}


@contextmanager
def cut_off(node: OwnBroker) -> Iterator[None]:
    """Nobody hears of the node any more, and it believes that it leads when it wakes."""
    assert node.pid is not None
    os.kill(node.pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(node.pid, signal.SIGCONT)


@pytest.mark.reliability
@pytest.mark.nightly
@pytest.mark.timeout(900)
async def test_a_cluster_goes_on_without_the_node_that_led(
    backing: BackingServices, database_prefix: str, tmp_path: Path, summary: Summary
) -> None:
    if not isinstance(backing.broker, OwnBroker):
        pytest.skip("needs brokers of our own")
    with cluster(backing.broker, tmp_path) as nodes:
        async with trial(backing, database_prefix, tmp_path, RIGHT, nodes=nodes) as each:
            await each.start(each.relay)
            await each.start(each.consumer)
            for twin in each.twins:
                await each.start(twin)
            await each.change(1)
            assert await each.all_handled(seconds=TAKEN_OVER_SECONDS)
            for fault in (stopped, killed, cut_off):
                leader = nodes.leader(each.bench.mongo.database.name, each.bench.group.queue)
                with fault(leader):
                    await each.change(CHANGES)
                    assert await each.all_handled(seconds=TAKEN_OVER_SECONDS), f"nobody went on while one is {fault}"
                    assert nodes.running() == SIZE - 1
                    assert nodes.leader(each.bench.mongo.database.name, each.bench.group.queue) is not leader
                await eventually(lambda: _all_run(nodes), seconds=TAKEN_OVER_SECONDS)
            await each.change(1)
            found = await each.broken_promises()
    summary.found(found)
    assert found == []


async def _all_run(nodes: Cluster) -> bool:
    return nodes.running() == SIZE
