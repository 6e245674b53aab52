"""Each running service publishes the description of its own events."""

from typing import Any

import aiohttp
import pytest

from rapport_local.testing import RunningSystem
from rapport_shared.contracts.asyncapi import whole_document


@pytest.mark.parametrize("service", ["identity", "customers", "interactions", "tasks"])
@pytest.mark.timeout(600)
async def test_a_service_describes_its_events_to_anyone(running_system: RunningSystem, service: str) -> None:
    url = running_system.subgraphs[service].removesuffix("/graphql") + "/asyncapi.json"
    async with aiohttp.ClientSession() as http:
        async with http.get(url) as answer:
            assert answer.status == 200
            document: dict[str, Any] = await answer.json()
        async with http.post(url, json={}) as refused:
            assert refused.status == 405
    assert document == whole_document(service)
    assert document["channels"]
    assert all(name.startswith(f"{service}.") for name in document["channels"])
