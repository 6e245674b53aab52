"""No token of the zoo opens the gateway or a service, by HTTP or by WebSocket; the genuine one opens all."""

import time
from datetime import UTC, datetime
from typing import Any

import aiohttp
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from jwt.algorithms import ECAlgorithm
from pymongo import MongoClient
from rights_callers import GATEWAY, Doors
from staff import Staff, sign_in
from token_forge import Forge, private_key
from token_zoo import ZOO

from rapport_local.system.table import SERVICES
from rapport_local.testing import RunningSystem

TARGETS = (GATEWAY, *SERVICES)
REFUSED = {"UNAUTHENTICATED"}
# What the gateway's clients see is there for all; a service's own door is the same in each.
ASKED = {GATEWAY: "{ me { id } }"}
AT_A_DOOR = "query($r: [_Any!]!) { _entities(representations: $r) { __typename } }"


@pytest.fixture(scope="session")
async def forge(running_system: RunningSystem) -> Forge:
    """What the seller's token and identity's key give."""
    seller: Staff = await sign_in(running_system.gateway, running_system.accounts["sales"])
    ended = ec.generate_private_key(ec.SECP256R1())
    with MongoClient[dict[str, Any]](running_system.addresses.mongo_url, tz_aware=True) as client:
        keys = client[f"{running_system.addresses.database_prefix}_identity"]["signing_keys"]
        newest = next(iter(keys.find().sort("created_at", -1)))
        for year, name, key in (
            (2020, "sgn_ended", ended),
            (2021, "sgn_after", ec.generate_private_key(ec.SECP256R1())),
        ):
            jwk = {**ECAlgorithm.to_jwk(key, as_dict=True), "kid": name, "alg": "ES256", "use": "sig"}
            made = datetime(year, 1, 1, tzinfo=UTC)
            row = {"_id": name, "jwk": jwk, "created_at": made, "signs_from": made, "succeeds": None, "abrupt": False}
            keys.insert_one(row)
    return Forge(
        key=private_key(newest["jwk"]),
        kid=newest["_id"],
        ended_key=ended,
        ended_kid="sgn_ended",
        genuine=seller.access_token,
        refresh_token=seller.refresh_token,
    )


def question(target: str) -> dict[str, Any]:
    if target == GATEWAY:
        return {"query": "{ me { id } }"}
    return {"query": AT_A_DOOR, "variables": {"r": []}}


async def by_http(doors: Doors, target: str, authorization: str) -> set[str]:
    """The codes of the errors; REFUSED too where the server has not even read the request."""
    headers = {"authorization": authorization, **doors.headers(target)}
    try:
        async with doors.http.post(doors.url(target), json=question(target), headers=headers) as response:
            if response.status in {400, 413, 431} and "json" not in response.content_type:
                return REFUSED
            answer = await response.json()
    except aiohttp.ClientOSError:  # the server closed the connection at such a header
        return REFUSED
    assert "errors" in answer or answer["data"] is not None
    return {error["extensions"]["code"] for error in answer.get("errors", [])}


async def by_socket(doors: Doors, target: str, authorization: str) -> set[str]:
    url = doors.url(target).replace("http", "ws", 1)
    protocols = ("graphql-transport-ws",)
    async with doors.http.ws_connect(url, protocols=protocols, headers=doors.headers(target)) as socket:
        await socket.send_json({"type": "connection_init", "payload": {"authorization": authorization}})
        said = await socket.receive()
        if said.type is not said.type.TEXT:
            return REFUSED
        assert said.json()["type"] == "connection_ack"
        await socket.send_json({"id": "1", "type": "subscribe", "payload": question(target)})
        said = await socket.receive()
        if said.type is not said.type.TEXT:
            return REFUSED
        message = said.json()
    errors = message["payload"] if message["type"] == "error" else message["payload"].get("errors", [])
    return {error["extensions"]["code"] for error in errors}


def test_the_zoo_is_large_and_no_two_tokens_are_one(forge: Forge) -> None:
    tokens = {name: make(forge) for name, make in ZOO.items()}
    assert len(set(tokens.values())) == len(ZOO) >= 80
    assert forge.genuine not in tokens.values()


@pytest.mark.parametrize("target", TARGETS)
async def test_the_genuine_token_opens_the_door(doors: Doors, forge: Forge, target: str) -> None:
    for token in (forge.genuine, forge.token(), forge.token(exp=int(time.time()) + 60)):
        assert await by_http(doors, target, f"Bearer {token}") == set()
        assert await by_socket(doors, target, f"Bearer {token}") == set()


@pytest.mark.parametrize("target", TARGETS)
async def test_no_other_token_does(doors: Doors, forge: Forge, target: str) -> None:
    opened = {}
    for name, make in ZOO.items():
        token = make(forge)
        for ask in (by_http, by_socket):
            codes = await ask(doors, target, f"Bearer {token}")
            if codes != REFUSED:
                opened[name, ask.__name__] = codes
    assert opened == {}


@pytest.mark.parametrize("scheme", ["", "Basic", "Token", "Bearer Bearer", "DPoP"])
@pytest.mark.parametrize("target", TARGETS)
async def test_a_token_goes_as_a_bearer_token(doors: Doors, forge: Forge, target: str, scheme: str) -> None:
    assert await by_http(doors, target, f"{scheme} {forge.genuine}".strip()) == REFUSED
