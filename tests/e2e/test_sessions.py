"""Signing in, and what answers without it."""

import json
import urllib.error
import urllib.request
from typing import Any

import pytest
from gql.transport.exceptions import TransportQueryError
from staff import Staff, execute, sign_in

from rapport_gateway.subgraphs.credentials import ServiceCredentials
from rapport_local.testing.running import RunningSystem

SESSION = "accessToken refreshToken expiresAt user { id } userErrors { code }"
REFRESH = f"mutation($input: RefreshSessionInput!) {{ refreshSession(input: $input) {{ {SESSION} }} }}"


async def test_a_session_is_renewed_once_and_ends_when_its_old_token_comes_again(running_system: RunningSystem) -> None:
    staff = await sign_in(running_system.gateway, running_system.accounts["support"])

    async def refresh(token: str) -> Any:
        return (await execute(staff.gateway, REFRESH, {"input": {"refreshToken": token}}))["refreshSession"]

    renewed = await refresh(staff.refresh_token)
    assert renewed["userErrors"] == []
    assert renewed["user"]["id"] == staff.id
    for token in (staff.refresh_token, renewed["refreshToken"]):
        assert (await refresh(token))["userErrors"] == [{"code": "INVALID_REFRESH_TOKEN"}]


async def test_signing_out_ends_the_session(running_system: RunningSystem) -> None:
    staff = await sign_in(running_system.gateway, running_system.accounts["support"])
    assert (await staff.ask("mutation { signOut { userErrors { code } } }"))["signOut"] == {"userErrors": []}
    refused = await execute(staff.gateway, REFRESH, {"input": {"refreshToken": staff.refresh_token}})
    assert refused["refreshSession"]["userErrors"] == [{"code": "INVALID_REFRESH_TOKEN"}]


async def test_me(seller: Staff) -> None:
    me = (await seller.ask("{ me { id role email } }"))["me"]
    assert me == {"id": seller.id, "role": "SALES", "email": "sales@rapport.example"}


@pytest.mark.parametrize(
    "document",
    [
        "{ me { id } }",
        "{ users { totalCount } }",
        "{ customers { totalCount } }",
        "{ interactions { totalCount } }",
        "{ tasks { totalCount } }",
        'mutation { createCustomer(input: {kind: PERSON, name: "x"}) { customer { id } } }',
        "mutation { signOut { userErrors { code } } }",
    ],
)
@pytest.mark.parametrize("authorization", [None, "Bearer x.y.z"])
async def test_nothing_else_answers_without_a_valid_token(
    running_system: RunningSystem, document: str, authorization: str | None
) -> None:
    headers = {} if authorization is None else {"Authorization": authorization}
    with pytest.raises(TransportQueryError) as refused:
        await execute(running_system.gateway, document, headers=headers)
    assert [error["extensions"]["code"] for error in refused.value.errors or []] == ["UNAUTHENTICATED"]


def test_every_subgraph_refuses_the_gateway_without_a_users_token(running_system: RunningSystem) -> None:
    credentials = ServiceCredentials({"*": running_system.addresses.service_key})
    entities = '{ _entities(representations: [{__typename: "Customer", id: "cus_1"}]) { __typename } }'
    for service, url in running_system.subgraphs.items():
        for document in ("{ __schema { types { name } } }", entities):
            answer = _post(url, {"query": document}, credentials.headers(service))
            codes = [error["extensions"]["code"] for error in answer["errors"]]
            assert codes == ["UNAUTHENTICATED"], (url, document)


@pytest.mark.parametrize("token", ["", "not-a-token"])
async def test_an_open_socket_without_a_token_gets_nothing(running_system: RunningSystem, token: str) -> None:
    nobody = Staff(running_system.gateway, "", token, "")
    with pytest.raises(TransportQueryError) as refused:
        await anext(nobody.follow("subscription { customerChanged { kind } }"))
    assert [error["extensions"]["code"] for error in refused.value.errors or []] == ["UNAUTHENTICATED"]


def test_health_and_readiness_answer_everywhere(running_system: RunningSystem) -> None:
    for url in (running_system.gateway, *running_system.subgraphs.values()):
        for path in ("/health", "/ready"):
            with urllib.request.urlopen(url.replace("/graphql", path), timeout=5) as response:
                assert response.status == 200


def _post(url: str, content: Any, headers: dict[str, str]) -> Any:
    request = urllib.request.Request(url, json.dumps(content).encode(), {"content-type": "application/json"} | headers)
    try:
        with urllib.request.urlopen(request, timeout=5) as response:
            return json.load(response)
    except urllib.error.HTTPError as refused:
        return json.load(refused)
