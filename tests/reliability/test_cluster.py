"""A broker of three nodes: the one that leads is stopped, killed, cut off from the others, and frozen."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
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
def stopped(_: Cluster, node: OwnBroker) -> Iterator[None]:
    """An operator takes the node out for a while."""
    node.control("stop_app")
    yield
    node.control("start_app")


@contextmanager
def killed(_: Cluster, node: OwnBroker) -> Iterator[None]:
    before = node.pid
    node.kill()
    yield
    node.start()
    assert node.pid not in {None, before}


@contextmanager
def cut_off(nodes: Cluster, node: OwnBroker) -> Iterator[None]:
    """The node runs on with its clients, hears of no other, and comes back by itself once it does."""
    nodes.cut_off(node)
    yield
    nodes.mend(node)


@contextmanager
def frozen(_: Cluster, node: OwnBroker) -> Iterator[None]:
    """The node believes that it leads when it wakes; it may not see that it was away, so an operator starts it anew."""
    assert node.pid is not None
    os.kill(node.pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(node.pid, signal.SIGCONT)
    node.control("stop_app")
    node.control("start_app")


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
            vhost = each.bench.mongo.database.name
            queue = (vhost, each.bench.group.queue)
            for fault in (stopped, killed, cut_off, frozen):
                leader = nodes.leader(*queue)
                with fault(nodes, leader):
                    await each.change(CHANGES)
                    assert await each.all_handled(seconds=TAKEN_OVER_SECONDS), f"nobody went on: {fault.__name__}"
                    await eventually(partial(_runs_without, nodes, leader), seconds=TAKEN_OVER_SECONDS)
                    assert nodes.leader(*queue, without=leader) is not leader
                await eventually(partial(_is_whole, nodes, vhost), seconds=TAKEN_OVER_SECONDS)
            await each.change(1)
            found = await each.broken_promises()
    summary.found(found)
    assert found == []


async def _runs_without(nodes: Cluster, node: OwnBroker) -> bool:
    return nodes.running(without=node) == SIZE - 1


async def _is_whole(nodes: Cluster, vhost: str) -> bool:
    """Whether every node has everything: without that, two copies of three are away when the next node goes."""
    if nodes.running() < SIZE:
        return False
    ends = nodes.log_ends(vhost)
    return len(ends) == SIZE and len(set(ends)) == 1
