"""The reach under which a record was loaded is part of the write's own filter."""

import pytest

from rapport_customers.customers.service import CustomerService
from rapport_customers.work import CustomersWork
from rapport_shared.actor import Actor
from rapport_shared.mongo import Mongo
from rapport_shared.persistence import Transactions
from rapport_shared.persistence.repository import LostUpdate
from rapport_shared.rights import EVERYTHING, Scope, Verb


async def test_a_record_that_is_somebody_elses_by_now_is_not_stored(
    service: CustomerService, transactions: Transactions[CustomersWork], mongo: Mongo, seller: Actor
) -> None:
    made = await service.create({"kind": "PERSON", "name": "Old"}, by=seller)

    async def rename(scope: Scope) -> None:
        async def change(work: CustomersWork) -> None:
            customer = await work.customers.get(made.id, readable=EVERYTHING, changeable=scope)
            # Its version stays: only the reach in the filter notices.
            taken = {"$set": {"owner_id": "usr_other"}}
            await work.database["customers"].update_one({"_id": made.id}, taken, session=work.session)
            customer.update({"name": "New"}, now=customer.updated_at)
            await work.customers.save(customer, by=seller)

        await transactions.run(change)

    with pytest.raises(LostUpdate):
        await rename(service.scope(seller, Verb.UPDATE))
    stored = await mongo.database["customers"].find_one({"_id": made.id})
    assert stored is not None
    assert (stored["name"], stored["owner_id"], stored["version"]) == ("Old", seller.id, 1)
    await rename(EVERYTHING)
    stored = await mongo.database["customers"].find_one({"_id": made.id})
    assert stored is not None
    assert (stored["name"], stored["version"]) == ("New", 2)
