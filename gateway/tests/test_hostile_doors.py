"""Whatever is refused is refused at every door alike: POST, GET, WebSocket, event streams."""

from __future__ import annotations

from collections.abc import AsyncIterator
from io import BytesIO
from pathlib import Path
from typing import Any

import aiohttp
import orjson
import pytest
import pytest_asyncio
from gateway.tests.crm import SDL
from gateway.tests.gateway_process import Gateway, free_port, start_process
from hostile_documents import Hostile, hostile_documents
from waiting import eventually

_MAX_QUERY_STRING = 60_000
_SENDABLE = [hostile for hostile in hostile_documents() if hostile.text.isprintable() or hostile.text.isascii()]


@pytest_asyncio.fixture(name="gateway", scope="module")
async def _gateway(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Gateway]:
    """In front of subgraphs that are not there: nothing may get as far."""
    file = _written(tmp_path_factory.mktemp("gateway"))
    port = free_port()
    process = await start_process(
        "serve", "--supergraph", str(file), "--port", str(port), RAPPORT_GATEWAY_MAX_COST="10000"
    )
    async with aiohttp.ClientSession() as http:
        gateway = Gateway(f"http://127.0.0.1:{port}", process, {}, http)

        async def healthy() -> bool:
            assert process.returncode is None
            try:
                async with http.get(f"{gateway.url}/health"):
                    return True
            except aiohttp.ClientConnectionError:
                return False

        try:
            await eventually(healthy)
            yield gateway
        finally:
            process.terminate()
            await process.wait()


def _written(folder: Path) -> Path:
    file = folder / "supergraph.graphql"
    file.write_text(SDL, encoding="utf-8")
    return file


def _told(errors: list[Any]) -> str:
    extensions = errors[0]["extensions"]
    return str(extensions.get("limit", extensions["code"]))


@pytest.mark.parametrize("hostile", _SENDABLE, ids=lambda hostile: hostile.name)
async def test_a_hostile_request_is_refused_at_every_door(gateway: Gateway, hostile: Hostile) -> None:
    payload = {"query": hostile.text, "variables": hostile.variables}
    url, body = f"{gateway.url}/graphql", orjson.dumps(payload)
    json = {"content-type": "application/json"}
    async with gateway.http.post(url, data=BytesIO(body), headers=json) as response:
        assert _told((await response.json())["errors"]) == hostile.gateway
    async with gateway.websocket() as client:
        await client.send(id="h", type="subscribe", payload=payload)
        if hostile.gateway == "variable_values":  # nobody reads so much, so nobody knows what it asks for
            assert await client.close_code() == 4400
        else:
            message = await client.receive()
            assert (message["type"], _told(message["payload"])) == ("error", hostile.gateway)
    async with gateway.http.post(url, data=BytesIO(body), headers=json | {"accept": "text/event-stream"}) as response:
        data = await response.text()
        if (
            response.content_type == "text/event-stream"
        ):  # a body of very many values is refused before there is a stream
            (data,) = (event.partition("data: ")[2] for event in data.split("\n\n") if event.startswith("event: next"))
        else:
            assert hostile.gateway == "variable_values"
        assert _told(orjson.loads(data)["errors"]) == hostile.gateway
    parameters = {"query": hostile.text, "variables": orjson.dumps(hostile.variables).decode()}
    if sum(map(len, parameters.values())) < _MAX_QUERY_STRING / 3:
        asked = gateway.http.get(url, params=parameters, headers={"x-apollo-operation-name": "h"})
        async with asked as response:
            assert _told((await response.json())["errors"]) == hostile.gateway


async def test_the_gateway_is_as_well_as_before(gateway: Gateway) -> None:
    assert await gateway.post("{ __typename }") == (200, {"data": {"__typename": "Query"}})
