"""Policies that tokens do not hold are asked of whoever decides about them; and what is done where nobody says."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import jwt
import pytest
from aiohttp import web
from cryptography.hazmat.primitives.asymmetric import ec
from jwt.algorithms import ECAlgorithm

from rapport_gateway.identity.claims import ClaimNames
from rapport_gateway.identity.keys import KeySet
from rapport_gateway.identity.policies import Policies, decided_at
from rapport_gateway.identity.tokens import Issuer, Tokens
from rapport_gateway.planning.permits import NOBODY, Granted
from rapport_gateway.server.issuers import identities
from rapport_gateway.settings import InvalidSetting, load_settings

KEY = ec.generate_private_key(ec.SECP256R1())
JWKS = {"keys": [{**ECAlgorithm.to_jwk(KEY.public_key(), as_dict=True), "kid": "one", "alg": "ES256"}]}
CLAIMS = {"iss": "https://id.test", "aud": "api", "policies": "held"}
TOKEN = jwt.encode({**CLAIMS, "exp": time.time() + 86_400}, KEY, "ES256", headers={"kid": "one"})
HEADERS = {"authorization": f"Bearer {TOKEN}"}
ASKED = Granted(True, frozenset(), frozenset({"held", "yes", "no"}))


@dataclass
class Deciding:
    """Says yes to the policies `yes` and `more`, whether or not they are asked."""

    asked: list[frozenset[str]] = field(default_factory=list)
    problem: Exception | None = None
    now: float = 0.0

    async def decide(self, authorization: str, asked: frozenset[str]) -> frozenset[str]:
        assert authorization == HEADERS["authorization"]
        self.asked.append(asked)
        if self.problem is not None:
            raise self.problem
        return frozenset({"yes", "more"})


@pytest.fixture(name="deciding")
def _deciding() -> Deciding:
    return Deciding()


async def keys() -> dict[str, Any]:
    return JWKS


def tokens(deciding: Deciding, *, passes: bool = False, fetch: Any = keys) -> Tokens:
    policies = Policies(deciding.decide, clock=lambda: deciding.now)
    issuer = Issuer("https://id.test", "api")
    return Tokens(KeySet(fetch), issuer, ClaimNames(), policies=policies, passes_undecided=passes)


async def test_what_the_token_lacks_is_asked_and_remembered_for_a_moment(deciding: Deciding) -> None:
    known = tokens(deciding)
    for _ in range(3):
        assert await known.granted(HEADERS, ASKED) == Granted(True, frozenset(), frozenset({"held", "yes"}))
    assert deciding.asked == [frozenset({"yes", "no"})]
    deciding.now += 3
    await known.granted(HEADERS, ASKED)
    assert len(deciding.asked) == 2


async def test_nobody_is_asked_without_need(deciding: Deciding) -> None:
    known = tokens(deciding)
    assert await known.granted(HEADERS, Granted(True)) == Granted(True)
    assert (await known.granted(HEADERS, Granted(policies=frozenset({"held"})))).policies == {"held"}
    assert await known.granted({}, ASKED) == NOBODY
    assert await known.granted({"authorization": f"Bearer {TOKEN}x"}, ASKED) == NOBODY
    assert deciding.asked == []


@pytest.mark.parametrize("problem", [OSError("away"), TimeoutError(), ValueError("nonsense")])
async def test_where_nobody_decides(deciding: Deciding, problem: Exception) -> None:
    deciding.problem = problem
    assert await tokens(deciding).granted(HEADERS, ASKED) == Granted(True, frozenset(), frozenset({"held"}))
    assert await tokens(deciding, passes=True).granted(HEADERS, ASKED) == ASKED
    assert len(deciding.asked) == 2


async def test_where_the_keys_could_never_be_had(deciding: Deciding) -> None:
    async def away() -> dict[str, Any]:
        raise OSError("away")

    assert await tokens(deciding, fetch=away).granted(HEADERS, ASKED) == NOBODY
    passing = tokens(deciding, fetch=away, passes=True)
    assert await passing.granted(HEADERS, ASKED) == ASKED
    for headers in ({}, {"authorization": "Basic eDp5"}, {"authorization": "Bearer nonsense"}):
        assert await passing.granted(headers, ASKED) == NOBODY


@pytest.fixture(name="server")
async def _server() -> AsyncIterator[str]:
    async def decide(request: web.Request) -> web.Response:
        asked = (await request.json())["policies"]
        known = request.headers["authorization"] == HEADERS["authorization"]
        return web.json_response({"policies": {name: known and name == "yes" for name in asked} | {"null": None}})

    async def nonsense(_: web.Request) -> web.Response:
        return web.json_response(["yes"])

    app = web.Application()
    app.add_routes([web.post("/decide", decide), web.post("/nonsense", nonsense)])
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    host, port = runner.addresses[0][:2]
    yield f"http://{host}:{port}"
    await runner.cleanup()


async def test_over_http(server: str) -> None:
    asked = frozenset({"yes", "no"})
    assert await decided_at(f"{server}/decide")(HEADERS["authorization"], asked) == {"yes"}
    assert await decided_at(f"{server}/decide")("Bearer other", asked) == frozenset()
    for path in ("nonsense", "nowhere"):
        with pytest.raises((OSError, ValueError)):
            await decided_at(f"{server}/{path}")(HEADERS["authorization"], asked)


def test_settings() -> None:
    given = {"jwt_jwks_url": "https://id.test/keys", "jwt_issuer": "https://id.test", "jwt_audience": "api"}
    assert isinstance(identities(load_settings({}, {**given, "policies_url": "http://id.test/p"})), Tokens)
    for name, value in (("policies_url", "id.test/p"), ("access_undecided", "perhaps")):
        with pytest.raises(InvalidSetting, match=name.upper()):
            identities(load_settings({}, {**given, name: value}))
