"""Staff at work: customers made, changed, handed over and put away, communications that ask for follow-ups."""

import random
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

from reliability.checker import Command
from reliability.client import Client, Uncertain

_CUSTOMER = "customer { id version name }"
_INTERACTION = "interaction { id version }"


@dataclass
class Customer:
    """A customer as its clients know it."""

    id: str
    version: int


@dataclass
class Journal:
    """Every command that was sent, and the customers that several workers change."""

    commands: list[Command] = field(default_factory=list)
    shared: list[Customer] = field(default_factory=list)

    @property
    def acknowledged(self) -> int:
        """How many commands clients know to be done."""
        return sum(command.acknowledged for command in self.commands)


@dataclass
class Worker:
    """One member of staff; its commands are noted with what is known of their outcome."""

    client: Client
    journal: Journal
    owners: list[str]
    random: random.Random

    async def one_story(self) -> None:
        """A customer's life, with a change of a shared customer now and then."""
        customer = await self.create()
        if customer is None:
            return
        for _ in range(self.random.randint(1, 3)):
            if self.random.random() < 0.5:
                await self.change(customer)
            else:
                await self.record(customer.id)
        if self.journal.shared and self.random.random() < 0.5:
            await self.change(self.random.choice(self.journal.shared))
        if self.random.random() < 0.2:
            await self.delete(customer)

    async def create(self) -> Customer | None:
        """A new customer; None where the outcome is not known."""
        command_id = _new_command()
        given = {"kind": "PERSON", "name": command_id, "ownerId": self._owner(), "idempotencyKey": command_id}
        payload = await self._run("customers", command_id, "createCustomer", _CUSTOMER, given)
        if payload is None:
            return None
        made = payload["customer"]
        self._note(command_id, "customers", record_id=made["id"])
        return Customer(made["id"], made["version"])

    async def change(self, customer: Customer) -> None:
        """Give the customer another name and owner, at the version that is known."""
        command_id = _new_command()
        given = {
            "id": customer.id,
            "expectedVersion": customer.version,
            "name": command_id,
            "ownerId": self._owner(),
            "stage": self.random.choice(["LEAD", "OPPORTUNITY"]),
        }
        payload = await self._run("customers", command_id, "updateCustomer", _CUSTOMER, given)
        if payload is None:
            return
        now = payload["customer"]
        customer.version = max(customer.version, now["version"])
        # A repeated command whose first attempt was done is told of a conflict with itself.
        self._note(command_id, "customers", acknowledged=now["name"] == command_id, record_id=customer.id)

    async def record(self, customer_id: str, *, chance: float = 0.8) -> None:
        """A communication; four of five ask for a follow-up, or as many as ``chance`` says."""
        command_id = _new_command()
        due = datetime.now(UTC).replace(microsecond=0) + timedelta(days=self.random.randint(1, 30))
        wish = {"nextFollowUpAt": due.isoformat()} if self.random.random() < chance else {}
        given = {"customerId": customer_id, "channel": "PHONE", "content": "Called.", "idempotencyKey": command_id}
        payload = await self._run("interactions", command_id, "recordInteraction", _INTERACTION, given | wish)
        if payload is not None:
            self._note(command_id, "interactions", record_id=payload["interaction"]["id"])

    async def put_one_away(self) -> None:
        """A customer comes and goes."""
        customer = await self.create()
        if customer is not None:
            await self.delete(customer)

    async def delete(self, customer: Customer) -> None:
        """Put the worker's own customer away."""
        command_id = _new_command()
        given = {"id": customer.id}
        payload = await self._run("customers", command_id, "deleteCustomer", _CUSTOMER, given, done="NOT_FOUND")
        if payload is not None:
            self._note(command_id, "customers", record_id=customer.id)

    async def _run(
        self,
        service: str,
        command_id: str,
        name: str,
        selection: str,
        given: dict[str, Any],
        *,
        done: str | None = None,
    ) -> Any:
        """The payload; None where the outcome is not known. ``done``: the refusal that means it was done before."""
        try:
            payload = await self.client.run(command_id, name, selection, given)
        except Uncertain:
            self._note(command_id, service, acknowledged=False)
            return None
        refusals = [error["code"] for error in payload["userErrors"]]
        assert set(refusals) <= {"VERSION_CONFLICT", done}, (name, refusals)
        return payload

    def _note(self, command_id: str, service: str, *, acknowledged: bool = True, record_id: str | None = None) -> None:
        self.journal.commands.append(Command(command_id, service, acknowledged, record_id))

    def _owner(self) -> str:
        return self.random.choice(self.owners)


def _new_command() -> str:
    return uuid4().hex
