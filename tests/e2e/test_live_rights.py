"""Rights that change while somebody listens: through the gateway, on open sockets, within five seconds."""

import asyncio
import secrets
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from gql.transport.exceptions import TransportConnectionFailed, TransportQueryError
from staff import Staff, make_customer, sign_in
from waiting import eventually

from rapport_local.testing import Account, RunningSystem

IN_FORCE_SECONDS = 20.0  # five, unless the machine does much besides
CUSTOMERS = "subscription { customerChanged { kind id node { phone hiddenFields } } }"
INTERACTIONS = "subscription { interactionChanged { kind id node { id } } }"
TASKS = "subscription { taskChanged { kind id node { id } } }"
SHUT_OUT = (["UNAUTHENTICATED"], ["CLOSED"])  # the client reads the error, or only that the socket closed behind it


@dataclass
class Heard:
    """What a subscription has been told, and the codes of the error that ended it."""

    told: list[dict[str, Any]] = field(default_factory=list)
    ended_by: list[str] | None = None

    def kinds(self, identifier: str | None) -> list[str]:
        return [change["kind"] for change in self.told if change["id"] == identifier]


@asynccontextmanager
async def listening(by: Staff, document: str) -> AsyncIterator[Heard]:
    heard = Heard()

    async def collect() -> None:
        try:
            async for data in by.follow(document):
                heard.told += data.values()
        except TransportQueryError as error:
            heard.ended_by = [each["extensions"]["code"] for each in error.errors or []]
        except TransportConnectionFailed:  # the gateway has closed the socket, behind the error
            heard.ended_by = ["CLOSED"]

    collecting = asyncio.create_task(collect())
    await asyncio.sleep(1.0)  # the protocol has no answer to a subscribe message
    yield heard
    collecting.cancel()


async def in_force(look: Callable[[], Any]) -> None:
    """It is so before long."""

    async def seen() -> Any:
        return look()

    await eventually(seen, seconds=IN_FORCE_SECONDS)


@pytest.fixture
async def role(admin: Staff) -> str:
    """A role of its own for each test: reads its own customers."""
    name = f"TEST_{secrets.token_hex(4).upper()}"
    grants = [{"type": "Customer", "verb": verb, "reach": "OWN"} for verb in ("READ", "CREATE", "UPDATE")]
    made = await admin.do("createRole", "role { name }", name=name, label="Test", grants=grants)
    assert made["userErrors"] == []
    return name


@pytest.fixture
async def somebody(admin: Staff, running_system: RunningSystem, role: str) -> Staff:
    """A user of that role, signed in, and known to the service of customers."""
    email, password = f"{secrets.token_hex(6)}@rapport.example", secrets.token_urlsafe(12)
    made = await admin.do("createUser", "user { id }", email=email, password=password, name="Somebody", role=role)
    assert made["userErrors"] == []
    by = await sign_in(running_system.gateway, Account(email, password, role))

    async def own_customer() -> Any:
        return (await by.do("createCustomer", "customer { id }", kind="PERSON", name="Own"))["customer"]

    await eventually(own_customer)
    return by


async def change_role(admin: Staff, name: str, reach: str, hidden: list[str]) -> None:
    grants = [{"type": "Customer", "verb": verb, "reach": reach} for verb in ("READ", "CREATE", "UPDATE")]
    rights = [{"type": "Customer", "field": name, "right": "MASK"} for name in hidden]
    changed = await admin.do("updateRole", "role { name }", name=name, grants=grants, fieldRights=rights)
    assert changed["userErrors"] == []


async def test_what_hangs_on_a_customer_leaves_and_enters_with_it(
    admin: Staff, seller: Staff, other_seller: Staff
) -> None:
    customer = await make_customer(seller)
    given = {"customerId": customer, "channel": "PHONE", "content": "Hello"}
    recorded = await seller.do("recordInteraction", "interaction { id }", **given)
    made = await admin.do("createTask", "task { id }", title="Call", customerId=customer, assigneeId=admin.id)
    own = await seller.do("createTask", "task { id }", title="Mine", customerId=customer)
    interaction, task = recorded["interaction"]["id"], made["task"]["id"]
    async with (
        listening(seller, INTERACTIONS) as lost,
        listening(other_seller, INTERACTIONS) as won,
        listening(seller, TASKS) as lost_tasks,
        listening(other_seller, TASKS) as won_tasks,
    ):
        moved = await admin.do("updateCustomer", "customer { id }", id=customer, ownerId=other_seller.id)
        assert moved["userErrors"] == []
        await in_force(lambda: "LEAVE" in lost.kinds(interaction) and "ENTER" in won.kinds(interaction))
        await in_force(lambda: "LEAVE" in lost_tasks.kinds(task) and "ENTER" in won_tasks.kinds(task))
        assert "LEAVE" not in lost_tasks.kinds(own["task"]["id"])  # it is still the one's who is to do it


async def test_another_role_is_in_force_at_once(admin: Staff, somebody: Staff, role: str) -> None:
    others = await make_customer(admin, phone="13800001111")
    document = "query($id: ID!) { customer(id: $id) { phone hiddenFields } }"
    assert (await somebody.ask(document, id=others))["customer"] is None
    async with listening(somebody, CUSTOMERS) as heard:
        await change_role(admin, role, "ALL", hidden=[])
        await in_force(lambda: heard.kinds(None) == ["RESET"])
        assert (await somebody.ask(document, id=others))["customer"]["phone"] == "+8613800001111"
        await change_role(admin, role, "ALL", hidden=["phone"])
        await in_force(lambda: heard.kinds(None) == ["RESET", "RESET"])
        assert (await somebody.ask(document, id=others))["customer"] == {"phone": None, "hiddenFields": ["phone"]}
        await admin.do("updateCustomer", "__typename", id=others, phone="13900002222")
        await in_force(lambda: heard.kinds(others) == ["UPDATE"])
        assert heard.told[-1]["node"] == {"phone": None, "hiddenFields": ["phone"]}


async def refused_everywhere(by: Staff) -> bool:
    """Whether every service refuses who asks."""
    for field_name in ("me { id }", "customers { totalCount }", "interactions { totalCount }", "tasks { totalCount }"):
        try:
            await by.ask(f"{{ {field_name} }}")
        except TransportQueryError as error:
            if {each["extensions"]["code"] for each in error.errors or []} == {"UNAUTHENTICATED"}:
                continue
        return False
    return True


async def test_whoever_is_deactivated_hears_and_sees_no_more(admin: Staff, somebody: Staff) -> None:
    async with listening(somebody, CUSTOMERS) as customers, listening(somebody, TASKS) as tasks:
        gone = await admin.do("deactivateUser", "user { active }", id=somebody.id)
        assert gone["userErrors"] == []
        await in_force(lambda: customers.ended_by and tasks.ended_by)
        assert (customers.ended_by in SHUT_OUT, tasks.ended_by in SHUT_OUT) == (True, True)
    await eventually(lambda: refused_everywhere(somebody), seconds=IN_FORCE_SECONDS)


async def test_whoever_signs_out_hears_and_sees_no_more(somebody: Staff) -> None:
    async with listening(somebody, CUSTOMERS) as heard:
        await somebody.do("signOut", "__typename", refreshToken=somebody.refresh_token)
        await in_force(lambda: heard.ended_by)
        assert heard.ended_by in SHUT_OUT
    await eventually(lambda: refused_everywhere(somebody), seconds=IN_FORCE_SECONDS)
