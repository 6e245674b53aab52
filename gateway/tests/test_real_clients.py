"""What the client libraries that people use make of the gateway: graphql-ws, graphql-sse, graphql-http's audits."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from gateway.tests.event_stream import token_for
from gateway.tests.gateway_process import Gateway, running_gateway
from gateway.tests.node_clients import run_client
from gateway.tests.ticking import NAMES, TICKS

EVENTS = [{"data": {"tick": {"number": number, "name": f"tick {number}"}}} for number in range(3)]


@pytest.fixture(name="scratch", scope="module")
def _scratch(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("node")


@pytest_asyncio.fixture(name="gateway", scope="module")
async def _gateway(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Gateway]:
    folder: Path = tmp_path_factory.mktemp("gateway")
    async with running_gateway(folder, ticks=TICKS, names=NAMES) as gateway:
        yield gateway


@pytest.mark.parametrize("kind", ["sse", "ws"])
async def test_a_client_library_follows_and_leaves(gateway: Gateway, scratch: Path, kind: str) -> None:
    async def run(query: str, **options: Any) -> list[dict[str, Any]]:
        return await run_client(scratch, kind, f"{gateway.url}/graphql", query=query, **options)

    ticks = gateway.servers["ticks"]
    ticks.forget()
    assert await run("subscription { tick { number name } }") == [*EVENTS, {"ended": True}]
    assert await run("{ now }") == [{"data": {"now": 5}}, {"ended": True}]
    (refused, *_) = await run("subscription { nope }")
    assert refused["errors"][0]["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED"
    assert not ticks.ended.is_set()
    assert len(await run("subscription { tick(count: 100000) { number } }", take=2)) == 3
    await asyncio.wait_for(ticks.ended.wait(), 10)


async def test_an_expired_token_closes_the_socket_so_that_the_client_may_come_with_another(
    gateway: Gateway, scratch: Path
) -> None:
    url, query = f"{gateway.url}/graphql", "subscription { tick(count: 100000) { number } }"
    *_, end = await run_client(scratch, "ws", url, query=query, authorization=token_for(1.0))
    assert end == {"failed": 4403}
    assert await run_client(scratch, "ws", url, query=query, authorization=token_for(-1)) == [{"failed": 4403}]


async def test_every_audit_of_graphql_over_http_passes(gateway: Gateway, scratch: Path) -> None:
    """GET, which no audit asks for by MUST or SHOULD, needs a header that tells that no other site's page asks."""
    url = f"{gateway.url}/graphql"
    audits = await run_client(scratch, "audit", url, headers={"apollo-require-preflight": "true"})
    assert len(audits) == 61
    assert [audit for audit in audits if audit["status"] != "ok"] == []
    plain = await run_client(scratch, "audit", url)
    assert {audit["name"][:3] for audit in plain if audit["status"] != "ok"} == {"MAY"}
