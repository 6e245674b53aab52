"""Each subgraph refuses hostile requests by itself, should the gateway ever hand them on, and lives on."""

from io import BytesIO
from typing import Any

import aiohttp
import orjson
import pytest
from hostile_documents import hostile_documents
from staff import Staff

from rapport_gateway.subgraphs.credentials import ServiceCredentials
from rapport_local.system.table import SERVICES
from rapport_local.testing import RunningSystem

# Pages of pages are the gateway's business: a subgraph caps each page.
HOSTILE = [hostile for hostile in hostile_documents() if hostile.at_subgraph and hostile.name != "half a character"]


@pytest.mark.parametrize("service", SERVICES)
async def test_a_subgraph_refuses_them_itself(running_system: RunningSystem, admin: Staff, service: str) -> None:
    credentials = ServiceCredentials({"*": running_system.addresses.service_key})
    url = running_system.subgraphs[service]
    headers = credentials.headers(service) | {"authorization": f"Bearer {admin.access_token}"}
    told: dict[str, Any] = {}
    async with aiohttp.ClientSession(headers=headers | {"content-type": "application/json"}) as http:
        for hostile in HOSTILE:
            body = orjson.dumps({"query": hostile.text, "variables": hostile.variables})
            async with http.post(url, data=BytesIO(body)) as response:
                answer = await response.json()
            assert not answer.get("data"), hostile.name
            extensions = answer["errors"][0].get("extensions", {})
            told[hostile.name] = extensions.get("limit", extensions.get("code"))
        async with http.post(url, data=b'{"query": "{ __typename }"}') as response:
            assert await response.json() == {"data": {"__typename": "Query"}}
    assert {name for name, reason in told.items() if reason == "INTERNAL_SERVER_ERROR"} == set()
    if service == "customers":
        limits = {hostile.name: hostile.at_subgraph for hostile in HOSTILE if hostile.at_subgraph.islower()}
        assert {name: told[name] for name in limits} == limits
