"""What the garbage collector has to do: nothing for operations, and nothing twice for what is kept."""

from __future__ import annotations

import gc
import subprocess
import sys
from collections.abc import Mapping

from gateway.tests.crm import SUPERGRAPH
from gateway.tests.subgraph_world import InProcessClient

from rapport_gateway.metrics import Metrics
from rapport_gateway.pipeline import GraphQLRequest, Pipeline
from rapport_gateway.planning.permits import Granted

OPERATION = """
query Work($first: Int = 5, $brief: Boolean!) {
  customers(first: $first) { nodes { ...Card } pageInfo { endCursor } }
  tasks(first: 3) { nodes { id title assignee { name } customer { ...Card } } }
}
fragment Card on Customer {
  id name owner @skip(if: $brief) { id name } interactions(first: 2) { nodes { id content } }
}
"""
KEPT_AND_DROPPED = """
import gc, weakref
from rapport_gateway.server.garbage import look_at_new

class Kept: ...

look_at_new()
kept = Kept()
kept.itself, before = kept, gc.get_freeze_count()
gc.collect(1)
assert gc.get_freeze_count() > before, "it will be looked at again"
known = weakref.ref(kept)
del kept
gc.collect(1)
assert known() is not None, "it was looked at again"
gc.collect()
assert known() is None, "it is never looked at again"
"""


class Staff:
    """Everybody has a token."""

    async def granted(self, _: Mapping[str, str], asked: Granted) -> Granted:
        return asked


async def test_an_operation_leaves_nothing_to_the_collector_and_nor_does_its_plan() -> None:
    crm = Pipeline(SUPERGRAPH, InProcessClient({}), metrics=Metrics(), identities=Staff())

    async def planned(text: str) -> None:
        request = GraphQLRequest(text, None, {"brief": False}, {})
        assert (await crm.planned(crm.prepare(request), request)).plan.node is not None

    await planned(f"{OPERATION} # what is made once")
    gc.collect()
    gc.disable()
    try:
        await planned(OPERATION)
        assert gc.collect() == 0
        del crm._operations._items[OPERATION, None]
        assert gc.collect() == 0
    finally:
        gc.enable()


def test_what_is_kept_is_looked_at_seldom() -> None:
    subprocess.run([sys.executable, "-c", KEPT_AND_DROPPED], check=True, timeout=60)
