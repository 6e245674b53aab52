"""What customers are found by."""

import re
from datetime import timedelta
from typing import Any

import pytest
from access_rows import role_row
from database_calls import commands
from hypothesis import given, settings
from hypothesis import strategies as st
from subgraph_client import SubgraphClient

from rapport_customers.customers.repository import INDEXES, CustomerRepository
from rapport_customers.customers.search import best_first, search_condition, tokens
from rapport_shared.actor import Actor
from rapport_shared.clock import ManualClock
from rapport_shared.mongo import Mongo


def finds(text: str, **of: str | None) -> bool:
    values: dict[str, Any] = {"name": "张三丰", "phone": None, "email": None, "external_id": None, **of}
    held = tokens(**values)

    def holds(condition: dict[str, object]) -> bool:
        match condition:
            case {"$and": list(parts)}:
                return all(map(holds, parts))
            case {"$or": list(parts)}:
                return any(map(holds, parts))
        (path, wanted), *_ = condition.items()
        match wanted:
            case {"$regex": str(pattern)}:
                return any(re.search(pattern, token) for token in held[path.removeprefix("search.")])
        return False

    return holds(search_condition(text))


@pytest.mark.parametrize("text", ["张三丰", "张", "三丰", "丰", "zhangs", "zsf", "zs", "sanf", "ZhangSanFeng", "Ｚｓ"])
def test_a_chinese_name_is_found_by_characters_pinyin_and_initials(text: str) -> None:
    assert finds(text)


@pytest.mark.parametrize("text", ["张丰", "san zhao", "hang", "李", "zf", "!", "zhang li"])
def test_and_not_by_what_it_does_not_hold(text: str) -> None:
    assert not finds(text)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("曾国藩", "zeng"),
        ("单雄信", "shan"),
        ("Müller & Söhne GmbH", "muller so"),
        ("Müller & Söhne GmbH", "MÜLLER"),
        ("O'Brien", "o'br"),
        ("蓝海科技 Blue Ocean", "lanhai blue"),
        ("蓝海科技Blue", "kj"),
        ("蓝海科技Blue", "blue"),
        ("🚀 Rocket", "rock"),
        ("北京百度网讯科技有限公司深圳分公司", "baidu"),
        ("北京百度网讯科技有限公司深圳分公司", "szfgs"),
    ],
)
def test_names_of_all_kinds_are_found(name: str, text: str) -> None:
    assert finds(text, name=name)


@pytest.mark.parametrize("text", ["13812345678", "+86 138 1234", "5678", "1234", "0138", "(138) 1234-5678", "678"])
def test_a_phone_number_is_found_by_any_part_of_it(text: str) -> None:
    assert finds(text, phone="+8613812345678")


def test_mail_addresses_and_foreign_ids_are_found_by_their_parts() -> None:
    for text in ("zsf@wudang.example", "zsf@wu", "wudang", "kung fu"):
        assert finds(text, name="?", email="zsf@wudang.example") is (text != "kung fu")
    assert finds("chinook:12", name="?", external_id="chinook:12")


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=60), st.data())
def test_any_name_is_found_by_its_own_words(name: str, data: st.DataObject) -> None:
    held = tokens(name=name, phone=None, email=None, external_id=None)["name"]
    held = [token for token in held if not token.isdigit()]
    if held:
        token = data.draw(st.sampled_from(held))
        assert finds(token, name=name)


async def test_customers_are_searched_through_the_api(client: SubgraphClient, seller: Actor) -> None:
    for name, phone in (("张三", "+8613812345678"), ("李四", "+8613912345678")):
        given_ = {"kind": "PERSON", "name": name, "phone": phone}
        made = await client.mutate("createCustomer", "customer { id }", given_, by=seller)
    document = "query($text: String) { customers(search: $text) { nodes { name } totalCount } }"

    async def names(text: str) -> list[str]:
        found = (await client.query(document, {"text": text}, by=seller)).data["customers"]["nodes"]
        return sorted(node["name"] for node in found)

    assert [await names(text) for text in ("zs", "zhangs", "三", "1391", "12345", "zs 139")] == [
        ["张三"],
        ["张三"],
        ["张三"],
        ["李四"],
        ["张三", "李四"],
        [],
    ]
    changed = {"id": made["customer"]["id"], "name": "王五"}
    await client.mutate("updateCustomer", "customer { id }", changed, by=seller)
    assert [await names(text) for text in ("ls", "ww")] == [[], ["王五"]]


async def found(client: SubgraphClient, by: Actor, text: str, **asked: Any) -> Any:
    document = """query($text: String, $first: Int, $after: String, $last: Int, $before: String,
            $order: [CustomerOrder!]) {
        customers(search: $text, first: $first, after: $after, last: $last, before: $before, orderBy: $order) {
            nodes { name } pageInfo { endCursor startCursor hasNextPage hasPreviousPage } } }"""
    answer = await client.query(document, {"text": text, **asked}, by=by)
    return answer.codes or answer.data["customers"]


def names_of(page: Any) -> list[str]:
    return [node["name"] for node in page["nodes"]]


async def test_what_is_searched_for_comes_before_what_only_holds_it(
    client: SubgraphClient, seller: Actor, clock: ManualClock
) -> None:
    for name in ("张三", "Anna Lee", "李张三", "张三丰", "Ann", "Annabel Ann", "Anna"):
        await client.mutate("createCustomer", "customer { id }", {"kind": "PERSON", "name": name}, by=seller)
        clock.advance(timedelta(minutes=1))
    assert names_of(await found(client, seller, "张三")) == ["张三", "李张三", "张三丰"]
    assert names_of(await found(client, seller, "zs")) == ["李张三", "张三", "张三丰"]
    best = ["Ann", "Annabel Ann", "Anna", "Anna Lee"]
    assert names_of(await found(client, seller, "Ann")) == best
    assert names_of(await found(client, seller, "ann", order=[{"field": "NAME"}])) == sorted(best)
    forward: list[str] = []
    backward: list[str] = []
    after = before = None
    for _ in best:
        page = await found(client, seller, "Ann", first=1, after=after)
        forward, after = forward + names_of(page), page["pageInfo"]["endCursor"]
        page = await found(client, seller, "Ann", last=1, before=before)
        backward, before = names_of(page) + backward, page["pageInfo"]["startCursor"]
    assert (forward, backward, page["pageInfo"]["hasPreviousPage"]) == (best, best, False)
    assert await found(client, seller, "Ann", first=1, after="x") == ["BAD_USER_INPUT"]
    plain = await client.query("{ customers(first: 1) { pageInfo { endCursor } } }", by=seller)
    cursor = plain.data["customers"]["pageInfo"]["endCursor"]
    assert await found(client, seller, "Ann", first=1, after=cursor) == ["BAD_USER_INPUT"]


async def test_a_hidden_value_ranks_nobody(
    client: SubgraphClient, mongo: Mongo, admin: Actor, clock: ManualClock
) -> None:
    blind = Actor("usr_blind", "BLIND", "ses_9")
    role = role_row("BLIND", {"Customer": {"READ": "ALL"}}, {"Customer": {"email": "MASK", "externalId": "MASK"}})
    await mongo.database["access"].insert_one(role)
    for name, external in (("abc one", "abc"), ("abc two", None)):
        given_ = {"kind": "PERSON", "name": name, "externalId": external}
        await client.mutate("createCustomer", "customer { id }", given_, by=admin)
        clock.advance(timedelta(minutes=1))
    assert names_of(await found(client, admin, "abc")) == ["abc one", "abc two"]
    assert names_of(await found(client, blind, "abc")) == ["abc two", "abc one"]


async def test_a_ranked_page_takes_as_many_queries_whatever_its_size(client: SubgraphClient, seller: Actor) -> None:
    for number in range(5):
        given_ = {"kind": "PERSON", "name": f"Ann {number}"}
        await client.mutate("createCustomer", "customer { id }", given_, by=seller)
    costs = set()
    for size in (1, 20):
        before = commands()
        await found(client, seller, "an", first=size)
        costs.add(commands() - before)
    assert costs == {3}


@pytest.mark.parametrize("text", ["张三", "Ann Lee", "138 1234", "a@b.example", "?"])
def test_ranks_go_by_indexes(text: str) -> None:
    of_customers = [[name for name, _ in index.keys] for index in INDEXES]
    indexed_fields = {keys[1] for keys in of_customers if keys[0] == "deleted"} | {keys[0] for keys in of_customers}
    for rank in best_first(text):
        fields = {name for part in rank.get("$and", [rank]) for each in part.get("$or", [part]) for name in each}
        assert fields <= indexed_fields | {"_id"}


async def test_customers_of_an_earlier_release_are_found_after_migrate(
    client: SubgraphClient, mongo: Mongo, seller: Actor
) -> None:
    given_ = {"kind": "PERSON", "name": "张三"}
    await client.mutate("createCustomer", "customer { id }", given_, by=seller)
    await mongo.database["customers"].update_many({}, {"$unset": {"search": ""}})
    document = '{ customers(search: "zs") { totalCount } }'
    assert (await client.query(document, by=seller)).data["customers"]["totalCount"] == 0
    repository = CustomerRepository(mongo.database)
    assert [await repository.fill_search() for _ in range(2)] == [1, 0]
    assert (await client.query(document, by=seller)).data["customers"]["totalCount"] == 1
