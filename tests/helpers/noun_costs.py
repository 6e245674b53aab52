"""What the queries of a service of one noun cost, whose records are about customers that it has heard of."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from numbering import number_events
from query_costs import Cost, check_costs, cost, document, indexes
from rights_schema import ServiceSchema, schemas
from subgraph_client import SubgraphClient

from rapport_shared.actor import Actor
from rapport_shared.clock import system_clock
from rapport_shared.mongo import Mongo
from rapport_shared.outbox import OutboxStore

FEW, MANY = 2, 10
Arguments = dict[str, Any]


@dataclass
class NounCosts:
    """``given`` makes the input of ``create`` of a customer's id, a number and who looks after it."""

    service: str
    noun: str
    create: str
    given: Callable[[str, int, Actor], Arguments]
    lists: set[str]

    @cached_property
    def schema(self) -> ServiceSchema:
        """The committed schema."""
        return schemas()[self.service]

    def asked(self, ids: list[str], start: str, by: Actor, owner: Actor) -> Iterator[tuple[str, str, Arguments]]:
        """A name, the root field and its arguments of every query."""
        yield self.noun, self.noun, {"id": ids[0]}
        yield f"{self.noun}s", f"{self.noun}s", {}
        yield f"{self.noun}Changes", f"{self.noun}Changes", {"after": start, "first": 100}
        if by.role == "ADMIN":
            yield f"{self.service}AuditLog", f"{self.service}AuditLog", {"first": 100}
        of = {"Customer": _customers(0, len(ids)), "SubjectRequest": ["sub_1", "sub_2"], "User": [owner.id]}
        of[self.noun.capitalize()] = ids
        for entity in self.schema.entities:
            yield entity, "_entities", {"representations": [{"__typename": entity, "id": each} for each in of[entity]]}

    async def check(self, client: SubgraphClient, mongo: Mongo, *, admin: Actor, owner: Actor) -> None:
        """Ten customers with records cost as much as two, for an administrator and for whoever looks after them."""
        changes = f"{self.noun}Changes"
        start = {}
        for by in (admin, owner):
            answer = await client.query(f"{{ {changes} {{ cursor }} }}", by=by)
            start[by] = answer.data[changes]["cursor"]
        ids = await self._grow(client, mongo, owner, FEW, [])
        few = [await self._costs(client, ids, at, by, owner) for by, at in start.items()]
        ids = await self._grow(client, mongo, owner, MANY, ids)
        many = [await self._costs(client, ids, at, by, owner) for by, at in start.items()]
        for before, after in zip(few, many, strict=True):
            check_costs(before, after, await indexes(mongo), more=MANY - FEW, lists=self.lists)

    async def _grow(self, client: SubgraphClient, mongo: Mongo, owner: Actor, size: int, ids: list[str]) -> list[str]:
        """Until there are as many customers, as many records about the first, and one about each other."""
        known, customers = len(ids), _customers(len(ids), size)
        heard = [{"_id": about, "version": 1, "owner_id": owner.id, "deleted": False} for about in customers]
        await mongo.database["customers"].insert_many(heard)
        for number, about in enumerate(customers, start=known):
            for each in {"cus_0", about}:
                given = self.given(each, number, owner)
                made = await client.mutate(self.create, f"{self.noun} {{ id }}", given, by=owner)
                assert made["userErrors"] == [], made
            ids = [*ids, made[self.noun]["id"]]
        await number_events(OutboxStore(mongo.database, source=f"/rapport/{self.service}", clock=system_clock))
        return ids

    async def _costs(
        self, client: SubgraphClient, ids: list[str], start: str, by: Actor, owner: Actor
    ) -> dict[str, Cost]:
        """By name; what is a copy of everything of one person is audited for each reading, and left out."""
        apart = {f"SubjectRequest.{self.service}Records"}
        return {
            name: await cost(client, document(self.schema, root, given, apart), given, by=by)
            for name, root, given in self.asked(ids, start, by, owner)
        }


def _customers(first: int, end: int) -> list[str]:
    return [f"cus_{number}" for number in range(first, end)]
