"""Signing in by an OpenID Connect provider that really answers."""

import asyncio
import base64
import json
import time
from collections.abc import AsyncIterator
from typing import Any

import jwt
import pytest
from oidc_provider import CLIENT_ID, NONCE, OidcProvider, new_rsa_key
from pydantic import ValidationError
from subgraph_client import SubgraphClient, TestIssuer

from rapport_identity.app import api
from rapport_identity.credentials.service import CredentialService
from rapport_identity.settings import Settings
from rapport_identity.users.model import User
from rapport_identity.users.service import UserService
from rapport_shared.actor import Actor
from rapport_shared.clock import ManualClock
from rapport_shared.mongo import Mongo

EMAIL = "li.wei@example.com"
SIGN_IN = """mutation($input: SignInWithProviderInput!) { signInWithProvider(input: $input) {
    accessToken refreshToken user { id } userErrors { code } } }"""


@pytest.fixture
async def provider() -> AsyncIterator[OidcProvider]:
    made = OidcProvider()
    async with made.serving():
        yield made


@pytest.fixture
def configured(settings: Settings, provider: OidcProvider) -> Settings:
    given = {"oidc_issuer": provider.url, "oidc_client_id": CLIENT_ID}
    changed: Settings = settings.model_copy(update=given)
    return changed


@pytest.fixture
def client(mongo: Mongo, configured: Settings, issuer: TestIssuer, clock: ManualClock) -> SubgraphClient:
    return SubgraphClient(api(configured, clock), issuer)


@pytest.fixture
async def user(users: UserService, admin: Actor) -> User:
    return await users.create({"email": EMAIL, "name": "李伟", "role": "SALES"}, password="correct horse", by=admin)


async def sign_in(client: SubgraphClient, token: str, nonce: str = NONCE) -> Any:
    return (await client.query(SIGN_IN, {"input": {"idToken": token, "nonce": nonce}})).data["signInWithProvider"]


async def codes(client: SubgraphClient, token: str, nonce: str = NONCE) -> list[str]:
    payload = await sign_in(client, token, nonce)
    assert (payload["accessToken"] is None) == bool(payload["userErrors"])
    return [error["code"] for error in payload["userErrors"]]


async def test_a_user_signs_in_by_verified_address_and_by_subject_from_then_on(
    client: SubgraphClient, provider: OidcProvider, users: UserService, user: User, admin: Actor
) -> None:
    session = await sign_in(client, provider.token())
    assert session["user"] == {"id": user.id}
    answer = await client.post({"query": "{ me { id } }"}, authorization=f"Bearer {session['accessToken']}")
    assert answer.data["me"]["id"] == user.id
    await users.update(user.id, {"email": "new@example.com"}, expected_version=None, by=admin)
    assert (await sign_in(client, provider.token(email=None)))["user"] == {"id": user.id}
    assert await codes(client, provider.token(sub="another")) == ["NO_ACCOUNT"]


async def test_an_address_that_changed_hands_opens_nothing(
    client: SubgraphClient, provider: OidcProvider, user: User
) -> None:
    assert await codes(client, provider.token()) == []
    assert await codes(client, provider.token(sub="who has the address now")) == ["NO_ACCOUNT"]


@pytest.mark.parametrize(
    "claims", [{"email_verified": False}, {"email_verified": None}, {"email": "x@y.z"}, {"email": 7}]
)
async def test_an_address_must_be_verified_and_known(
    client: SubgraphClient, provider: OidcProvider, user: User, claims: dict[str, Any]
) -> None:
    assert await codes(client, provider.token(**claims)) == ["NO_ACCOUNT"]


async def test_who_is_locked_out_here_stays_out(
    client: SubgraphClient, provider: OidcProvider, users: UserService, user: User, admin: Actor
) -> None:
    assert await codes(client, provider.token()) == []
    await users.deactivate(user.id, expected_version=None, by=admin)
    assert await codes(client, provider.token(jti="2")) == ["NO_ACCOUNT"]


async def test_a_token_signs_in_once(client: SubgraphClient, provider: OidcProvider, user: User) -> None:
    token = provider.token()
    outcomes = await asyncio.gather(*(codes(client, token) for _ in range(4)))
    assert sorted(map(len, outcomes)) == [0, 1, 1, 1]
    assert await codes(client, token) == ["INVALID_ID_TOKEN"]


FOREIGN = new_rsa_key()
NOW = int(time.time())


@pytest.mark.parametrize(
    "given",
    [
        {"key": FOREIGN},
        {"key": "secret" * 8, "algorithm": "HS256"},
        {"key": FOREIGN, "header": {"kid": "unknown"}},
        {"header": {"kid": ""}},
        {"algorithm": "RS512"},
        {"iss": "https://elsewhere.example"},
        {"iss": None},
        {"aud": "somebody-else"},
        {"aud": None},
        {"aud": [CLIENT_ID, "somebody-else"]},
        {"aud": ["somebody-else", CLIENT_ID], "azp": "somebody-else"},
        {"azp": "somebody-else"},
        {"nonce": "another nonce, long enough"},
        {"nonce": None},
        {"nonce": 7},
        {"exp": NOW - 3600},
        {"exp": None},
        {"exp": NOW + 10**9},
        {"iat": NOW - 3600},
        {"iat": NOW + 3600},
        {"iat": None},
        {"nbf": NOW + 3600},
        {"sub": None},
        {"sub": ""},
        {"sub": 7},
    ],
)
async def test_what_the_provider_did_not_say_for_this_sign_in_is_refused(
    client: SubgraphClient, provider: OidcProvider, user: User, given: dict[str, Any]
) -> None:
    assert await codes(client, provider.token(**given)) == ["INVALID_ID_TOKEN"]


@pytest.mark.parametrize("token", ["", "x", "a.b.c", "..", "密.码.x", "x" * 20_000])
async def test_what_is_no_token_is_refused(client: SubgraphClient, user: User, token: str) -> None:
    assert await codes(client, token) == ["INVALID_ID_TOKEN"]


async def test_an_unsigned_token_is_refused(client: SubgraphClient, provider: OidcProvider, user: User) -> None:
    payload = jwt.decode(provider.token(), options={"verify_signature": False})
    for algorithm in ("none", "None", "nOnE", "NONE"):
        parts = ({"alg": algorithm, "kid": "key-1"}, payload)
        head, body = (base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in parts)
        assert await codes(client, f"{head}.{body}.") == ["INVALID_ID_TOKEN"]


@pytest.mark.parametrize("nonce", ["", "short", "another nonce, long enough"])
async def test_the_nonce_must_be_the_clients_own(
    client: SubgraphClient, provider: OidcProvider, user: User, nonce: str
) -> None:
    token = provider.token() if len(nonce) > 10 else provider.token(nonce=nonce)
    assert await codes(client, token, nonce) == ["INVALID_ID_TOKEN"]


async def test_a_provider_that_is_away_or_not_itself_is_told(
    client: SubgraphClient, provider: OidcProvider, configured: Settings, issuer: TestIssuer, user: User
) -> None:
    provider.down = True
    assert await codes(client, provider.token()) == ["PROVIDER_UNAVAILABLE"]
    provider.down = False
    for configuration in (
        {"issuer": "https://elsewhere.example"},
        {"jwks_uri": "http://elsewhere.example/keys"},
        {"jwks_uri": 7},
    ):
        provider.configuration = configuration
        assert await codes(SubgraphClient(api(configured), issuer), provider.token()) == ["PROVIDER_UNAVAILABLE"]


async def test_passwords_can_be_off(
    mongo: Mongo, provider: OidcProvider, configured: Settings, issuer: TestIssuer, user: User, admin: Actor
) -> None:
    client = SubgraphClient(api(configured.model_copy(update={"password_sign_in": False})), issuer)
    options = "{ signInOptions { password provider { issuer clientId } } }"
    known = {"issuer": provider.url, "clientId": CLIENT_ID}
    assert (await client.query(options)).data["signInOptions"] == {"password": False, "provider": known}
    document = (
        f'mutation {{ signIn(input: {{email: "{EMAIL}", password: "correct horse"}}) {{ userErrors {{ code }} }} }}'
    )
    refused = (await client.query(document)).data["signIn"]["userErrors"]
    invited = await client.mutate("inviteUser", "token", {"email": "a@x.cn", "name": "a", "role": "SALES"}, by=admin)
    assert [error["code"] for error in (*refused, *invited["userErrors"])] == ["PASSWORD_SIGN_IN_OFF"] * 2
    assert await codes(client, provider.token()) == []


async def test_without_a_provider_there_is_none(
    mongo: Mongo, settings: Settings, issuer: TestIssuer, credentials: CredentialService
) -> None:
    client = SubgraphClient(api(settings), issuer)
    assert await codes(client, "a.b.c") == ["PROVIDER_NOT_CONFIGURED"]
    options = (await client.query("{ signInOptions { password provider { issuer } } }")).data["signInOptions"]
    assert options == {"password": True, "provider": None}


@pytest.mark.parametrize(
    "given",
    [
        {"oidc_issuer": "https://id.example"},
        {"oidc_client_id": "x"},
        {"oidc_issuer": "http://id.example", "oidc_client_id": "x"},
        {"password_sign_in": False},
    ],
)
def test_settings_that_let_nobody_in_are_refused(given: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Settings(**given)
