"""Accounts, teams and API keys as the whole system goes by them."""

import asyncio
import hashlib
import secrets
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import aiohttp
import pytest
from gql.transport.exceptions import TransportConnectionFailed, TransportQueryError
from pymongo import MongoClient
from staff import Staff, execute, make_customer, sign_in
from waiting import eventually

from rapport_local.testing import Account, RunningSystem

IN_FORCE_SECONDS = 20.0  # five, unless the machine does much besides
ATTEMPTS = 5
GUESSES = 20
PROTECTED = ("me { id }", "customers { totalCount }", "interactions { totalCount }", "tasks { totalCount }")


async def make_user(admin: Staff, system: RunningSystem, **given: Any) -> tuple[str, Account]:
    account = Account(f"{secrets.token_hex(6)}@rapport.example", secrets.token_urlsafe(12), given.get("role", "SALES"))
    given = {"name": "Somebody", "role": "SALES", **given}
    made = await admin.do("createUser", "user { id }", email=account.email, password=account.password, **given)
    assert made["userErrors"] == []
    return made["user"]["id"], account


def guess(email: str, name: str = "signIn") -> str:
    password = secrets.token_urlsafe(12)
    return f'{name}: signIn(input: {{email: "{email}", password: "{password}"}}) {{ userErrors {{ code }} }}'


def elsewhere() -> dict[str, str]:
    """As if from another address each time."""
    address = f"203.0.113.{secrets.randbelow(250)}"
    return {"client-address": address, "x-forwarded-for": address, "x-real-ip": address}


async def post(gateway: str, content: Any) -> Any:
    async with aiohttp.ClientSession() as http, http.post(gateway, json=content, headers=elsewhere()) as response:
        return await response.json()


async def by_aliases(gateway: str, email: str) -> list[Any]:
    guesses = " ".join(guess(email, f"g{number}") for number in range(GUESSES))
    return [await post(gateway, {"query": f"mutation {{ {guesses} }}"})]


async def by_batch(gateway: str, email: str) -> list[Any]:
    answer = await post(gateway, [{"query": f"mutation {{ {guess(email)} }}"} for _ in range(GUESSES)])
    return answer if isinstance(answer, list) else [answer]


async def by_requests(gateway: str, email: str) -> list[Any]:
    asked = (post(gateway, {"query": f"mutation {{ {guess(email)} }}"}) for _ in range(GUESSES))
    return list(await asyncio.gather(*asked))


async def by_socket(gateway: str, email: str) -> list[Any]:
    url, protocols = gateway.replace("http", "ws", 1), ("graphql-transport-ws",)
    answers: list[Any] = []
    async with (
        aiohttp.ClientSession() as http,
        http.ws_connect(url, protocols=protocols, headers=elsewhere()) as socket,
    ):
        await socket.send_json({"type": "connection_init"})
        assert (await socket.receive_json())["type"] == "connection_ack"
        for number in range(GUESSES):
            payload = {"query": f"mutation {{ {guess(email)} }}"}
            await socket.send_json({"id": str(number), "type": "subscribe", "payload": payload})
        while len(answers) < GUESSES:
            said = await socket.receive_json()
            if said["type"] in {"next", "error"}:
                answers.append(said["payload"] if said["type"] == "next" else {"errors": said["payload"]})
    return answers


def addresses_counted(system: RunningSystem, since: datetime) -> set[str]:
    """The digests of those that sign-ins came from."""
    with MongoClient[dict[str, Any]](system.addresses.mongo_url, tz_aware=True) as client:
        found = client[f"{system.addresses.database_prefix}_identity"]["sign_in_addresses"].find()
        return {row["_id"] for row in found if row["last_at"] >= since}


@pytest.mark.parametrize("attack", [by_aliases, by_batch, by_requests, by_socket], ids=lambda attack: attack.__name__)
async def test_five_guesses_are_looked_at_however_they_come(
    running_system: RunningSystem, admin: Staff, attack: Any
) -> None:
    _, account = await make_user(admin, running_system)
    begun = datetime.now(UTC)
    answers = await attack(running_system.gateway, account.email)
    fields = [field for answer in answers for field in (answer.get("data") or {}).values() if field]
    codes = Counter(error["code"] for field in fields for error in field["userErrors"])
    assert set(codes) <= {"INVALID_CREDENTIALS", "TOO_MANY_ATTEMPTS"}
    assert codes["INVALID_CREDENTIALS"] <= ATTEMPTS
    if attack is by_batch and not fields:  # the gateway takes no batches
        assert all(answer["errors"] for answer in answers)
        return
    # On a machine with too much to do, some may be answered by a timeout instead; they count as attempts all the same.
    lost = [answer["errors"] for answer in answers if "errors" in answer]
    assert sum(codes.values()) + len(lost) >= GUESSES, lost
    assert codes["TOO_MANY_ATTEMPTS"] > 0, lost
    of_here = hashlib.sha256(b"127.0.0.1").hexdigest()
    assert addresses_counted(running_system, begun) == {of_here}, "nobody but the gateway says where clients are"
    right = "mutation($input: SignInInput!) { signIn(input: $input) { userErrors { code } } }"
    given = {"email": account.email, "password": account.password}
    answer = (await execute(running_system.gateway, right, {"input": given}))["signIn"]
    assert answer["userErrors"] == [{"code": "TOO_MANY_ATTEMPTS"}]


async def refused_everywhere(by: Staff) -> bool:
    for field_name in PROTECTED:
        try:
            await by.ask(f"{{ {field_name} }}")
        except TransportQueryError as error:
            if {each["extensions"]["code"] for each in error.errors or []} == {"UNAUTHENTICATED"}:
                continue
        return False
    return True


async def test_a_program_works_with_an_api_key_until_it_is_revoked(running_system: RunningSystem, admin: Staff) -> None:
    made = await admin.do("createApiKey", "apiKey { id } key", name="ERP")
    assert made["userErrors"] == []
    key_id, key = made["apiKey"]["id"], made["key"]
    exchange = "mutation($input: ExchangeApiKeyInput!) { exchangeApiKey(input: $input) { accessToken } }"
    access = (await execute(running_system.gateway, exchange, {"input": {"key": key}}))["exchangeApiKey"]
    program = replace(admin, access_token=access["accessToken"], refresh_token="")

    async def known() -> bool:
        return (await program.ask("{ me { id } }"))["me"] is not None

    await eventually(known, seconds=IN_FORCE_SECONDS)
    customer = await make_customer(program, name="从 ERP 来")
    owner = (await program.ask("query($id: ID!) { customer(id: $id) { owner { id } } }", id=customer))["customer"]
    assert owner == {"owner": {"id": admin.id}}
    refused = await program.do("deleteCustomer", "__typename", id=customer)
    assert [error["code"] for error in refused["userErrors"]] == ["FORBIDDEN"]

    token_url = running_system.subgraphs["identity"].replace("/graphql", "/token")
    form = {"grant_type": "client_credentials", "client_id": key_id, "client_secret": key}
    async with aiohttp.ClientSession() as http, http.post(token_url, data=form) as response:
        answer = await response.json()
    second = replace(program, access_token=answer["access_token"])
    assert (await second.ask("{ customers { totalCount } }"))["customers"]["totalCount"] >= 1

    heard, ended = asyncio.Event(), list[str]()

    async def listen() -> None:
        try:
            async for _ in program.follow("subscription { customerChanged { kind } }"):
                heard.set()
        except TransportQueryError as error:
            ended.extend(each["extensions"]["code"] for each in error.errors or [])
        except TransportConnectionFailed:  # the gateway has closed the socket, behind the error
            ended.append("CLOSED")

    async def has_ended() -> bool:
        assert not listening.done() or listening.exception() is None, repr(listening.exception())
        return ended in (["UNAUTHENTICATED"], ["CLOSED"])

    async def has_heard() -> bool:
        await make_customer(program)
        await asyncio.sleep(0.2)
        return heard.is_set()

    listening = asyncio.create_task(listen())
    await eventually(has_heard)
    revoked = await admin.do("revokeApiKey", "apiKey { revokedAt lastUsedAt }", id=key_id)
    assert revoked["userErrors"] == []
    assert revoked["apiKey"]["lastUsedAt"] is not None
    await eventually(has_ended, seconds=IN_FORCE_SECONDS)
    await eventually(lambda: refused_everywhere(program), seconds=IN_FORCE_SECONDS)
    await eventually(lambda: refused_everywhere(second), seconds=IN_FORCE_SECONDS)
    listening.cancel()


async def test_a_leader_sees_what_the_team_and_those_below_look_after(
    running_system: RunningSystem, admin: Staff
) -> None:
    top = (await admin.do("createTeam", "team { id }", name="中国"))["team"]["id"]
    below = (await admin.do("createTeam", "team { id }", name="华东", parentId=top))["team"]["id"]
    name = f"LEAD_{secrets.token_hex(3).upper()}"
    grants = [
        {"type": "Customer", "verb": "READ", "reach": "SUBTREE"},
        {"type": "User", "verb": "READ", "reach": "ALL"},
    ]
    await admin.do("createRole", "role { name }", name=name, label="Lead", grants=grants)
    _, leader_account = await make_user(admin, running_system, role=name, teamId=top)
    member_id, member_account = await make_user(admin, running_system, teamId=below)
    leader = await sign_in(running_system.gateway, leader_account)
    member = await sign_in(running_system.gateway, member_account)

    async def customer_of_member() -> Any:
        made = await member.do("createCustomer", "customer { id }", kind="PERSON", name="张三")
        return made["customer"] and made["customer"]["id"]

    customer = await eventually(customer_of_member)

    async def visible() -> bool:
        return (await leader.ask("query($id: ID!) { customer(id: $id) { id } }", id=customer))["customer"] is not None

    async def invisible() -> bool:
        return not await visible()

    await eventually(visible, seconds=IN_FORCE_SECONDS)
    await admin.do("updateUser", "user { id }", id=member_id, teamId=None)
    await eventually(invisible, seconds=IN_FORCE_SECONDS)
    await admin.do("updateUser", "user { id }", id=member_id, teamId=below)
    await eventually(visible, seconds=IN_FORCE_SECONDS)
    await admin.do("updateTeam", "team { id }", id=below, parentId=None)
    await eventually(invisible, seconds=IN_FORCE_SECONDS)


async def test_users_are_followed_live(running_system: RunningSystem, admin: Staff, seller: Staff) -> None:
    document = """subscription($filter: UserChangeFilter) {
        userChanged(filter: $filter) { kind id changedFields node { name } } }"""
    async with seller.following(document, filter={"role": {"eq": "MARKETING"}}) as received:
        user_id, _ = await make_user(admin, running_system, role="MARKETING", name="王芳")
        await admin.do("updateUser", "user { id }", id=user_id, name="王芳芳")
        await admin.do("updateUser", "user { id }", id=user_id, role="SUPPORT")
        told: list[Any] = []
        while len(told) < 3:
            told.append((await asyncio.wait_for(received.get(), 30))["userChanged"])
    assert [change["kind"] for change in told] == ["ENTER", "UPDATE", "LEAVE"]
    assert {change["id"] for change in told} == {user_id}
    assert (told[1]["changedFields"], told[1]["node"], told[2]["node"]) == (["name"], {"name": "王芳芳"}, None)
