"""Service tokens: what is accepted, what is not, and for how long."""

import base64
import json
from collections.abc import Callable
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from pydantic import ValidationError
from starlette.types import Receive, Scope, Send
from subgraph_client import request

from rapport_shared.http.answers import json_answer
from rapport_shared.http.service_credential import FROM_SERVICE, ServiceCredentials, ServicesOnly
from rapport_shared.settings import settings_for

NOW = 1_800_000_000
KEY, NEXT_KEY, OTHER_KEY = "k" * 64, "n" * 64, "o" * 64
FIXED, NEXT_FIXED = "f" * 40, "g" * 40


class Ticking:
    def __init__(self) -> None:
        self.now = float(NOW)

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Ticking:
    return Ticking()


@pytest.fixture
def credentials(clock: Ticking) -> ServiceCredentials:
    return ServiceCredentials("customers", keys=[KEY, NEXT_KEY], tokens=[FIXED, NEXT_FIXED], clock=clock)


def token(key: str = KEY, *, header: dict[str, Any] | None = None, algorithm: str = "HS256", **claims: Any) -> str:
    usual = {"aud": "customers", "iat": NOW, "exp": NOW + 60}
    payload = {name: value for name, value in (usual | claims).items() if value is not None}
    return "Bearer " + jwt.encode(payload, key, algorithm, headers={"typ": "svc+jwt"} | (header or {}))


@pytest.mark.parametrize("given", [token(), token(NEXT_KEY), f"Bearer {FIXED}", f"bearer {NEXT_FIXED}"])
def test_every_key_and_token_in_force_is_accepted(credentials: ServiceCredentials, given: str) -> None:
    assert credentials.accept(given)
    assert credentials.accept(given), "remembered"


def _unsigned() -> str:
    parts = ({"alg": "none", "typ": "svc+jwt"}, {"aud": "customers", "iat": NOW, "exp": NOW + 60})
    return (
        "Bearer "
        + ".".join(base64.urlsafe_b64encode(json.dumps(p).encode()).rstrip(b"=").decode() for p in parts)
        + "."
    )


def _of_a_user() -> str:
    claims = {"aud": "customers", "iat": NOW, "exp": NOW + 60, "sub": "usr_1"}
    return "Bearer " + jwt.encode(claims, generate_private_key(SECP256R1()), "ES256", headers={"typ": "at+jwt"})


@pytest.mark.parametrize(
    "given",
    {
        "nothing": None,
        "empty": "",
        "no scheme": FIXED,
        "another scheme": f"Basic {FIXED}",
        "no token": "Bearer ",
        "a prefix of a fixed one": f"Bearer {FIXED[:-1]}",
        "another key": token(OTHER_KEY),
        "another hash": token(KEY, algorithm="HS512"),
        "another service's": token(aud="tasks"),
        "for several": token(aud=["customers", "tasks"]),
        "for nobody": token(aud=None),
        "expired": token(iat=NOW - 120, exp=NOW - 60),
        "from the future": token(iat=NOW + 60, exp=NOW + 120),
        "for a year": token(exp=NOW + 31_536_000),
        "without an end": token(exp=None),
        "without a beginning": token(iat=None),
        "an end that is no number": token(exp="soon"),
        "another kind": token(header={"typ": "at+jwt"}),
        "without a signature": _unsigned(),
        "a user's": _of_a_user(),
        "no JWT": "Bearer a.b.c",
        "endless": "Bearer " + "x" * 100_000,
        "not ASCII": "Bearer 密钥",
    }.values(),
)
def test_nothing_else_is(credentials: ServiceCredentials, given: str | None) -> None:
    assert not credentials.accept(given)


def test_a_token_that_was_accepted_ends_too(credentials: ServiceCredentials, clock: Ticking) -> None:
    given = token()
    assert credentials.accept(given)
    clock.now += 64
    assert credentials.accept(given), "clocks may differ by some seconds"
    clock.now += 2
    assert not credentials.accept(given)


def test_many_tokens_do_not_fill_the_memory(credentials: ServiceCredentials) -> None:
    for number in range(200):
        assert credentials.accept(token(jti=str(number)))
    assert len(credentials._accepted) <= 64


async def test_who_is_refused_learns_nothing(credentials: ServiceCredentials) -> None:
    reached: list[Scope] = []

    async def inner(scope: Scope, receive: Receive, send: Send) -> None:
        reached.append(scope)
        await json_answer(200, {"data": None})(scope, receive, send)

    guarded = ServicesOnly(inner, credentials)
    refused = await request(guarded, "POST", "/graphql", [(b"authorization", token().encode())], b'{"query": "{')
    assert (refused.status, refused.codes, set(refused.body)) == (401, ["SERVICE_UNAUTHENTICATED"], {"errors"})
    assert not reached
    passed = await request(guarded, "POST", "/graphql", [(b"service-authorization", token().encode())])
    assert passed.status == 200
    assert reached[0][FROM_SERVICE] is True


@pytest.mark.parametrize("name", ["service_keys", "service_tokens"])
def test_a_short_secret_is_refused_and_not_told(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    settings: Callable[..., Any] = settings_for("customers")
    with pytest.raises(ValidationError, match="32 characters") as refused:
        settings(port=1, worker_port=2, **{name: f"{KEY},secret-too-short"})
    assert "secret-too-short" not in str(refused.value)
    monkeypatch.setenv(f"RAPPORT_{name.upper()}", KEY)
    monkeypatch.setenv(f"RAPPORT_CUSTOMERS_{name.upper()}", f"{NEXT_KEY}, {KEY}")
    given = settings(port=1, worker_port=2)
    assert given.listed(getattr(given, name)) == [NEXT_KEY, KEY]
