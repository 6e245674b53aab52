"""Which policies of the SDL a caller satisfies, as a gateway asks."""

from typing import Any

import orjson
import pytest
from access_rows import role_row, user_row
from subgraph_client import Answer, SubgraphClient, request

from rapport_shared.actor import Actor
from rapport_shared.mongo import Mongo

NAMES = ["Role:UPDATE", "AuditEntry:READ", "Customer:READ"]


async def ask(client: SubgraphClient, content: Any, by: Actor | None = None) -> Answer:
    headers = [] if by is None else [(b"authorization", f"Bearer {client.issuer.token(by)}".encode())]
    body = content if isinstance(content, bytes) else orjson.dumps(content)
    return await request(client.app, "POST", "/policies", headers, body)


async def satisfied(client: SubgraphClient, by: Actor | None, *names: str) -> set[str]:
    answer = await ask(client, {"policies": list(names)}, by)
    assert answer.status == 200
    assert set(answer.body["policies"]) == set(names)
    return {name for name, decision in answer.body["policies"].items() if decision}


async def test_who_satisfies_what(client: SubgraphClient, admin: Actor, seller: Actor, stranger: Actor) -> None:
    assert await satisfied(client, admin, *NAMES) == set(NAMES)
    assert await satisfied(client, seller, *NAMES) == {"Customer:READ"}
    assert await satisfied(client, stranger, *NAMES) == set()
    assert await satisfied(client, None, *NAMES) == set()
    wrong = ["Role", "Role:", ":READ", "Role:BEAM", "Rolle:READ", "", "Role:READ:READ", "Role:UPDATE "]
    assert await satisfied(client, admin, *wrong) == set()


async def test_the_role_of_now_counts_not_the_tokens(client: SubgraphClient, mongo: Mongo, seller: Actor) -> None:
    rows = [user_row(seller.id, "AUDITOR"), role_row("AUDITOR", {"AuditEntry": {"READ": "ALL"}})]
    await mongo.database["access"].insert_many(rows)
    assert await satisfied(client, seller, *NAMES) == {"AuditEntry:READ"}


async def test_who_may_not_act_satisfies_nothing(client: SubgraphClient, mongo: Mongo, admin: Actor) -> None:
    await mongo.database["access"].insert_one(user_row(admin.id, "ADMIN", active=False))
    assert await satisfied(client, admin, *NAMES) == set()


@pytest.mark.parametrize("content", [b"", b"no JSON", {}, [], {"policies": "Role:READ"}, {"policies": [1]}])
async def test_what_asks_nothing_is_refused(client: SubgraphClient, admin: Actor, content: Any) -> None:
    answer = await ask(client, content, admin)
    assert (answer.status, answer.codes) == (400, ["BAD_REQUEST"])


async def test_too_many_at_once(client: SubgraphClient, admin: Actor) -> None:
    assert (await ask(client, {"policies": ["Role:READ"] * 201}, admin)).status == 400
