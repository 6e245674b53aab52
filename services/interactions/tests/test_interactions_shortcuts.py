"""A change of a customer that tells nothing new costs one command, and leaves what handling it would have left."""

import random

from database_calls import commands
from settled_events import changes_of_customers, heard

from rapport_interactions.consumers import HANDLERS, shortcuts
from rapport_interactions.projections.customers import KnownCustomers
from rapport_interactions.work import InteractionsWork
from rapport_shared.clock import ManualClock
from rapport_shared.mongo import Mongo
from rapport_shared.persistence import Transactions


async def test_what_is_kept_is_the_same_with_shortcuts(
    transactions: Transactions[InteractionsWork], mongo: Mongo, clock: ManualClock
) -> None:
    settling = shortcuts(KnownCustomers(mongo.database))
    saved = 0
    for seed in range(4):
        told = changes_of_customers(random.Random(seed), clock)
        wanted, _ = await heard(told, transactions, HANDLERS, {}, mongo)
        found, settled = await heard(told, transactions, HANDLERS, settling, mongo)
        assert found == wanted
        saved += settled
    assert saved > 0
    event, envelope = changes_of_customers(random.Random(0), clock, customers=1, versions=1)[0]
    await mongo.database["customers"].delete_many({})
    before = commands()
    assert await settling[type(event)](event, envelope)
    assert commands() - before == 1
    assert not await settling[type(event)](event, envelope)
