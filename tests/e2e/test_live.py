"""Live changes through the gateway, for those who may see them."""

import asyncio
from typing import Any

from staff import Staff, make_customer
from waiting import eventually

from rapport_local.testing.running import RunningSystem

FOLLOW = """
subscription($filter: CustomerChangeFilter) {
  customerChanged(filter: $filter) { kind id changedFields node { name owner { name } tasks { totalCount } } }
}"""


async def taken(received: "asyncio.Queue[Any]") -> Any:
    async def look() -> Any:
        return None if received.empty() else received.get_nowait()

    return (await eventually(look))["customerChanged"]


async def test_a_change_reaches_another_department_with_fields_of_other_services(admin: Staff, support: Staff) -> None:
    customer = await make_customer(admin, name="张三")
    async with support.following(FOLLOW, filter={"id": {"eq": customer}}) as received:
        await admin.do("updateCustomer", "__typename", id=customer, name="李四")
        node = {"name": "李四", "owner": {"name": "Administrator"}, "tasks": {"totalCount": 0}}
        change = await taken(received)
        if change["kind"] == "ENTER":  # its creation was still on its way when the subscription began
            change = await taken(received)
        assert change == {"kind": "UPDATE", "id": customer, "changedFields": ["name"], "node": node}


async def test_a_list_is_entered_and_left(admin: Staff, seller: Staff) -> None:
    async with admin.following(FOLLOW, filter={"ownerId": {"eq": seller.id}, "stage": {"eq": "LEAD"}}) as received:
        customer = await make_customer(seller)
        assert (await taken(received))["kind"] == "ENTER"
        await admin.do("updateCustomer", "__typename", id=customer, stage="LOST")
        left = await taken(received)
        assert (left["kind"], left["id"], left["node"]) == ("LEAVE", customer, None)
        await admin.do("updateCustomer", "__typename", id=customer, stage="LEAD")
        assert (await taken(received))["kind"] == "ENTER"
        await admin.do("deleteCustomer", "__typename", id=customer)
        assert (await taken(received))["kind"] == "LEAVE"
        await admin.do("restoreCustomer", "__typename", id=customer)
        assert (await taken(received))["kind"] == "ENTER"


async def test_a_seller_hears_of_own_customers_only(admin: Staff, seller: Staff, other_seller: Staff) -> None:
    async with seller.following(FOLLOW) as mine, other_seller.following(FOLLOW) as others:
        customer = await make_customer(other_seller)
        assert (await taken(others))["id"] == customer
        await admin.do("updateCustomer", "__typename", id=customer, ownerId=seller.id)
        entered, left = await taken(mine), await taken(others)
        assert (entered["kind"], entered["id"]) == ("ENTER", customer)
        assert (left["kind"], left["id"], left["node"]) == ("LEAVE", customer, None)
        assert mine.empty()


async def test_a_restarted_service_is_found_again(admin: Staff, running_system: RunningSystem) -> None:
    """An API is killed: its answers are missing with a clear error, then they are back."""
    customer = await make_customer(admin)
    process = running_system.processes["interactions-api"]
    killed = process.pid
    process.kill()
    answer = await admin.ask("query($id: ID!) { customer(id: $id) { name } }", id=customer)
    assert answer["customer"] == {"name": "张三"}
    await asyncio.to_thread(running_system.restart, "interactions-api")
    assert process.pid != killed
    answer = await admin.ask("query($id: ID!) { customer(id: $id) { interactions { totalCount } } }", id=customer)
    assert answer["customer"] == {"interactions": {"totalCount": 0}}
