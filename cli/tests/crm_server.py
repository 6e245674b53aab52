"""A small GraphQL server over HTTP with the public schema, for tests of the command line."""

import csv
import io
import json
import secrets
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from aiohttp import web
from cli.tests.crm_store import CrmStore, Record, RefusedError
from graphql import GraphQLError, GraphQLObjectType, GraphQLSchema, build_schema, graphql

SDL = Path(__file__).with_name("crm_contract.graphql")
ADMIN = {"email": "admin@example.com", "name": "Admin", "role": "ADMIN", "password": "admin-password"}


@dataclass
class CrmServer:
    """The running server: its address, its store, and switches for faults."""

    store: CrmStore = field(default_factory=CrmStore)
    url: str = ""
    token_lifetime: timedelta = timedelta(minutes=10)
    # Called with each request's body before it runs; may raise or return a response in its place.
    intercept: Callable[[dict[str, Any]], web.Response | None] = lambda _: None
    operations: list[str] = field(default_factory=list)
    # Operations whose answer is lost once: they run, then the connection breaks.
    lose_answer_of: list[str] = field(default_factory=list)
    sessions: dict[str, tuple[str, datetime]] = field(default_factory=dict)

    async def handle(self, request: web.Request) -> web.StreamResponse:
        body = await request.json()
        self.operations.append(body["query"].split(maxsplit=2)[1].partition("(")[0])
        answer = self.intercept(body)
        if answer is not None:
            return answer
        token = request.headers.get("Authorization", "").removeprefix("Bearer ")
        result = await graphql(SCHEMA, body["query"], None, Context(self, token), body.get("variables"))
        if self.operations[-1] in self.lose_answer_of and request.transport:
            self.lose_answer_of.remove(self.operations[-1])
            request.transport.abort()
        errors = [error.formatted for error in result.errors or []]
        return web.json_response({"data": result.data, **({"errors": errors} if errors else {})})

    def open_session(self, user: Record) -> Record:
        expires_at = datetime.now(UTC) + self.token_lifetime
        access, refresh = secrets.token_hex(8), secrets.token_hex(8)
        self.sessions[access] = self.sessions[refresh] = (user["id"], expires_at)
        return {
            "accessToken": access,
            "refreshToken": refresh,
            "expiresAt": expires_at.isoformat().replace("+00:00", "Z"),
            "user": user,
            "userErrors": [],
        }


@dataclass
class Context:
    """Who asks."""

    server: CrmServer
    token: str

    def caller(self) -> Record:
        user_id, expires_at = self.server.sessions.get(self.token, ("", datetime.min.replace(tzinfo=UTC)))
        if expires_at <= datetime.now(UTC):
            raise GraphQLError("Sign in first.", extensions={"code": "UNAUTHENTICATED"})
        user = self.server.store.find("user", user_id)
        assert user is not None
        return user


async def start(server: CrmServer) -> Callable[[], Coroutine[Any, Any, None]]:
    """Serve on a free port; the returned function stops."""
    app = web.Application(client_max_size=200_000)
    app.router.add_post("/graphql", server.handle)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = runner.addresses[0][1]
    server.url = f"http://127.0.0.1:{port}/graphql"
    if not server.store.records["user"]:
        server.store.add_user(ADMIN)
    return runner.cleanup


def _sign_in(context: Context, input: Record) -> Record:
    store = context.server.store
    user = next((user for user in store.records["user"] if user["email"] == input["email"]), None)
    if user is None or store.passwords[user["email"]] != input["password"]:
        refusal = RefusedError("INVALID_CREDENTIALS")
        return {"accessToken": None, "userErrors": [refusal.error]}
    return context.server.open_session(user)


def _refresh(context: Context, input: Record) -> Record:
    known = context.server.sessions.get(input["refreshToken"])
    if known is None:
        return {"accessToken": None, "userErrors": [RefusedError("INVALID_TOKEN").error]}
    user = context.server.store.find("user", known[0])
    assert user is not None
    return context.server.open_session(user)


def _create_user(context: Context, input: Record) -> Record:
    if context.caller()["role"] != "ADMIN":
        raise GraphQLError("Only an ADMIN may do this.", extensions={"code": "FORBIDDEN"})
    store = context.server.store
    return store.once(input, "user", store.add_user)


def _create(noun: str) -> Callable[[Context, Record], Record]:
    def resolve(context: Context, input: Record) -> Record:
        store, caller = context.server.store, context.caller()
        add = getattr(store, f"add_{noun}")
        return store.once(input, noun, lambda body: add(body, caller))

    return resolve


def _move(status: str | None, **renamed: str) -> Callable[[Context, Record], Record]:
    def resolve(context: Context, input: Record) -> Record:
        context.caller()
        store = context.server.store
        changes = {name: input.get(given) for name, given in renamed.items()}
        return store.once(input, "task", lambda body: store.move_task(body, status or body["status"], **changes))

    return resolve


def _export(context: Context, input: Record) -> Record:
    context.caller()
    columns = input.get("columns") or ["id", "name", "externalId"]
    if "secret" in columns:
        return {"columns": [], "content": "", "rows": 0, "userErrors": [RefusedError("FORBIDDEN_FIELD").error]}
    after = input.get("after")
    page = context.server.store.page("customer", input.get("filter") or {}, input["first"], after)
    rows = [{name: record[name] for name in columns} for record in page["nodes"]]
    text = io.StringIO(newline="")
    if input["format"] == "CSV":
        csv.writer(text).writerows([*([] if after else [columns]), *(row.values() for row in rows)])
    else:
        text.writelines(json.dumps(row) + "\n" for row in rows)
    more = page["pageInfo"]["endCursor"] if page["pageInfo"]["hasNextPage"] else None
    return {"columns": columns, "content": text.getvalue(), "rows": len(rows), "cursor": more, "userErrors": []}


def _customer_change(method: str) -> Callable[[Context, Record], Record]:
    def resolve(context: Context, input: Record) -> Record:
        context.caller()
        store = context.server.store
        return store.once(input, "customer", getattr(store, method))

    return resolve


MUTATIONS: dict[str, Callable[[Context, Record], Record]] = {
    "signIn": _sign_in,
    "refreshSession": _refresh,
    "createUser": _create_user,
    "createCustomer": _create("customer"),
    "exportCustomers": _export,
    "createTagGroup": _create("tagGroup"),
    "updateCustomer": _customer_change("change_customer"),
    "deleteCustomer": _customer_change("delete_customer"),
    "recordInteraction": _create("interaction"),
    "createTask": _create("task"),
    "updateTask": _move(None),
    "completeTask": _move("DONE", result="result"),
    "cancelTask": _move("CANCELLED"),
}


def _build_schema() -> GraphQLSchema:
    schema = build_schema(SDL.read_text(encoding="utf-8"))
    query, mutation, user = (schema.type_map[name] for name in ("Query", "Mutation", "User"))
    assert isinstance(query, GraphQLObjectType)
    assert isinstance(mutation, GraphQLObjectType)
    assert isinstance(user, GraphQLObjectType)
    query.fields["me"].resolve = lambda _, info: info.context.caller()
    for noun in ("user", "customer", "interaction", "task"):
        query.fields[f"{noun}s"].resolve = _lister(noun)
    for name, act in MUTATIONS.items():
        mutation.fields[name].resolve = lambda _, info, input, act=act: act(info.context, input)
    user.fields["manager"].resolve = lambda record, info: info.context.server.store.find("user", record["managerId"])
    return schema


def _lister(noun: str) -> Callable[..., Record]:
    def resolve(
        _: object, info: Any, filter: Record | None = None, first: int | None = None, after: Any = None
    ) -> Record:
        info.context.caller()
        if first is not None and first > 100:
            raise GraphQLError("first is at most 100.", extensions={"code": "BAD_USER_INPUT"})
        store: CrmStore = info.context.server.store
        return store.page(noun, filter or {}, first, after)

    return resolve


SCHEMA = _build_schema()
