"""Customers that may be one: what is found, what is not, and who is told."""

from typing import Any

import pytest
from access_rows import role_row, user_row
from database_calls import commands
from subgraph_client import SubgraphClient

from rapport_customers.app import customer_service
from rapport_customers.customers.repository import CustomerRepository
from rapport_customers.duplicates.errors import DuplicateCustomer
from rapport_customers.duplicates.model import Identity, Reason, compare, keys
from rapport_shared.actor import Actor
from rapport_shared.mongo import Mongo

GROUPS = """{ duplicateGroups { hasNextPage nodes {
  customer { name } duplicates { customer { name } score exact reasons } } } }"""
POSSIBLE = "{ customers { nodes { name possibleDuplicates { customer { name } exact } } } }"


def person(name: str, phone: str | None = None, email: str | None = None) -> Identity:
    return Identity(id=name, kind="PERSON", name=name, phone=phone, email=email)


def company(name: str, phone: str | None = None, email: str | None = None) -> Identity:
    return Identity(id=name, kind="COMPANY", name=name, phone=phone, email=email)


SAME = [
    (person("张三", "+8613812345678"), person("李四", "+8613812345678"), Reason.PHONE),
    (person("A", email="a.b@x.com"), person("B", email="A.B@x.com"), Reason.EMAIL),
    (company("蓝海科技", email="info@lanhai.cn"), company("Blue Sea", email="hr@lanhai.cn"), Reason.DOMAIN),
    (company("蓝海科技有限公司"), company("蓝海科技股份有限公司"), Reason.NAME),
    (company("Acme Widgets Ltd."), company("ACME Widgets, Inc"), Reason.NAME),
    (company("Northwind Traders"), company("Northwind Tradres"), Reason.NAME),
    (person("张三丰", "+8613812345678"), person("章三丰", "+861012345678"), Reason.PHONE_ENDING),
    (
        person("Maria Müller", email="maria.mueller@gmail.com"),
        person("Muller Maria", email="mariamueller@web.de"),
        Reason.MAILBOX,
    ),
]
OTHERS = [
    (person("张伟"), person("张伟")),  # a common name says nothing
    (person("张三", "+8613812345678"), person("王五", "+861012345678")),
    (person("A", email="info@x.com"), person("B", email="info@y.com")),
    (company("A", email="a@qq.com"), company("B", email="b@qq.com")),
    (company("上海蓝海贸易有限公司"), company("上海红山物流有限公司")),
]


@pytest.mark.parametrize(("one", "other", "reason"), SAME)
def test_who_may_be_one_shares_a_key_and_says_why(one: Identity, other: Identity, reason: Reason) -> None:
    assert set(keys(one)) & set(keys(other))
    match = compare(one, other)
    assert match is not None
    assert reason in match.reasons
    assert compare(other, one) == match
    assert match.exact is (reason in {Reason.PHONE, Reason.EMAIL, Reason.DOMAIN})


@pytest.mark.parametrize(("one", "other"), OTHERS)
def test_who_is_only_a_bit_alike_is_not_named(one: Identity, other: Identity) -> None:
    assert compare(one, other) is None


async def make(client: SubgraphClient, by: Actor, name: str, **given: Any) -> str:
    fields = {"kind": "PERSON", "name": name, **given}
    return str((await client.mutate("createCustomer", "customer { id }", fields, by=by))["customer"]["id"])


async def groups(client: SubgraphClient, by: Actor) -> list[Any]:
    found: list[Any] = (await client.query(GROUPS, by=by)).data["duplicateGroups"]["nodes"]
    return found


async def test_groups_show_what_their_reader_sees_and_no_more(
    client: SubgraphClient, mongo: Mongo, admin: Actor, seller: Actor, support: Actor
) -> None:
    grants = {"Customer": {"READ": "ALL"}}
    await mongo.database["access"].insert_one(role_row("SUPPORT", grants, {"Customer": {"phone": "MASK"}}))
    await mongo.database["access"].insert_one(user_row(seller.id))
    await make(client, seller, "张三", phone="13812345678")
    other = await make(client, admin, "张老三", phone="138 1234 5678")
    await make(client, admin, "李四", phone="13912345679", email="li.si@example.com")
    twin = {"customer": {"name": "张老三"}, "score": 100, "exact": True, "reasons": ["PHONE", "NAME"]}
    assert await groups(client, admin) == [{"customer": {"name": "张三"}, "duplicates": [twin]}]
    assert await groups(client, seller) == []
    assert await groups(client, support) == []  # told by what is hidden from them
    await client.mutate("updateCustomer", "customer { id }", {"id": other, "ownerId": seller.id}, by=admin)
    assert [group["customer"]["name"] for group in await groups(client, seller)] == ["张三"]
    await client.mutate("updateCustomer", "customer { id }", {"id": other, "phone": None}, by=admin)
    assert await groups(client, admin) == []
    await client.mutate("updateCustomer", "customer { id }", {"id": other, "phone": "13812345678"}, by=admin)
    await client.mutate("deleteCustomer", "customer { id }", {"id": other}, by=admin)
    assert await groups(client, admin) == []


async def test_possible_duplicates_of_many_take_as_many_queries_as_of_one(client: SubgraphClient, admin: Actor) -> None:
    for name in "一二三":
        await make(client, admin, name, phone="13812345678")
    await make(client, admin, "四")
    before = commands()
    nodes = (await client.query(POSSIBLE, by=admin)).data["customers"]["nodes"]
    assert commands() - before == 4
    assert [len(node["possibleDuplicates"]) for node in nodes] == [0, 2, 2, 2]


async def test_a_setting_refuses_duplicates_and_tells_nothing_of_others(
    mongo: Mongo, admin: Actor, seller: Actor
) -> None:
    service = customer_service(mongo, refuses_duplicates=True)
    first = await service.create({"kind": "PERSON", "name": "张三", "phone": "13812345678"}, by=admin)
    same = {"kind": "PERSON", "name": "三", "phone": "+86 138 1234 5678"}
    with pytest.raises(DuplicateCustomer) as seen:
        await service.create(same, by=admin)
    assert seen.value.current == first
    with pytest.raises(DuplicateCustomer) as unseen:
        await service.create(same, by=seller)
    assert unseen.value.current is None
    await service.delete(first.id, expected_version=None, by=admin)
    await service.create(same, by=seller)


async def test_customers_of_an_earlier_release_get_their_keys(mongo: Mongo, admin: Actor) -> None:
    made = await customer_service(mongo).create({"kind": "PERSON", "name": "张三", "phone": "13812345678"}, by=admin)
    await mongo.database["customers"].update_one({"_id": made.id}, {"$unset": {"match": "", "search": ""}})
    assert await CustomerRepository(mongo.database).fill_search() == 1
    stored = await mongo.database["customers"].find_one({"_id": made.id})
    assert stored is not None
    assert "phone:+8613812345678" in stored["match"]
    assert stored["search"]["name"]
