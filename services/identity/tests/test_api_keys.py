"""API keys: shown once, exchanged for tokens that say no more than their owner may, rotated and revoked."""

import base64
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import jwt
import pytest
from subgraph_client import Answer, SubgraphClient, request

from rapport_identity.api_keys.errors import ApiKeyRevoked, InvalidApiKey, InvalidExpiry, InvalidOverlap
from rapport_identity.api_keys.model import ApiKey
from rapport_identity.api_keys.service import ApiKeyService
from rapport_identity.roles.errors import RoleInUse, RoleNotFound
from rapport_identity.roles.service import RoleService
from rapport_identity.sessions.service import SessionService
from rapport_identity.users.errors import InvalidText
from rapport_identity.users.model import User
from rapport_identity.users.service import UserService
from rapport_shared.actor import Actor, Via
from rapport_shared.clock import ManualClock
from rapport_shared.errors import NotAllowed, NotFound
from rapport_shared.mongo import Mongo

DAY = timedelta(days=1)


@pytest.fixture
async def owner(users: UserService, admin: Actor) -> User:
    await users.create({"email": "root@x.cn", "name": "root", "role": "ADMIN"}, password=None, by=admin)
    return await users.create({"email": "ops@x.cn", "name": "ops", "role": "ADMIN"}, password=None, by=admin)


@pytest.fixture
def by(owner: User) -> Actor:
    return Actor(owner.id, owner.role, "ses_1")


async def make(api_keys: ApiKeyService, by: Actor, role: str = "INTEGRATOR", **given: Any) -> tuple[ApiKey, str]:
    return await api_keys.create("ERP", role, expires_at=given.get("expires_at"), by=by)


async def refuses(api_keys: ApiKeyService, *texts: str) -> bool:
    for text in texts:
        with pytest.raises(InvalidApiKey):
            await api_keys.exchange(text)
    return True


def claims(token: str) -> dict[str, Any]:
    decoded: dict[str, Any] = jwt.decode(token, options={"verify_signature": False})
    return decoded


async def test_a_key_is_exchanged_for_a_token_of_its_own(
    api_keys: ApiKeyService, clock: ManualClock, mongo: Mongo, by: Actor
) -> None:
    key, text = await make(api_keys, by)
    access = await api_keys.exchange(text)
    told = claims(access.access_token)
    assert {name: told[name] for name in ("sub", "owner", "role", "sid", "via")} == {
        "sub": key.id,
        "owner": by.id,
        "role": "INTEGRATOR",
        "sid": key.id,
        "via": "KEY",
    }
    assert told["exp"] - told["iat"] == 600
    found = await api_keys.find(key.id, by=by)
    assert found is not None
    assert found.last_used_at == clock()
    clock.advance(timedelta(seconds=59))
    await api_keys.exchange(text)
    found = await api_keys.find(key.id, by=by)
    assert found is not None
    assert clock() - (found.last_used_at or clock()) == timedelta(seconds=59)
    secret = text.partition(".")[2]
    for name in await mongo.database.list_collection_names():
        assert secret not in str(await mongo.database[name].find({}).to_list(None))


@pytest.mark.parametrize(
    "spoil", ["", "rk_", "rk_x.y", "{0}x", "x{0}", "{0}\n", "{1}.{2}x", "{1}x.{2}", "{1}.", "\ud800"]
)
async def test_what_is_no_key_opens_nothing(api_keys: ApiKeyService, by: Actor, spoil: str) -> None:
    _, text = await make(api_keys, by)
    other, _ = await make(api_keys, by)
    head, _, secret = text.partition(".")
    assert await refuses(api_keys, spoil.format(text, head, secret[:-1]))
    assert await refuses(api_keys, f"rk_{other.id.removeprefix('key_')}.{secret}")


async def test_a_rotated_key_has_two_secrets_for_a_while(
    api_keys: ApiKeyService, clock: ManualClock, by: Actor
) -> None:
    key, first = await make(api_keys, by)
    rotated, second = await api_keys.rotate(key.id, overlap=DAY, expected_version=1, by=by)
    assert rotated.version == 2
    clock.advance(DAY - timedelta(milliseconds=1))
    for text in (first, second):
        await api_keys.exchange(text)
    _, third = await api_keys.rotate(key.id, overlap=DAY, expected_version=None, by=by)
    assert await refuses(api_keys, first)
    await api_keys.exchange(second)
    clock.advance(DAY)
    assert await refuses(api_keys, first, second)
    _, fourth = await api_keys.rotate(key.id, overlap=timedelta(0), expected_version=None, by=by)
    assert await refuses(api_keys, third)
    await api_keys.exchange(fourth)
    for overlap in (timedelta(hours=-1), timedelta(hours=169)):
        with pytest.raises(InvalidOverlap):
            await api_keys.rotate(key.id, overlap=overlap, expected_version=None, by=by)


async def test_a_revoked_key_stays_revoked(api_keys: ApiKeyService, mongo: Mongo, by: Actor) -> None:
    key, text = await make(api_keys, by)
    for _ in range(2):
        await api_keys.revoke(key.id, expected_version=None, by=by)
    assert await refuses(api_keys, text)
    with pytest.raises(ApiKeyRevoked):
        await api_keys.rotate(key.id, overlap=DAY, expected_version=None, by=by)
    rows = await mongo.database["outbox"].find({"subject": key.id}).sort("version", 1).to_list(None)
    assert [row["routing_key"] for row in rows] == ["identity.api_key.created.v1", "identity.api_key.revoked.v1"]
    assert b"ERP" not in rows[0]["body"]


async def test_a_key_ends_and_its_tokens_with_it(api_keys: ApiKeyService, clock: ManualClock, by: Actor) -> None:
    with pytest.raises(InvalidExpiry):
        await make(api_keys, by, expires_at=clock())
    _, text = await make(api_keys, by, expires_at=clock() + DAY)
    clock.advance(DAY - timedelta(minutes=3))
    told = claims((await api_keys.exchange(text)).access_token)
    assert told["exp"] - told["iat"] in {180, 179}
    clock.advance(timedelta(minutes=3))
    assert await refuses(api_keys, text)


async def test_a_key_may_do_nothing_that_its_owner_may_not(
    api_keys: ApiKeyService, users: UserService, roles: RoleService, owner: User, admin: Actor, by: Actor
) -> None:
    _, text = await make(api_keys, by, role="SUPPORT")
    await users.update(owner.id, {"role": "SUPPORT"}, expected_version=None, by=admin)
    await api_keys.exchange(text)
    await users.update(owner.id, {"role": "SALES"}, expected_version=None, by=admin)
    assert await refuses(api_keys, text)
    await users.update(owner.id, {"role": "ADMIN"}, expected_version=None, by=admin)
    await users.deactivate(owner.id, expected_version=None, by=admin)
    assert await refuses(api_keys, text)
    await users.activate(owner.id, expected_version=None, by=admin)
    await api_keys.exchange(text)


@pytest.mark.parametrize("role", ["MANAGER", "SALES", "SUPPORT", "MARKETING", "INTEGRATOR", "NO_SUCH"])
async def test_others_make_and_see_no_keys(api_keys: ApiKeyService, by: Actor, role: str) -> None:
    key, _ = await make(api_keys, by)
    other = Actor("usr_x", role)
    with pytest.raises(NotAllowed):
        await make(api_keys, other)
    for attempt in (
        api_keys.rotate(key.id, overlap=DAY, expected_version=None, by=other),
        api_keys.revoke(key.id, expected_version=None, by=other),
    ):
        with pytest.raises(NotFound):
            await attempt
    assert await api_keys.find(key.id, by=other) is None


async def test_what_is_wrong_with_a_key_is_named(
    api_keys: ApiKeyService, roles: RoleService, mongo: Mongo, by: Actor
) -> None:
    with pytest.raises(InvalidText):
        await api_keys.create(" ", "INTEGRATOR", expires_at=None, by=by)
    with pytest.raises(RoleNotFound):
        await make(api_keys, by, role="NO_SUCH")
    assert await mongo.database["api_keys"].count_documents({}) == 0
    await roles.create("ERP", "ERP", {}, {}, by=by)
    key, _ = await make(api_keys, by, role="ERP")
    with pytest.raises(RoleInUse):
        await roles.delete("ERP", expected_version=None, by=by)
    await api_keys.revoke(key.id, expected_version=None, by=by)
    await roles.delete("ERP", expected_version=None, by=by)


async def test_a_key_has_no_say_in_its_owners_account(
    sessions: SessionService, users: UserService, api_keys: ApiKeyService, owner: User
) -> None:
    program = Actor(owner.id, "INTEGRATOR", "key_1", via=Via.KEY, key_id="key_1")
    assert await sessions.mine(by=program) == []
    for attempt in (
        sessions.revoke_all(None, by=program),
        sessions.revoke("ses_1", by=program),
        sessions.sign_out(None, by=program),
        users.update(owner.id, {"email": "mine@x.cn"}, expected_version=None, by=program),
        make(api_keys, program),
    ):
        with pytest.raises(NotAllowed):
            await attempt


async def test_clients_make_use_rotate_and_revoke_keys(client: SubgraphClient, by: Actor) -> None:
    selection = "apiKey { id name role owner { name } expiresAt revokedAt lastUsedAt version } key"
    made = await client.mutate("createApiKey", selection, {"name": "ERP"}, by=by)
    assert made["userErrors"] == []
    key = made["apiKey"]
    assert (key["role"], key["owner"], key["version"], key["lastUsedAt"]) == ("INTEGRATOR", {"name": "ops"}, 1, None)
    assert key["expiresAt"] is not None
    exchange = (
        "mutation($input: ExchangeApiKeyInput!) { exchangeApiKey(input: $input) { accessToken userErrors { code } } }"
    )
    access = (await client.query(exchange, {"input": {"key": made["key"]}})).data["exchangeApiKey"]
    answer = await client.post({"query": "{ users { totalCount } }"}, authorization=f"Bearer {access['accessToken']}")
    assert answer.data["users"]["totalCount"] == 2
    rotated = await client.mutate("rotateApiKey", selection, {"id": key["id"], "overlapHours": 0}, by=by)
    assert rotated["key"] != made["key"]
    refused = (await client.query(exchange, {"input": {"key": made["key"]}})).data["exchangeApiKey"]
    assert refused == {"accessToken": None, "userErrors": [{"code": "INVALID_API_KEY"}]}
    never = await client.mutate("createApiKey", selection, {"name": "B", "expiresAt": None, "role": "SALES"}, by=by)
    assert never["apiKey"]["expiresAt"] is None
    await client.mutate("revokeApiKey", selection, {"id": key["id"]}, by=by)
    document = "{ apiKeys { totalCount nodes { name } } gone: apiKeys(filter: {revoked: true}) { nodes { name } } }"
    assert (await client.query(document, by=by)).data == {
        "apiKeys": {"totalCount": 1, "nodes": [{"name": "B"}]},
        "gone": {"nodes": [{"name": "ERP"}]},
    }


async def post_token(client: SubgraphClient, form: Any, **headers: str) -> Answer:
    body = form if isinstance(form, bytes) else urlencode(form).encode()
    given = {"content_type": "application/x-www-form-urlencoded", **headers}
    names = [(name.replace("_", "-").encode(), value.encode()) for name, value in given.items()]
    return await request(client.app, "POST", "/token", names, body)


async def test_oauth_clients_get_tokens(client: SubgraphClient, api_keys: ApiKeyService, by: Actor) -> None:
    key, text = await make(api_keys, by)
    grant = {"grant_type": "client_credentials"}
    basic = base64.b64encode(f"{key.id}:{text}".encode()).decode()
    for answer in (
        await post_token(client, {**grant, "client_id": key.id, "client_secret": text}),
        await post_token(client, grant, authorization=f"Basic {basic}"),
    ):
        assert (answer.status, answer.headers["cache-control"]) == (200, "no-store")
        assert (answer.body["token_type"], 590 <= answer.body["expires_in"] <= 600) == ("Bearer", True)
        bearer = f"Bearer {answer.body['access_token']}"
        assert (await client.post({"query": "{ __typename }"}, authorization=bearer)).status == 200


@pytest.mark.parametrize(
    ("form", "headers", "status", "error"),
    [
        ({"grant_type": "password"}, {}, 400, "unsupported_grant_type"),
        ({}, {}, 400, "invalid_request"),
        (b"\xff", {}, 400, "invalid_request"),
        (b"grant_type=client_credentials&grant_type=x", {}, 400, "invalid_request"),
        (b"grant_type=client_credentials&x=" + b"x" * 9000, {}, 400, "invalid_request"),
        ({"grant_type": "client_credentials"}, {"content_type": "application/json"}, 400, "invalid_request"),
        ({"grant_type": "client_credentials"}, {}, 401, "invalid_client"),
        ({"grant_type": "client_credentials"}, {"authorization": "Basic !"}, 401, "invalid_client"),
        ({"grant_type": "client_credentials"}, {"authorization": "Bearer x"}, 401, "invalid_client"),
        (
            {"grant_type": "client_credentials", "client_secret": "x"},
            {"authorization": "Basic eDp5"},
            400,
            "invalid_request",
        ),
        (
            {"grant_type": "client_credentials", "client_id": "key_x", "client_secret": "{key}"},
            {},
            401,
            "invalid_client",
        ),
    ],
)
async def test_a_token_request_that_is_wrong_is_told_so(
    client: SubgraphClient, api_keys: ApiKeyService, by: Actor, form: Any, headers: Any, status: int, error: str
) -> None:
    _, text = await make(api_keys, by)
    if isinstance(form, dict):
        form = {name: value.replace("{key}", text) for name, value in form.items()}
    answer = await post_token(client, form, **headers)
    assert (answer.status, answer.body["error"], "www-authenticate" in answer.headers) == (status, error, status == 401)
