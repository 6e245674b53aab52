"""What the gateway shows subgraphs of itself."""

from __future__ import annotations

from pathlib import Path

import jwt
import pytest
from gateway.tests.gateway_process import gateway_before, subgraph_server
from gateway.tests.subgraph_world import LINK
from gateway.tests.ticking import TICKS
from jwt.types import Options

from rapport_gateway.server.forwarding import Forwarding
from rapport_gateway.server.service_access import service_credentials
from rapport_gateway.settings import InvalidSetting, Settings
from rapport_gateway.subgraphs.credentials import ServiceCredentials
from rapport_gateway.supergraph.composition import SubgraphSource

KEY, OTHER = "k" * 40, "o" * 40
NOW = 1_800_000_000
UNTIMED: Options = {"verify_exp": False, "verify_iat": False}


def test_a_token_is_made_once_and_again_before_it_ends() -> None:
    now = [float(NOW)]
    credentials = ServiceCredentials({"*": KEY, "tasks": OTHER}, clock=lambda: now[0])
    first = credentials.line("customers")
    now[0] += 39
    assert credentials.line("customers") is first
    now[0] += 2
    assert credentials.line("customers") != first
    token = first.decode().removeprefix("service-authorization: Bearer ").removesuffix("\r\n")
    claims = jwt.decode(token, KEY, ["HS256"], audience="customers", options=UNTIMED)
    assert claims == {"aud": "customers", "iat": NOW, "exp": NOW + 60}
    assert jwt.get_unverified_header(token)["typ"] == "svc+jwt"
    own = credentials.headers("tasks")["service-authorization"].removeprefix("Bearer ")
    assert jwt.decode(own, OTHER, ["HS256"], audience="tasks", options=UNTIMED)


def test_a_fixed_token_goes_before_a_key_and_nothing_is_sent_without_either() -> None:
    credentials = ServiceCredentials({"*": KEY}, {"tasks": "fixed"})
    assert credentials.headers("tasks") == {"service-authorization": "Bearer fixed"}
    assert ServiceCredentials().line("tasks") == b""
    assert ServiceCredentials().headers("tasks") == {}


@pytest.mark.parametrize(
    "settings",
    [
        Settings(service_key="secret-too-short"),
        Settings(service_keys="tasks=secret-too-short"),
        Settings(service_tokens="secret-without-a-name-of-a-subgraph-before-it"),
        Settings(service_token="secret-with-a-line-break\r\nset-cookie: a=b"),
    ],
)
def test_secrets_that_cannot_be_used_are_refused_and_not_told(settings: Settings) -> None:
    with pytest.raises(InvalidSetting) as refused:
        service_credentials(settings)
    assert "secret-" not in str(refused.value)


@pytest.mark.parametrize("sse", [False, True])
async def test_every_call_carries_it_and_never_a_clients_own(tmp_path: Path, sse: bool) -> None:
    async with subgraph_server("ticks", TICKS) as server:
        sources = [SubgraphSource("ticks", server.url, LINK + TICKS.sdl)]
        settings = {"RAPPORT_GATEWAY_SERVICE_KEY": KEY, "RAPPORT_GATEWAY_SUBSCRIPTION_SSE": "*" if sse else ""}
        async with gateway_before(tmp_path, sources, **settings) as gateway:
            await gateway.post("{ now }", **{"service-authorization": "Bearer spoofed"})
            async with gateway.websocket({"service-authorization": "Bearer spoofed"}) as client:
                await client.subscribe("s", "subscription { tick(count: 1) { number } }")
                await client.receive()
        shown = [headers.get("service-authorization", "") for headers in [*server.headers, *server.handshakes]]
        assert (len(shown), len(server.handshakes)) == (2, 0 if sse else 1)
        for value in shown:
            assert jwt.decode(value.removeprefix("Bearer "), KEY, ["HS256"], audience="ticks")
        assert all(init is None or "service-authorization" not in init for init in server.inits)


@pytest.mark.parametrize("hops", ["0", "1"])
async def test_subgraphs_are_told_where_clients_are_and_clients_have_no_say_in_it(tmp_path: Path, hops: str) -> None:
    lies = {"client-address": "198.51.100.1", "x-forwarded-for": "198.51.100.2, 203.0.113.9"}
    async with subgraph_server("ticks", TICKS) as server:
        sources = [SubgraphSource("ticks", server.url, LINK + TICKS.sdl)]
        settings = {"RAPPORT_GATEWAY_ADDRESS_HEADER": "Client-Address", "RAPPORT_GATEWAY_FORWARDED_HOPS": hops}
        async with gateway_before(tmp_path, sources, **settings) as gateway:
            await gateway.post("{ now }", **lies)
            async with gateway.websocket(lies, headers=lies) as client:
                await client.subscribe("q", "{ now }")
                await client.receive()
        assert len(server.headers) == 2
        assert {headers["client-address"] for headers in server.headers} == {
            "203.0.113.9" if hops == "1" else "127.0.0.1"
        }


@pytest.mark.parametrize("name", ["authorization", "x-request-id", "Service-Authorization", "a b", "a:b", "é"])
def test_the_name_of_that_header_is_free_and_one(name: str) -> None:
    with pytest.raises(InvalidSetting, match="ADDRESS_HEADER"):
        Forwarding(Settings(address_header=name))
