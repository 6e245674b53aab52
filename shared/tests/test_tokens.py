"""The verifier of access tokens against the zoo."""

from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from subgraph_client import KEY_ID, TestIssuer
from token_forge import Forge
from token_zoo import ZOO

from rapport_shared.actor import Actor, Via
from rapport_shared.errors import Unauthenticated
from rapport_shared.http.tokens import KeySet, TokenVerifier


@pytest.fixture(scope="module")
def issuer() -> TestIssuer:
    return TestIssuer()


@pytest.fixture(scope="module")
def forge(issuer: TestIssuer) -> Forge:
    genuine = issuer.token(Actor("usr_1", "SALES", "ses_1"))
    return Forge(issuer.key, KEY_ID, ec.generate_private_key(ec.SECP256R1()), "sgn_ended", genuine, "refresh")


@pytest.fixture
def verifier(issuer: TestIssuer) -> TokenVerifier:
    return TokenVerifier(KeySet(issuer.key_set), issuer="rapport", audience="rapport")


@pytest.mark.parametrize("name", ZOO)
async def test_no_token_of_the_zoo_speaks_for_anybody(verifier: TokenVerifier, forge: Forge, name: str) -> None:
    assert await verifier.actor(f"Bearer {forge.genuine}") is not None
    with pytest.raises(Unauthenticated):
        await verifier.actor(f"Bearer {ZOO[name](forge)}")


@pytest.mark.parametrize(
    ("claims", "expected"),
    [
        ({}, Actor("usr_1", "SALES", "ses_1")),
        ({"via": "USER"}, Actor("usr_1", "SALES", "ses_1")),
        (
            {"via": "KEY", "sub": "key_1", "owner": "usr_1"},
            Actor("usr_1", "SALES", "ses_1", via=Via.KEY, key_id="key_1"),
        ),
        ({"unknown": "claims", "are": ["no", "matter"]}, Actor("usr_1", "SALES", "ses_1")),
    ],
)
async def test_what_a_token_says(
    verifier: TokenVerifier, forge: Forge, claims: dict[str, Any], expected: Actor
) -> None:
    for scheme in ("Bearer", "bearer", "BEARER"):
        assert await verifier.actor(f"{scheme} {forge.token(**claims)}") == expected


@pytest.mark.parametrize("header", ["Basic x", "Bearer", "Bearer ", "token", "Bearer a b"])
async def test_what_is_no_bearer_token_is_refused(verifier: TokenVerifier, header: str) -> None:
    with pytest.raises(Unauthenticated):
        await verifier.actor(header)


async def test_without_a_header_nobody_speaks(verifier: TokenVerifier) -> None:
    assert await verifier.actor(None) is None
    assert await verifier.actor("") is None
