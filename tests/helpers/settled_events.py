"""Changes of customers, heard with a consumer's shortcut and without it: what is kept must be the same."""

import random
from collections.abc import Sequence
from functools import partial
from typing import Any

from rapport_shared.clock import Clock
from rapport_shared.contracts.customers import CustomerCreated, CustomerState, CustomerUpdated
from rapport_shared.delivery import Handlers, Shortcuts
from rapport_shared.events import Envelope, Event
from rapport_shared.mongo import Mongo
from rapport_shared.persistence import Transactions

Told = Sequence[tuple[Event, Envelope]]


def changes_of_customers(chance: random.Random, clock: Clock, *, customers: int = 3, versions: int = 8) -> Told:
    """Customers are made and updated; of the updates many change nothing that others keep; all twice, in any order."""
    told: list[tuple[Event, Envelope]] = []
    for number in range(customers):
        for version in range(1, versions + 1):
            state = CustomerState(
                kind="PERSON",
                stage=chance.choice(["LEAD", "LEAD", "CUSTOMER"]),
                owner_id=chance.choice(["usr_a", "usr_a", "usr_b", None]),
            )
            made = CustomerCreated(customer_id=f"cus_{number}", after=state)
            changed = CustomerUpdated(customer_id=f"cus_{number}", changed=("name",), before=state, after=state)
            event = made if version == 1 else changed
            envelope = Envelope(
                id=f"evt_{number}_{version}",
                routing_key=event.routing_key,
                source="/rapport/customers",
                subject=event.subject,
                time=clock(),
                version=version,
                actor="usr_admin",
                correlation_id="c",
            )
            told.append((event, envelope))
    twice = [*told, *told]
    chance.shuffle(twice)
    return twice


async def heard(
    told: Told, transactions: Transactions[Any], handlers: Handlers[Any], shortcuts: Shortcuts, mongo: Mongo
) -> tuple[list[dict[str, Any]], int]:
    """What is known of customers after that, and how many of the events a shortcut has settled."""
    known, settled = mongo.database["customers"], 0
    await known.delete_many({})
    for event, envelope in told:
        if (shortcut := shortcuts.get(type(event))) is not None and await shortcut(event, envelope):
            settled += 1
            continue
        await transactions.run(partial(handlers[type(event)], event, envelope))
    return await known.find().sort("_id", 1).to_list(None), settled
