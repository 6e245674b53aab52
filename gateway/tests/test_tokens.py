"""Tokens are believed only when a known issuer signed them, for us, and until they expire."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from typing import Any

import jwt
import orjson
import pytest
from aiohttp import web
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from jwt.algorithms import ECAlgorithm, RSAAlgorithm

from rapport_gateway.identity.claims import ClaimNames
from rapport_gateway.identity.keys import KeySet, keys_from
from rapport_gateway.identity.tokens import Anonymous, Issuer, Tokens
from rapport_gateway.planning.permits import NOBODY, Granted
from rapport_gateway.server.issuers import identities
from rapport_gateway.settings import InvalidSetting, Settings, load_settings

CURVE = ec.generate_private_key(ec.SECP256R1())
OTHER = ec.generate_private_key(ec.SECP256R1())
PRIME = rsa.generate_private_key(65537, 2048)
JWKS = {
    "keys": [
        {**ECAlgorithm.to_jwk(CURVE.public_key(), as_dict=True), "kid": "curve", "use": "sig"},
        {**RSAAlgorithm.to_jwk(PRIME.public_key(), as_dict=True), "kid": "prime", "alg": "RS256"},
        {"kty": "oct", "k": "c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0LXNlY3JldA", "kid": "shared", "alg": "HS256"},
    ]
}


def token(key: Any = CURVE, kid: str | None = "curve", algorithm: str = "ES256", **claims: Any) -> str:
    payload = {"iss": "https://id.test", "aud": "api", "exp": time.time() + 60, "scope": "a b", **claims}
    kept = {name: value for name, value in payload.items() if value is not None}
    return jwt.encode(kept, key, algorithm, headers={"kid": kid} if kid else None)


class Issuing:
    """An issuer's key set as it is now, and how often it was asked for."""

    def __init__(self) -> None:
        self.jwks: object = JWKS
        self.asked = 0
        self.now = 1000.0

    async def fetch(self) -> Any:
        self.asked += 1
        if isinstance(self.jwks, Exception):
            raise self.jwks
        return self.jwks


@pytest.fixture(name="issuing")
def _issuing() -> Issuing:
    return Issuing()


@pytest.fixture(name="tokens")
def _tokens(issuing: Issuing) -> Tokens:
    keys = KeySet(issuing.fetch, clock=lambda: issuing.now)
    return Tokens(keys, Issuer("https://id.test", "api"), ClaimNames())


ASKED = Granted(True, frozenset({"a", "b", "x y", "s", "unheard"}), frozenset({"p", "q", "unheard"}))


async def granted(tokens: Tokens, text: str) -> Granted:
    return await tokens.granted({"authorization": f"Bearer {text}"}, ASKED)


async def test_what_a_token_grants(tokens: Tokens) -> None:
    assert await granted(tokens, token()) == Granted(True, frozenset({"a", "b"}))
    assert await granted(tokens, token(PRIME, "prime", "RS256", scope=["x y", 3])) == Granted(True, frozenset({"x y"}))
    found = await granted(tokens, token(scope=None, policies=["p", "q"], aud=["other", "api"]))
    assert found == Granted(True, frozenset(), frozenset({"p", "q"}))
    assert await granted(tokens, token(scope={"a": 1}, policies=7)) == Granted(True)


async def test_names_of_claims_are_settings(issuing: Issuing) -> None:
    names = ClaimNames("scp", "https://test/policies")
    tokens = Tokens(KeySet(issuing.fetch), Issuer("https://id.test", "api"), names)
    found = await granted(tokens, token(scp="s", **{"https://test/policies": "p"}))
    assert found == Granted(True, frozenset({"s"}), frozenset({"p"}))


@pytest.mark.parametrize(
    "text",
    [
        token(iss="https://evil.test"),
        token(iss=None),
        token(aud="other"),
        token(aud=None),
        token(exp=time.time() - 60),
        token(exp=None),
        token(exp=str(int(time.time()) + 86_400)),
        token(exp=[time.time() + 86_400]),
        token(exp=float("inf")),
        token(nbf=time.time() + 3600),
        token(OTHER),
        token(kid="unknown"),
        token(kid=None),
        token(PRIME, "curve", "RS256"),
        token("secret-secret-secret-secret-secret", "shared", "HS256"),
        jwt.encode({"iss": "https://id.test", "aud": "api", "exp": time.time() + 60}, "", "none"),
        token()[:-4] + "AAAA",
        "nonsense",
        "a.b.c",
        "x" * 20_000,
        "",
    ],
)
async def test_what_is_not_valid_counts_as_nothing(tokens: Tokens, text: str) -> None:
    assert await granted(tokens, text) == NOBODY


@pytest.mark.parametrize(
    "headers", [{}, {"authorization": ""}, {"authorization": "Basic eDp5"}, {"authorization": "x"}]
)
async def test_without_a_bearer_token(tokens: Tokens, issuing: Issuing, headers: dict[str, str]) -> None:
    assert await tokens.granted(headers, ASKED) == NOBODY
    assert issuing.asked == 0


async def test_keys_are_looked_for_anew_but_not_at_every_request(tokens: Tokens, issuing: Issuing) -> None:
    issuing.jwks = {"keys": JWKS["keys"][1:2]}
    for _ in range(3):
        assert await granted(tokens, token()) == NOBODY
    assert issuing.asked == 1
    issuing.jwks = JWKS
    issuing.now += 6
    assert (await granted(tokens, token())).authenticated
    assert issuing.asked == 2
    issuing.jwks = OSError("away")
    issuing.now += 1000
    assert (await granted(tokens, token())).authenticated
    assert issuing.asked == 3


@pytest.mark.parametrize("jwks", [{}, [], {"keys": 7}, {"keys": [{"kty": "?"}]}, ValueError("no JSON"), TimeoutError()])
async def test_key_sets_that_cannot_be_read(tokens: Tokens, issuing: Issuing, jwks: object) -> None:
    issuing.jwks = jwks
    assert await granted(tokens, token()) == NOBODY


async def test_an_only_key_needs_no_name(tokens: Tokens, issuing: Issuing) -> None:
    issuing.jwks = {"keys": JWKS["keys"][:1]}
    assert (await granted(tokens, token(kid=None))).authenticated


@pytest.fixture(name="key_server")
async def _key_server() -> AsyncIterator[str]:
    async def keys(_: web.Request) -> web.Response:
        return web.Response(body=orjson.dumps(JWKS), content_type="application/json")

    async def large(_: web.Request) -> web.Response:
        return web.Response(body=b" " * (3 * 1024 * 1024))

    app = web.Application()
    app.add_routes([web.get("/keys", keys), web.get("/large", large)])
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host, port = runner.addresses[0][:2]
    yield f"http://{host}:{port}"
    await runner.cleanup()


@pytest.mark.parametrize(("path", "believed"), [("/keys", True), ("/large", False), ("/nothing", False)])
async def test_over_http(key_server: str, path: str, believed: bool) -> None:
    tokens = Tokens(KeySet(keys_from(key_server + path)), Issuer("https://id.test", "api"), ClaimNames())
    assert (await granted(tokens, token())).authenticated is believed


def test_settings() -> None:
    assert isinstance(identities(Settings()), Anonymous)
    complete = {"jwt_jwks_url": "https://id.test/keys", "jwt_issuer": "https://id.test", "jwt_audience": "api"}
    assert isinstance(identities(load_settings({}, complete)), Tokens)
    for name in ("jwt_issuer", "jwt_audience"):
        with pytest.raises(InvalidSetting, match=name.upper()):
            identities(load_settings({}, {**complete, name: None}))
    with pytest.raises(InvalidSetting, match="JWT_JWKS_URL"):
        identities(load_settings({}, {**complete, "jwt_jwks_url": "id.test/keys"}))
