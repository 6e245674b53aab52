"""Sessions, repeats, batches and errors over a real connection."""

from datetime import timedelta
from typing import Any

import pytest
from aiohttp import web
from cli.tests.crm_server import ADMIN, CrmServer

from rapport_cli.batch import Call, send
from rapport_cli.client import open_client
from rapport_cli.errors import GraphQLRequestError, SignInRefusedError, TransportError
from rapport_cli.session import Session
from rapport_cli.settings import Credentials

ME = "query Me { me { email } }"
ACCOUNT = Credentials(ADMIN["email"], ADMIN["password"])


def _create(name: str, **more: str) -> Call:
    return Call("createCustomer", {"kind": "PERSON", "name": name, **more}, "customer { id name }")


async def test_one_sign_in_serves_many_requests(crm: CrmServer) -> None:
    async with open_client(crm.url) as client:
        session = Session(client, ACCOUNT)
        for _ in range(3):
            assert (await session.execute(ME))["me"]["email"] == ADMIN["email"]

    assert crm.operations == ["SignIn", "Me", "Me", "Me"]


async def test_a_session_near_its_end_is_renewed(crm: CrmServer) -> None:
    crm.token_lifetime = timedelta(seconds=20)
    async with open_client(crm.url) as client:
        session = Session(client, ACCOUNT)
        await session.execute(ME)
        await session.execute(ME)

    assert crm.operations == ["SignIn", "Me", "Refresh", "Me"]


async def test_a_withdrawn_session_signs_in_again(crm: CrmServer) -> None:
    async with open_client(crm.url) as client:
        session = Session(client, ACCOUNT)
        await session.execute(ME)
        crm.sessions.clear()
        await session.execute(ME)

    assert crm.operations == ["SignIn", "Me", "Me", "SignIn", "Me"]


async def test_a_wrong_password_is_refused(crm: CrmServer) -> None:
    async with open_client(crm.url) as client:
        with pytest.raises(SignInRefusedError):
            await Session(client, Credentials(ADMIN["email"], "wrong")).execute(ME)


@pytest.mark.parametrize("operation", ["SignIn", "Me"])
async def test_a_query_whose_connection_breaks_is_sent_again(crm: CrmServer, operation: str) -> None:
    crm.lose_answer_of = [operation]
    async with open_client(crm.url) as client:
        data = await Session(client, ACCOUNT).execute(ME, repeatable=True)

    assert data["me"]["email"] == ADMIN["email"]
    assert crm.operations.count(operation) == 2


async def test_a_mutation_is_sent_again_with_its_key_and_counts_once(crm: CrmServer) -> None:
    crm.lose_answer_of = ["Batch"]
    async with open_client(crm.url) as client:
        outcomes = await send(
            Session(client, ACCOUNT), [_create("A", idempotencyKey="1"), _create("B", idempotencyKey="2")]
        )

    assert [outcome.record and outcome.record["name"] for outcome in outcomes] == ["A", "B"]
    assert (crm.operations.count("Batch"), len(crm.store.records["customer"])) == (2, 2)


async def test_a_mutation_without_a_key_is_not_sent_again(crm: CrmServer) -> None:
    crm.lose_answer_of = ["Batch"]
    async with open_client(crm.url) as client:
        with pytest.raises(TransportError):
            await send(Session(client, ACCOUNT), [_create("A", idempotencyKey="1"), _create("B")])

    assert (crm.operations.count("Batch"), len(crm.store.records["customer"])) == (1, 2)


async def test_a_second_broken_connection_is_a_transport_error(crm: CrmServer) -> None:
    crm.lose_answer_of = ["Me", "Me"]
    async with open_client(crm.url) as client:
        with pytest.raises(TransportError):
            await Session(client, ACCOUNT).execute(ME, repeatable=True)


@pytest.mark.parametrize("code", ["UNAVAILABLE", "INTERNAL_SERVER_ERROR"])
async def test_graphql_errors_carry_their_code(crm: CrmServer, code: str) -> None:
    error = {"message": "no", "extensions": {"code": code}}
    crm.intercept = lambda body: web.json_response({"errors": [error]}) if "query Me" in body["query"] else None
    async with open_client(crm.url) as client:
        with pytest.raises(GraphQLRequestError) as failure:
            await Session(client, ACCOUNT).execute(ME)

    assert failure.value.code == code


async def test_an_answer_that_is_not_graphql_is_a_transport_error(crm: CrmServer) -> None:
    crm.intercept = lambda _: web.Response(status=502, text="<html>bad gateway</html>")
    async with open_client(crm.url) as client:
        with pytest.raises(TransportError, match="502"):
            await Session(client, ACCOUNT).execute(ME)


async def test_one_refused_call_does_not_hide_the_others(crm: CrmServer) -> None:
    async with open_client(crm.url) as client:
        outcomes = await send(Session(client, ACCOUNT), [_create("A"), _create(" "), _create("C")])

    assert [outcome.record and outcome.record["name"] for outcome in outcomes] == ["A", None, "C"]
    assert [[error.code for error in outcome.errors] for outcome in outcomes] == [[], ["INVALID_NAME"], []]


async def test_a_fault_of_one_call_is_pinned_down_without_duplicates(crm: CrmServer) -> None:
    original = crm.store.add_customer

    def failing(input: Any, caller: Any) -> Any:
        if input["name"] == "B":
            raise RuntimeError("fault")
        return original(input, caller)

    crm.store.add_customer = failing  # type: ignore[method-assign]
    calls = [_create(name, idempotencyKey=f"key-{name}") for name in "ABC"]
    async with open_client(crm.url) as client:
        outcomes = await send(Session(client, ACCOUNT), calls)

    assert [bool(outcome.errors) for outcome in outcomes] == [False, True, False]
    assert [customer["name"] for customer in crm.store.records["customer"]] == ["A", "C"]


async def test_an_input_that_does_not_fit_the_schema_is_pinned_on_its_call(crm: CrmServer) -> None:
    async with open_client(crm.url) as client:
        outcomes = await send(Session(client, ACCOUNT), [_create("A", nickname="a"), _create("B")])

    assert ["nickname" in error.message for error in outcomes[0].errors] == [True]
    assert outcomes[1].record is not None


async def test_a_document_that_does_not_fit_the_schema_fails_as_a_whole(crm: CrmServer) -> None:
    error = {"message": "no such field", "extensions": {"code": "GRAPHQL_VALIDATION_FAILED"}}
    crm.intercept = lambda body: web.json_response({"errors": [error]}) if "Batch" in body["query"] else None
    async with open_client(crm.url) as client:
        with pytest.raises(GraphQLRequestError, match="no such field"):
            await send(Session(client, ACCOUNT), [_create("A"), _create("B")])

    assert crm.operations.count("Batch") == 1
