"""What a service says while what it needs does not answer: that one may try again, never that the caller is nobody."""

from collections.abc import Callable
from typing import Any

import pytest
from subgraph_client import SubgraphClient

from rapport_interactions.app import interaction_service
from rapport_local.ports import free_ports
from rapport_shared.access import Directory
from rapport_shared.actor import Actor
from rapport_shared.mongo import Mongo, connect

ASK = "{ interactions(first: 1) { totalCount } }"


@pytest.fixture
def nowhere() -> Mongo:
    """A database where nobody listens."""
    (port,) = free_ports(1)
    return connect(f"mongodb://127.0.0.1:{port}/?serverSelectionTimeoutMS=50", "nowhere")


async def no_keys() -> dict[str, Any]:
    raise ConnectionRefusedError


async def test_a_database_that_is_away(
    client_with: Callable[..., SubgraphClient], mongo: Mongo, nowhere: Mongo, admin: Actor
) -> None:
    known = Directory(mongo.database)
    await known.refresh()
    unread = client_with(nowhere, interaction_service(nowhere))
    reading = client_with(nowhere, interaction_service(nowhere), directory=known)
    record = 'mutation { recordInteraction(input: {customerId: "cus_1", channel: PHONE, content: "x"}) { __typename } }'
    for client in (unread, reading):
        for document in (ASK, record):
            answer = await client.query(document, by=admin)
            assert answer.codes == ["SERVICE_UNAVAILABLE"]
            assert "127.0.0.1" not in str(answer.body)


async def test_keys_that_nobody_has_told_yet(client_with: Callable[..., SubgraphClient], admin: Actor) -> None:
    client = client_with(fetch_keys=no_keys)
    assert (await client.query(ASK, by=admin)).codes == ["SERVICE_UNAVAILABLE"]
    assert (await client.query(ASK)).codes == ["UNAUTHENTICATED"]
