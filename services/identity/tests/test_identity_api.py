"""The identity subgraph as its clients meet it."""

import time
from typing import Any

import jwt
import orjson
import pytest
from database_calls import commands
from pydantic import SecretStr
from subgraph_client import Answer, SubgraphClient, TestIssuer, request

from rapport_identity.app import api
from rapport_identity.settings import Settings
from rapport_identity.users.model import User
from rapport_identity.users.service import UserService
from rapport_shared.actor import Actor
from rapport_shared.clock import ManualClock
from rapport_shared.mongo import Mongo

EMAIL, PASSWORD = "li.wei@example.com", "correct horse"
SESSION = (
    "accessToken refreshToken expiresAt user { id role manager { name manager { name } } } userErrors { code path }"
)
SIGN_IN = f"mutation($input: SignInInput!) {{ signIn(input: $input) {{ {SESSION} }} }}"
REFRESH = f"mutation($input: RefreshSessionInput!) {{ refreshSession(input: $input) {{ {SESSION} }} }}"
USER = "user { id email name role title active externalId version manager { id name } }"
LIST = (
    "query($first: Int, $after: String, $filter: UserFilter, $orderBy: [UserOrder!], $search: String)"
    " { users(first: $first, after: $after, filter: $filter, orderBy: $orderBy, search: $search)"
    " { nodes { name } totalCount pageInfo { hasNextPage endCursor } } }"
)
NEW = {"email": "new@example.com", "name": "新人", "role": "SALES"}
NOTHING = {"accessToken": None, "refreshToken": None, "expiresAt": None, "user": None}


@pytest.fixture
async def boss(users: UserService, admin: Actor) -> User:
    return await users.create({"email": "boss@x.cn", "name": "王总", "role": "MANAGER"}, password=None, by=admin)


@pytest.fixture
async def user(users: UserService, admin: Actor, boss: User) -> User:
    details = {"email": EMAIL, "name": "李伟", "role": "SALES", "external_id": "hr:1", "manager_id": boss.id}
    return await users.create(details, password=PASSWORD, by=admin)


@pytest.fixture
def caller(user: User) -> Actor:
    return Actor(user.id, user.role, "ses_1")


async def sign_in(client: SubgraphClient, password: str = PASSWORD) -> Any:
    return (await client.query(SIGN_IN, {"input": {"email": EMAIL, "password": password}})).data["signIn"]


async def with_token(client: SubgraphClient, token: str, document: str) -> Answer:
    return await client.post({"query": document}, authorization=f"Bearer {token}")


@pytest.mark.parametrize(
    "document",
    [
        "{ me { id } }",
        "{ users { totalCount } }",
        "{ _service { sdl } }",
        "{ __schema { types { name } } }",
        "mutation { signOut { userErrors { code } } }",
        'mutation { createUser(input: {email: "a@x.cn", name: "a", role: ADMIN}) { user { id } } }',
        'mutation { signIn(input: {email: "a", password: "b"}) { accessToken } signOut { accessToken } }',
        "{ nothing }",
    ],
)
async def test_nothing_but_signing_in_answers_without_a_token(
    client: SubgraphClient, mongo: Mongo, document: str
) -> None:
    answer = await client.query(document)
    assert (answer.body["data"], answer.codes) == (None, ["UNAUTHENTICATED"])
    assert await mongo.database["sign_in_attempts"].count_documents({}) == 0


async def test_the_tokens_of_a_sign_in_open_the_subgraph(client: SubgraphClient, user: User) -> None:
    session = await sign_in(client)
    assert session["user"] == {"id": user.id, "role": "SALES", "manager": {"name": "王总", "manager": None}}
    assert session["userErrors"] == []
    me = (await with_token(client, session["accessToken"], "{ me { id email } }")).data["me"]
    assert me == {"id": user.id, "email": EMAIL}
    renewed = (await client.query(REFRESH, {"input": {"refreshToken": session["refreshToken"]}})).data["refreshSession"]
    assert renewed["user"] == session["user"]
    assert (await with_token(client, renewed["accessToken"], "{ me { id } }")).data["me"]["id"] == user.id


async def test_signing_out_ends_the_session(client: SubgraphClient, user: User) -> None:
    session = await sign_in(client)
    document = "mutation { signOut { accessToken refreshToken expiresAt user { id } userErrors { code } } }"
    answer = await with_token(client, session["accessToken"], document)
    assert answer.data["signOut"] == NOTHING | {"userErrors": []}
    refused = await client.query(REFRESH, {"input": {"refreshToken": session["refreshToken"]}})
    fault = {"code": "INVALID_REFRESH_TOKEN", "path": ["input", "refreshToken"]}
    assert refused.data["refreshSession"] == NOTHING | {"userErrors": [fault]}


async def test_a_wrong_password_is_a_user_error(client: SubgraphClient, user: User) -> None:
    expected = NOTHING | {"userErrors": [{"code": "INVALID_CREDENTIALS", "path": ["input"]}]}
    assert await sign_in(client, "wrong horse") == expected


async def test_aliases_of_one_request_are_attempts_each(client: SubgraphClient, user: User) -> None:
    guesses = " ".join(
        f'g{number}: signIn(input: {{email: "{EMAIL}", password: "guess {number}"}}) {{ userErrors {{ code }} }}'
        for number in range(50)
    )
    answer = await client.query(f"mutation {{ {guesses} }}")
    codes = [field["userErrors"][0]["code"] for field in answer.data.values()]
    assert codes == ["INVALID_CREDENTIALS"] * 5 + ["TOO_MANY_ATTEMPTS"] * 45


async def test_a_token_of_another_key_is_refused(client: SubgraphClient, admin: Actor) -> None:
    token = type(client.issuer)().token(admin)
    answer = await with_token(client, token, "{ me { id } }")
    assert (answer.body["data"], answer.codes) == (None, ["UNAUTHENTICATED"])


async def test_a_session_is_renewed_although_the_old_token_comes_along(client: SubgraphClient, user: User) -> None:
    session = await sign_in(client)
    given = {"query": REFRESH, "variables": {"input": {"refreshToken": session["refreshToken"]}}}
    answer = await client.post(given, authorization="Bearer expired.long.ago")
    assert answer.data["refreshSession"]["userErrors"] == []


async def test_the_keys_are_published(client: SubgraphClient) -> None:
    answer = await request(client.app, "GET", "/.well-known/jwks.json")
    assert (answer.status, answer.headers["cache-control"]) == (200, "public, max-age=30")
    assert [set(key) - {"exp"} for key in answer.body["keys"]] == [{"kty", "crv", "x", "y", "kid", "alg", "use"}] * 2
    assert (await request(client.app, "POST", "/.well-known/jwks.json")).status == 405


async def test_administrators_make_users(client: SubgraphClient, admin: Actor, boss: User) -> None:
    given = {**NEW, "title": "Agent", "externalId": "hr:2", "managerId": boss.id, "password": PASSWORD}
    payload = await client.mutate("createUser", USER, given, by=admin)
    assert payload["userErrors"] == []
    made = payload["user"]
    assert made.pop("id").startswith("usr_")
    assert made == {
        **NEW,
        "title": "Agent",
        "active": True,
        "externalId": "hr:2",
        "version": 1,
        "manager": {"id": boss.id, "name": "王总"},
    }


@pytest.mark.parametrize(
    ("given", "code", "path"),
    [
        ({"email": "nobody"}, "INVALID_EMAIL", "email"),
        ({"email": "LI.WEI@example.com"}, "EMAIL_TAKEN", "email"),
        ({"name": "  "}, "INVALID_NAME", "name"),
        ({"password": "short"}, "WEAK_PASSWORD", "password"),
        ({"password": ""}, "WEAK_PASSWORD", "password"),
        ({"title": "x" * 101}, "INVALID_TEXT", "title"),
        ({"externalId": "hr:1"}, "EXTERNAL_ID_TAKEN", "externalId"),
        ({"managerId": "usr_nobody"}, "MANAGER_NOT_FOUND", "managerId"),
        ({"teamId": "tem_none"}, "TEAM_NOT_FOUND", "teamId"),
        ({"role": "BOSS"}, "ROLE_NOT_FOUND", "role"),
        ({"role": "SYSTEM"}, "ROLE_NOT_FOUND", "role"),
    ],
)
async def test_what_is_wrong_with_a_new_user_is_named_and_nothing_changes(
    client: SubgraphClient, mongo: Mongo, admin: Actor, user: User, given: dict[str, Any], code: str, path: str
) -> None:
    before = await mongo.database["outbox"].count_documents({})
    payload = await client.mutate("createUser", USER, {**NEW, **given}, by=admin)
    assert payload == {"user": None, "userErrors": [{"code": code, "path": ["input", path]}]}
    assert await mongo.database["users"].count_documents({}) == 2
    assert await mongo.database["outbox"].count_documents({}) == before


@pytest.mark.parametrize(
    "given",
    [{"role": None}, {"active": False}, {"passwordHash": "x"}, {"id": "usr_1"}, {"name": 7}],
)
async def test_input_that_the_schema_does_not_know_is_refused(
    client: SubgraphClient, mongo: Mongo, admin: Actor, given: dict[str, Any]
) -> None:
    document = "mutation($input: CreateUserInput!) { createUser(input: $input) { user { id } } }"
    answer = await client.query(document, {"input": {**NEW, **given}}, by=admin)
    assert answer.codes == ["BAD_USER_INPUT"]
    assert await mongo.database["users"].count_documents({}) == 0


async def test_a_repeated_request_makes_one_user(client: SubgraphClient, mongo: Mongo, admin: Actor) -> None:
    first = await client.mutate("createUser", USER, {**NEW, "idempotencyKey": "k"}, by=admin)
    assert await client.mutate("createUser", USER, {**NEW, "idempotencyKey": "k"}, by=admin) == first
    other = await client.mutate("createUser", USER, {**NEW, "name": "另", "idempotencyKey": "k"}, by=admin)
    assert other["userErrors"] == [{"code": "IDEMPOTENCY_KEY_REUSED", "path": ["input", "idempotencyKey"]}]
    assert await mongo.database["users"].count_documents({}) == 1


@pytest.mark.parametrize("role", ["MANAGER", "SALES", "SUPPORT"])
async def test_other_roles_read_users_and_make_none(client: SubgraphClient, user: User, role: str) -> None:
    by = Actor("usr_somebody", role, "ses_1")
    payload = await client.mutate("createUser", USER, NEW, by=by)
    assert payload == {"user": None, "userErrors": [{"code": "FORBIDDEN", "path": ["input"]}]}
    assert (await client.query("query($id: ID!) { user(id: $id) { name } }", {"id": user.id}, by=by)).data == {
        "user": {"name": "李伟"}
    }
    assert (await client.query(LIST, by=by)).data["users"]["totalCount"] == 2


async def test_an_unknown_role_reaches_nobody_at_any_door(client: SubgraphClient, user: User, stranger: Actor) -> None:
    representations = [{"__typename": "User", "id": user.id}]
    document = (
        "query($id: ID!, $r: [_Any!]!) { me { id } user(id: $id) { id } users { totalCount nodes { id } }"
        " _entities(representations: $r) { ... on User { email } } }"
    )
    answer = await client.query(document, {"id": user.id, "r": representations}, by=stranger)
    assert answer.data == {
        "me": None,
        "user": None,
        "users": {"totalCount": 0, "nodes": []},
        "_entities": [None],
    }


@pytest.mark.parametrize(
    ("variables", "names"),
    [
        ({"orderBy": [{"field": "EMAIL"}]}, ["王总", "李伟"]),
        ({"orderBy": [{"field": "NAME"}]}, ["李伟", "王总"]),
        ({"orderBy": [{"field": "CREATED_AT", "direction": "DESC"}]}, ["李伟", "王总"]),
        ({"filter": {"role": {"in": ["MANAGER"]}}}, ["王总"]),
        ({"filter": {"externalId": {"isNull": False}}}, ["李伟"]),
        ({"filter": {"not": {"email": {"contains": "BOSS"}}}}, ["李伟"]),
        ({"filter": {"or": [{"name": {"eq": "李伟"}}, {"name": {"eq": "王总"}}], "active": True}}, ["李伟", "王总"]),
        ({"filter": {"active": False}}, []),
        ({"search": "伟"}, ["李伟"]),
        ({"search": "LI.WEI"}, ["李伟"]),
        ({"search": "hr:1"}, ["李伟"]),
        ({"search": ".*"}, []),
    ],
)
async def test_lists_are_filtered_sorted_and_searched(
    client: SubgraphClient, caller: Actor, variables: dict[str, Any], names: list[str]
) -> None:
    variables = {"orderBy": [{"field": "NAME"}], **variables}
    found = (await client.query(LIST, variables, by=caller)).data["users"]
    assert ([node["name"] for node in found["nodes"]], found["totalCount"]) == (names, len(names))


@pytest.mark.parametrize(
    "variables",
    [
        {"first": 101},
        {"first": -1},
        {"after": "broken"},
        {"filter": {"or": []}},
        {"filter": {"name": None}},
        {"filter": {"passwordHash": {"eq": "x"}}},
        {"search": "x" * 201},
    ],
)
async def test_bad_arguments_of_a_list_are_refused(
    client: SubgraphClient, caller: Actor, variables: dict[str, Any]
) -> None:
    assert (await client.query(LIST, variables, by=caller)).codes == ["BAD_USER_INPUT"]


async def test_a_password_hash_is_no_field(client: SubgraphClient, caller: Actor) -> None:
    answer = await client.query("{ me { passwordHash } }", by=caller)
    assert answer.codes == ["GRAPHQL_VALIDATION_FAILED"]


@pytest.mark.parametrize("size", [1, 20])
async def test_the_number_of_database_calls_does_not_grow_with_the_page(
    client: SubgraphClient, users: UserService, admin: Actor, boss: User, size: int
) -> None:
    made = [
        await users.create(
            {"email": f"a{number}@x.cn", "name": "a", "role": "SALES", "manager_id": boss.id}, password=None, by=admin
        )
        for number in range(size)
    ]
    representations = [{"__typename": "User", "id": user.id} for user in made] + [{"__typename": "User", "id": "no"}]
    document = "query($r: [_Any!]!) { _entities(representations: $r) { ... on User { name manager { name } } } }"
    before = commands()
    found = (await client.query(document, {"r": representations}, by=admin)).data["_entities"]
    assert found == [{"name": "a", "manager": {"name": "王总"}}] * size + [None]
    assert commands() == before + 3  # users, their managers, the keys of tokens


KEY = "k" * 40
WRONG = 'mutation { signIn(input: {email: "nobody@example.com", password: "wrong horse"}) { userErrors { code } } }'


async def test_where_a_client_is_the_gateway_says_and_nobody_else(
    settings: Settings, issuer: TestIssuer, mongo: Mongo, clock: ManualClock
) -> None:
    limits = {"sign_ins_per_minute": 1, "service_keys": SecretStr(KEY)}
    guarded = SubgraphClient(api(settings.model_copy(update=limits), clock), issuer)
    unguarded = SubgraphClient(api(settings.model_copy(update={"sign_ins_per_minute": 1}), clock), issuer)

    async def code(client: SubgraphClient, address: str, *, by_gateway: bool) -> str:
        now = int(time.time())
        token = jwt.encode({"aud": "identity", "iat": now, "exp": now + 60}, KEY, "HS256", headers={"typ": "svc+jwt"})
        names = [(b"content-type", b"application/json"), (b"client-address", address.encode())]
        if by_gateway:
            names.append((b"service-authorization", f"Bearer {token}".encode()))
        answer = await request(client.app, "POST", "/graphql", names, orjson.dumps({"query": WRONG}))
        if answer.status != 200:
            return str(answer.codes[0])
        return str(answer.data["signIn"]["userErrors"][0]["code"])

    for address in ("203.0.113.7", "203.0.113.8"):
        assert await code(guarded, address, by_gateway=True) == "INVALID_CREDENTIALS"
    assert await code(guarded, "203.0.113.7", by_gateway=True) == "TOO_MANY_ATTEMPTS"
    assert await code(guarded, "203.0.113.9", by_gateway=False) == "SERVICE_UNAUTHENTICATED"
    # Whom nobody vouches for is counted by account alone: an address that anybody can make up says nothing.
    for _ in range(2):
        assert await code(unguarded, "203.0.113.7", by_gateway=False) == "INVALID_CREDENTIALS"
    assert await mongo.database["sign_in_addresses"].count_documents({}) == 2
