"""Each subgraph of the running system answers the gateway, and nobody else."""

import time
from collections.abc import Callable

import aiohttp
import jwt
import pytest
from staff import Staff, execute

from rapport_gateway.subgraphs.credentials import ServiceCredentials
from rapport_local.system.table import SERVICES
from rapport_local.testing import RunningSystem

GATEWAY_ONLY = {
    "errors": [
        {
            "message": "This address is for the gateway and services only.",
            "extensions": {"code": "SERVICE_UNAUTHENTICATED"},
        }
    ]
}
DOCUMENTS = (
    "{ __typename }",
    "{ _service { sdl } }",
    "{ _entities(representations: []) { __typename } }",
    "mutation { __typename }",
    "{ __schema { queryType { name } } }",
    "not GraphQL",
)


def _signed(key: str, service: str, *, age: int = 0) -> str:
    now = int(time.time()) - age
    claims = {"aud": service, "iat": now, "exp": now + 60}
    return "Bearer " + jwt.encode(claims, key, "HS256", headers={"typ": "svc+jwt"})


CREDENTIALS: dict[str, Callable[[str, str], str | None]] = {
    "none": lambda key, service: None,
    "forged": lambda key, service: _signed("x" * 32, service),
    "expired": lambda key, service: _signed(key, service, age=120),
    "another service's": lambda key, service: _signed(key, "tasks" if service != "tasks" else "customers"),
    "the key itself": lambda key, service: f"Bearer {key}",
}


@pytest.mark.parametrize("credential", CREDENTIALS)
@pytest.mark.parametrize("service", SERVICES)
async def test_a_direct_call_gets_nothing(
    running_system: RunningSystem, admin: Staff, service: str, credential: str
) -> None:
    url = running_system.subgraphs[service]
    headers = {"authorization": f"Bearer {admin.access_token}"}
    async with aiohttp.ClientSession() as http:
        if shown := CREDENTIALS[credential](running_system.addresses.service_key, service):
            headers["service-authorization"] = shown
        for document in DOCUMENTS:
            async with http.post(url, json={"query": document}, headers=headers) as response:
                assert (response.status, await response.json()) == (401, GATEWAY_ONLY)
        with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
            await http.ws_connect(url, protocols=("graphql-transport-ws",), headers=headers)
        assert refused.value.status == 401


@pytest.mark.parametrize("service", SERVICES)
async def test_the_gateways_credential_opens_it(running_system: RunningSystem, service: str) -> None:
    credentials = ServiceCredentials({"*": running_system.addresses.service_key})
    url = running_system.subgraphs[service]
    headers = credentials.headers(service)
    async with aiohttp.ClientSession(headers=headers) as http:
        async with http.post(url, json={"query": "{ _service { sdl } }"}) as response:
            assert "federation/v2" in (await response.json())["data"]["_service"]["sdl"]
        async with http.post(url, json={"query": "{ __schema { queryType { name } } }"}) as response:
            assert (await response.json())["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"
        async with http.ws_connect(url, protocols=("graphql-transport-ws",)) as socket:
            await socket.send_json({"type": "connection_init"})
            assert await socket.receive_json() == {"type": "connection_ack"}


@pytest.mark.parametrize("service", SERVICES)
async def test_what_operators_ask_stays_open(running_system: RunningSystem, service: str) -> None:
    base = running_system.subgraphs[service].removesuffix("/graphql")
    async with aiohttp.ClientSession() as http:
        for path in ("/health", "/ready", "/metrics"):
            async with http.get(base + path) as response:
                assert response.status == 200, path


async def test_a_clients_own_copy_of_the_header_goes_nowhere(admin: Staff) -> None:
    """Were it handed on, it would take the place of the gateway's, and be refused."""
    headers = {"authorization": f"Bearer {admin.access_token}", "service-authorization": "Bearer spoofed"}
    assert (await execute(admin.gateway, "{ me { role } }", headers=headers))["me"]["role"] == "ADMIN"
