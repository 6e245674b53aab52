"""A mobile client whose connection breaks again and again: it goes on where it was, over sockets and event streams."""

import asyncio
import random

import pytest
from mobile import Mobile
from staff import Staff, make_customer
from waiting import eventually

ROUNDS = 12


async def work(admin: Staff, mine: list[str], chance: random.Random, number: int) -> None:
    """Something happens to a customer."""
    if not mine or chance.random() < 0.3:
        mine.append(await make_customer(admin, name=f"Mobile {number}"))
        return
    customer = chance.choice(mine)
    match chance.randrange(4):
        case 0:
            await admin.do("deleteCustomer", "__typename", id=customer)
        case 1:
            await admin.do("restoreCustomer", "__typename", id=customer)
        case 2:
            await admin.do("updateCustomer", "__typename", id=customer, stage=chance.choice(["LEAD", "OPPORTUNITY"]))
        case _:
            await admin.do("updateCustomer", "__typename", id=customer, name=f"Renamed {number}")


@pytest.mark.parametrize("transport", ["socket", "stream"])
async def test_a_client_that_keeps_losing_its_connection_has_what_a_query_finds(
    admin: Staff, support: Staff, transport: str
) -> None:
    chance = random.Random(transport)
    mine: list[str] = []
    mobile = Mobile(support, transport)
    await mobile.begin()
    for number in range(ROUNDS):
        listening = asyncio.create_task(mobile.listen(chance.choice([0, 1, 2])))
        for _ in range(chance.randrange(1, 5)):
            await work(admin, mine, chance, number)
        if chance.random() < 0.5:
            listening.cancel()  # asleep, whatever has come
        await asyncio.wait([listening], timeout=2)
        listening.cancel()
        await asyncio.gather(listening, return_exceptions=True)
    listening = asyncio.create_task(mobile.listen(None))

    async def has_all() -> bool:
        assert not listening.done(), listening.exception()
        return mobile.copy == await mobile.fetch()

    await eventually(has_all)
    listening.cancel()
    await asyncio.gather(listening, return_exceptions=True)
    assert mobile.resets == 0
    assert len(mine) > 1
