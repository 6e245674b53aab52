"""With identity away, everybody else still knows who may do what."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from staff import Staff, make_customer

from rapport_local.testing import RunningSystem

IDENTITY = ("identity-api", "identity-worker")


@pytest.fixture
async def identity_away(running_system: RunningSystem, admin: Staff) -> AsyncIterator[None]:
    await admin.ask("{ customers { totalCount } interactions { totalCount } tasks { totalCount } }")  # keys are fetched
    for name in IDENTITY:
        running_system.processes[name].kill()
    yield
    for name in IDENTITY:
        await asyncio.to_thread(running_system.restart, name)


@pytest.mark.usefixtures("identity_away")
async def test_rights_hold(admin: Staff, seller: Staff, other_seller: Staff) -> None:
    customer = await make_customer(seller)
    document = "query($id: ID!) { customer(id: $id) { id } }"
    assert (await admin.ask(document, id=customer))["customer"] == {"id": customer}
    assert (await other_seller.ask(document, id=customer))["customer"] is None
    stolen = await other_seller.do("updateCustomer", "__typename", id=customer, ownerId=other_seller.id)
    assert [error["code"] for error in stolen["userErrors"]] == ["NOT_FOUND"]
