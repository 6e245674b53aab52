"""What pages of other sites may do: CORS, cross-site request forgery, the origin of sockets."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest
import pytest_asyncio
from gateway.tests.gateway_process import Gateway, running_gateway
from gateway.tests.subgraph_world import Subgraph

from rapport_gateway.server.origins import Origins, origins
from rapport_gateway.settings import InvalidSetting, Settings

APP = "https://app.example"
QUERY = {"query": "{ hello }"}
ASKING = {"access-control-request-method": "POST", "access-control-request-headers": "content-type"}


@pytest_asyncio.fixture(name="gateway", scope="module")
async def _gateway(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Gateway]:
    folder: Path = tmp_path_factory.mktemp("gateway")
    settings = {"CORS_ORIGINS": f"{APP}, http://localhost:3000", "CORS_CREDENTIALS": "true", "CORS_MAX_AGE": "60"}
    hello = Subgraph("type Query { hello: String }", {"hello": "world"})
    async with running_gateway(folder, settings, hello=hello) as gateway:
        yield gateway


def cors_of(response: aiohttp.ClientResponse) -> dict[str, str]:
    headers = {name.lower(): value for name, value in response.headers.items()}
    prefix = "access-control-"
    return {name.removeprefix(prefix): value for name, value in headers.items() if name.startswith(prefix)}


async def test_a_page_of_a_named_origin_may_ask(gateway: Gateway) -> None:
    url = f"{gateway.url}/graphql"
    async with gateway.http.options(url, headers={"origin": APP, **ASKING}) as response:
        allowed = cors_of(response)
        assert (response.status, response.headers["vary"]) == (204, "origin")
        assert "authorization" in allowed.pop("allow-headers")
        assert allowed == {
            "allow-origin": APP,
            "allow-credentials": "true",
            "allow-methods": "GET, POST",
            "max-age": "60",
        }
    async with gateway.http.post(url, json=QUERY, headers={"origin": APP}) as response:
        assert response.headers["access-control-allow-origin"] == APP
        assert response.headers["vary"] == "origin"
        assert "x-request-id" in response.headers["access-control-expose-headers"]


async def test_a_page_of_another_origin_may_not(gateway: Gateway) -> None:
    url = f"{gateway.url}/graphql"
    for headers in ({"origin": "https://evil.example", **ASKING}, {"origin": "null", **ASKING}):
        async with gateway.http.options(url, headers=headers) as response:
            assert cors_of(response) == {}
    async with gateway.http.post(url, json=QUERY, headers={"origin": "https://evil.example"}) as response:
        assert cors_of(response) == {}


async def test_get_needs_a_sign_that_no_page_of_another_site_asks(gateway: Gateway) -> None:
    url = f"{gateway.url}/graphql"

    async def status(**headers: str) -> int:
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        async with gateway.http.get(url, params=QUERY, headers=sent) as response:
            answer = await response.json()
            if response.status == 400:
                assert answer["errors"][0]["extensions"]["code"] == "PREFLIGHT_REQUIRED"
            return response.status

    assert await status() == 400
    assert await status(sec_fetch_site="cross-site") == 400
    assert await status(content_type="text/plain;charset=utf-8") == 400
    assert await status(apollo_require_preflight="") == 400
    assert await status(apollo_require_preflight="true") == 200
    assert await status(x_apollo_operation_name="Hello") == 200
    assert await status(content_type="application/json") == 200
    assert await status(authorization="Bearer x") == 200
    assert await status(sec_fetch_site="same-origin") == 200


@pytest.mark.parametrize("content_type", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""])
async def test_forms_are_no_requests(gateway: Gateway, content_type: str) -> None:
    headers = {"content-type": content_type}
    async with gateway.http.post(f"{gateway.url}/graphql", data=b'{"query":"{hello}"}', headers=headers) as response:
        assert response.status == 415


@pytest.mark.parametrize(
    ("origin", "status"),
    [
        (None, 101),
        (APP, 101),
        ("http://LOCALHOST:3000", 101),
        ("own", 101),
        ("https://evil.example", 403),
        ("null", 403),
    ],
)
async def test_sockets_are_opened_by_pages_of_named_origins_only(
    gateway: Gateway, origin: str | None, status: int
) -> None:
    headers = {"origin": gateway.url if origin == "own" else origin} if origin else {}
    url, protocols = f"{gateway.url}/graphql", ("graphql-transport-ws",)
    if status == 101:
        async with gateway.http.ws_connect(url, protocols=protocols, headers=headers):
            return
    with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
        await gateway.http.ws_connect(url, protocols=protocols, headers=headers)
    assert refused.value.status == status


def test_any_origin() -> None:
    anyone = origins(Settings(cors_origins="*"))
    assert anyone.answer_headers("https://x.example")["access-control-allow-origin"] == "*"
    assert anyone.may_open_socket({"origin": "https://x.example", "host": "gateway"})


def test_by_default_nobody_is_allowed_anything() -> None:
    nobody = origins(Settings())
    assert nobody == Origins(headers=nobody.headers)
    assert nobody.answer_headers(APP) == {}
    assert nobody.preflight_headers({"origin": APP, **ASKING}) == {}
    assert not nobody.may_open_socket({"origin": APP, "host": "gateway.example"})


def test_default_ports_are_the_same_origin() -> None:
    assert Origins().may_open_socket({"origin": "https://gateway.example", "host": "gateway.example:443"})
    assert not Origins().may_open_socket({"origin": "https://gateway.example", "host": "gateway.example:80"})


@pytest.mark.parametrize(
    "settings",
    [
        Settings(cors_origins="https://app.example/path"),
        Settings(cors_origins="app.example"),
        Settings(cors_origins="https://"),
        Settings(cors_origins="*", cors_credentials=True),
    ],
)
def test_settings_are_checked(settings: Settings) -> None:
    with pytest.raises(InvalidSetting, match="CORS_ORIGINS"):
        origins(settings)
