"""Records of every noun of customers, as many as a test wants of each."""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from numbering import number_events
from subgraph_client import SubgraphClient

from rapport_shared.actor import Actor
from rapport_shared.clock import ManualClock
from rapport_shared.outbox import OutboxStore

SELLER = "usr_seller"
HEIR = "usr_heir"
STAGES = [
    {"key": kind, "name": kind, "kind": kind, "probability": probability}
    for kind, probability in (("OPEN", 50), ("WON", 100), ("LOST", 0))
]
CNY = {"amount": "10", "currency": "CNY"}


@dataclass
class CustomersWorld:
    """``ids`` by noun, the oldest first; on the first customer hangs as much as there are customers.

    ``start`` has the cursor of each list of changes before there was anything.
    """

    client: SubgraphClient
    by: Actor
    clock: ManualClock
    outbox: OutboxStore
    ids: dict[str, list[str]] = field(default_factory=lambda: {"user": [SELLER]})
    start: dict[str, str] = field(default_factory=dict)

    @property
    def size(self) -> int:
        """How many there are of each."""
        return len(self.ids.get("customer", ()))

    async def make(self, mutation: str, noun: str, **given: Any) -> str:
        """One more record; its id."""
        answer = await self.client.mutate(mutation, f"{noun} {{ id }}", given, by=self.by)
        assert answer["userErrors"] == [], (mutation, answer)
        self.ids.setdefault(noun, []).append(answer[noun]["id"])
        return str(answer[noun]["id"])

    async def change(self, mutation: str, **given: Any) -> str:
        """A customer that is not one of ``ids``, or is there already."""
        answer = await self.client.mutate(mutation, "customer { id }", given, by=self.by)
        assert answer["userErrors"] == [], (mutation, answer)
        return str(answer["customer"]["id"])

    async def grow(self, size: int) -> None:
        """Until there are as many of each."""
        for changes in ("customerChanges", "dealChanges"):
            if changes not in self.start:
                answer = await self.client.query(f"{{ {changes} {{ cursor }} }}", by=self.by)
                self.start[changes] = answer.data[changes]["cursor"]
        before = self.size
        for number in range(before, size):
            await self._configure(number)
            await self._customer(number)
        self.clock.advance(timedelta(days=2))
        for number in range(before, size):
            for about in {self.ids["customer"][0], self.ids["customer"][number]}:
                await self._hang_on(about, number)
            await self._around(number)
        await number_events(self.outbox)

    async def _configure(self, number: int) -> None:
        """What an administrator sets up."""
        rule = {"orderCount": {"gte": 1}}
        await self.make("createProduct", "product", code=f"p{number}", name=f"p{number}", unitPrice=CNY)
        await self.make("createPipeline", "pipeline", name=f"p{number}", stages=STAGES)
        group = await self.make("createTagGroup", "tagGroup", name=f"g{number}")
        await self.make("createTag", "tag", groupId=group, name=f"t{number}")
        await self.make("createTag", "tag", groupId=self.ids["tagGroup"][0], name=f"s{number}")
        await self.make("createSegment", "segment", name=f"s{number}", rule=rule)
        await self.make("createSavedView", "savedView", name=f"v{number}")
        await self.make("defineCustomField", "customField", key=f"f{number}", type="TEXT", label=f"f{number}")

    async def _customer(self, number: int) -> None:
        """A company of the seller, like the others, with a value of its own and a tag."""
        mail, custom = f"c{number}@acme-widgets.cn", [{"key": f"f{number}", "value": "x"}]
        given = {"name": "Acme Widgets", "email": mail, "externalId": f"e{number}", "custom": custom}
        made = await self.make("createCustomer", "customer", kind="COMPANY", ownerId=SELLER, priority="HIGH", **given)
        await self.change("addTags", id=made, tagIds=[self.ids["tag"][-1]])

    async def _hang_on(self, about: str, number: int) -> None:
        """One of each noun that belongs to a customer."""
        of = {"customerId": about}
        chief = self.ids.get("contact", [None])[0] if about == self.ids["customer"][0] else None
        await self.make("createContact", "contact", **of, name=f"c{number}", reportsToId=chief)
        await self.make("createNeed", "need", **of, kind="PAIN", text=f"n{number}")
        await self.make("createDeal", "deal", **of, name=f"d{number}", amount=CNY)
        await self.make("createOrder", "order", **of, number=f"{about}-{number}", total=CNY)
        past = self.clock() - timedelta(days=2)
        await self.change("updateCustomer", id=about, source=f"s{number}", occurredAt=past.isoformat())

    async def _around(self, number: int) -> None:
        """What is done with customers: an import, a subject's request, a release, a transfer, a merge."""
        mapping = [{"field": "name", "columns": ["name"]}, {"field": "externalId", "columns": ["no"]}]
        columns = ["no", "name"]
        made = await self.make("createCustomerImport", "customerImport", name="i", columns=columns, mapping=mapping)
        rows = {"importId": made, "firstRow": 1, "rows": [[f"i{number}", None], [f"i{number}", "x"]]}
        taken = await self.client.mutate("addCustomerImportRows", "customerImport { failed }", rows, by=self.by)
        assert taken["customerImport"] == {"failed": 1}
        others = []
        for name in ("pooled", "passed", "merged"):
            given = {"kind": "PERSON", "name": f"{name}{number}", "ownerId": SELLER}
            others.append(await self.change("createCustomer", **given))
        pooled, passed, merged = others
        await self.change("releaseCustomer", id=pooled)
        transfer = {"fromId": SELLER, "toId": HEIR, "customerIds": [passed], "note": "x"}
        await self.make("transferOwnership", "transfer", **transfer)
        merge = {"survivorId": self.ids["customer"][0], "otherIds": [merged]}
        await self.make("mergeCustomers", "merge", **merge)
        await self.make("exportSubject", "request", customerId=self.ids["customer"][number])
