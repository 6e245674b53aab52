"""Deals, pipelines and products as clients meet them."""

from datetime import timedelta
from typing import Any

import pytest
from access_rows import role_row, user_row
from database_calls import commands
from subgraph_client import SubgraphClient

from rapport_customers.app import pipeline_service
from rapport_shared.actor import Actor
from rapport_shared.clock import ManualClock
from rapport_shared.mongo import Mongo

DEAL = """deal { id version name stage status amount { amount currency } lines { name quantity total { amount } }
  stages { stage reason byId } closedAt customer { id name } pipeline { name } }"""


@pytest.fixture(autouse=True)
async def standard(mongo: Mongo, clock: ManualClock) -> None:
    await pipeline_service(mongo, clock).ensure_standard()


async def customer(client: SubgraphClient, by: Actor, name: str = "蓝海科技") -> str:
    made = await client.mutate("createCustomer", "customer { id }", {"kind": "COMPANY", "name": name}, by=by)
    return str(made["customer"]["id"])


async def create(client: SubgraphClient, customer_id: str, by: Actor, **given: Any) -> Any:
    return await client.mutate("createDeal", DEAL, {"customerId": customer_id, "name": "年度授权", **given}, by=by)


def line(quantity: str = "3", price: str = "199.90", currency: str = "CNY") -> dict[str, Any]:
    return {"name": "Seat", "quantity": quantity, "unitPrice": {"amount": price, "currency": currency}}


async def test_a_deal_begins_in_the_first_stage_and_is_worth_its_lines(client: SubgraphClient, seller: Actor) -> None:
    about = await customer(client, seller)
    deal = (await create(client, about, seller, lines=[line(), line("0.5", "100")]))["deal"]
    assert (deal["stage"], deal["status"], deal["customer"]["id"]) == ("QUALIFIED", "OPEN", about)
    assert deal["amount"] == {"amount": "649.70", "currency": "CNY"}
    assert [given["total"]["amount"] for given in deal["lines"]] == ["599.70", "50.00"]
    assert deal["pipeline"]["name"] == "Sales"


async def test_an_amount_that_is_given_stays_until_the_lines_change(client: SubgraphClient, seller: Actor) -> None:
    about = await customer(client, seller)
    deal = (await create(client, about, seller, amount={"amount": "5", "currency": "USD"}))["deal"]
    assert deal["amount"] == {"amount": "5.00", "currency": "USD"}
    changed = (await client.mutate("updateDeal", DEAL, {"id": deal["id"], "lines": [line()]}, by=seller))["deal"]
    assert changed["amount"] == {"amount": "599.70", "currency": "CNY"}
    cleared = (await client.mutate("updateDeal", DEAL, {"id": deal["id"], "lines": None}, by=seller))["deal"]
    assert (cleared["amount"], cleared["lines"]) == (None, [])


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"amount": {"amount": "1.005", "currency": "CNY"}}, "INVALID_MONEY"),
        ({"amount": {"amount": "1", "currency": "XXQ"}}, "INVALID_MONEY"),
        ({"amount": {"amount": "1e20", "currency": "CNY"}}, "INVALID_MONEY"),
        ({"lines": [line(), line(currency="USD")]}, "INVALID_LINES"),
        ({"lines": [line("0")]}, "INVALID_LINES"),
        ({"lines": [line("1.00001")]}, "INVALID_LINES"),
        ({"lines": [line(price="-1")]}, "INVALID_LINES"),
        ({"lines": [{**line(), "productId": "prd_none"}]}, "PRODUCT_NOT_FOUND"),
        ({"pipelineId": "pip_none"}, "PIPELINE_NOT_FOUND"),
        ({"stage": "NOWHERE"}, "STAGE_NOT_FOUND"),
        ({"name": " "}, "INVALID_NAME"),
        ({"customerId": "cus_none"}, "CUSTOMER_NOT_FOUND"),
    ],
)
async def test_bad_deals_are_refused(
    client: SubgraphClient, mongo: Mongo, seller: Actor, given: dict[str, Any], code: str
) -> None:
    answer = await create(client, await customer(client, seller), seller, **given)
    assert [error["code"] for error in answer["userErrors"]] == [code]
    assert await mongo.database["deals"].count_documents({}) == 0


async def test_a_deal_moves_through_its_stages(client: SubgraphClient, clock: ManualClock, seller: Actor) -> None:
    deal = (await create(client, await customer(client, seller), seller))["deal"]
    clock.advance(timedelta(days=1))
    refused = await client.mutate("moveDeal", DEAL, {"id": deal["id"], "stage": "LOST"}, by=seller)
    assert [error["code"] for error in refused["userErrors"]] == ["REASON_REQUIRED"]
    lost = await client.mutate("moveDeal", DEAL, {"id": deal["id"], "stage": "LOST", "reason": "价格"}, by=seller)
    assert (lost["deal"]["status"], lost["deal"]["closedAt"]) == ("LOST", "2026-03-02T09:00:00.000Z")
    again = {"id": deal["id"], "stage": "PROPOSAL", "reason": "new budget"}
    taken_up = (await client.mutate("moveDeal", DEAL, again, by=seller))["deal"]
    assert (taken_up["status"], taken_up["closedAt"], taken_up["version"]) == ("OPEN", None, 3)
    assert [(entry["stage"], entry["reason"]) for entry in taken_up["stages"]] == [
        ("QUALIFIED", None),
        ("LOST", "价格"),
        ("PROPOSAL", "new budget"),
    ]


CHAIN = "decisionChain { own members { role contact { name } } gaps }"


async def contact(client: SubgraphClient, by: Actor, customer_id: str, name: str, role: str | None = None) -> str:
    given = {"customerId": customer_id, "name": name, "role": role}
    return str((await client.mutate("createContact", "contact { id }", given, by=by))["contact"]["id"])


async def test_a_deal_may_name_its_own_decision_chain(client: SubgraphClient, seller: Actor) -> None:
    about, elsewhere = await customer(client, seller), await customer(client, seller)
    boss, expert = (
        await contact(client, seller, about, "王总", "APPROVER"),
        await contact(client, seller, about, "赵工"),
    )
    stranger = await contact(client, seller, elsewhere, "外人", "BUYER")
    deal = (await client.mutate("createDeal", f"deal {{ id {CHAIN} }}", {"customerId": about, "name": "A"}, by=seller))[
        "deal"
    ]
    assert deal["decisionChain"] == {
        "own": False,
        "members": [{"role": "APPROVER", "contact": {"name": "王总"}}],
        "gaps": ["BUYER", "TECH_EVALUATOR"],
    }

    async def name(chain: Any) -> Any:
        given = {"id": deal["id"], "decisionChain": chain}
        return await client.mutate("updateDeal", f"deal {{ version {CHAIN} }}", given, by=seller)

    parts = [{"contactId": expert, "role": "TECH_EVALUATOR"}, {"contactId": boss, "role": "BUYER"}]
    named = (await name(parts))["deal"]
    assert named["decisionChain"] == {
        "own": True,
        "members": [
            {"role": "TECH_EVALUATOR", "contact": {"name": "赵工"}},
            {"role": "BUYER", "contact": {"name": "王总"}},
        ],
        "gaps": ["APPROVER"],
    }
    for wrong, code in (
        ([*parts, {"contactId": stranger, "role": "APPROVER"}], "CONTACT_NOT_FOUND"),
        ([*parts, {"contactId": boss, "role": "APPROVER"}], "INVALID_DECISION_CHAIN"),
    ):
        assert [error["code"] for error in (await name(wrong))["userErrors"]] == [code]
    await client.mutate("deleteContact", "contact { id }", {"id": expert}, by=seller)
    document = f"query($id: ID!) {{ deal(id: $id) {{ version {CHAIN} }} }}"
    left = (await client.query(document, {"id": deal["id"]}, by=seller)).data["deal"]
    assert (left["version"], left["decisionChain"]["gaps"]) == (named["version"], ["TECH_EVALUATOR", "APPROVER"])
    assert [member["role"] for member in left["decisionChain"]["members"]] == ["BUYER"]
    assert (await name(None))["deal"]["decisionChain"]["own"] is False


async def test_chains_tell_no_part_that_a_role_hides(client: SubgraphClient, mongo: Mongo, seller: Actor) -> None:
    grants = {"Customer": {"READ": "ALL"}, "Contact": {"READ": "ALL"}, "Deal": {"READ": "ALL"}}
    await mongo.database["access"].insert_one(role_row("BLIND", grants, {"Contact": {"role": "MASK"}}))
    about = await customer(client, seller)
    boss = await contact(client, seller, about, "王总", "APPROVER")
    await create(client, about, seller)
    await create(client, about, seller, decisionChain=[{"contactId": boss, "role": "BUYER"}])
    document = (
        f"{{ deals {{ nodes {{ {CHAIN} }} }} customers {{ nodes {{ decisionChain {{ gaps members {{ name }} }} }} }} }}"
    )
    seen = (await client.query(document, by=Actor("usr_blind", "BLIND", "ses_9"))).data
    nobody: dict[str, list[Any]] = {"gaps": [], "members": []}
    assert [node["decisionChain"] for node in seen["deals"]["nodes"]] == [
        {"own": True, "gaps": [], "members": [{"role": None, "contact": {"name": "王总"}}]},
        {"own": False, **nobody},
    ]
    assert seen["customers"]["nodes"] == [{"decisionChain": nobody}]


async def test_deals_follow_their_customer_to_its_new_owner(
    client: SubgraphClient, mongo: Mongo, seller: Actor, admin: Actor
) -> None:
    await mongo.database["access"].insert_one(user_row("usr_other"))
    other = Actor("usr_other", "SALES", "ses_9")
    about = await customer(client, seller)
    await create(client, about, seller)
    listed = "{ deals { totalCount } }"
    assert (await client.query(listed, by=other)).data["deals"]["totalCount"] == 0
    given = {"id": about, "ownerId": "usr_other"}
    await client.mutate("updateCustomer", "customer { id }", given, by=admin)
    assert (await client.query(listed, by=other)).data["deals"]["totalCount"] == 1
    assert (await client.query(listed, by=seller)).data["deals"]["totalCount"] == 0


async def test_nobody_makes_deals_of_a_customer_out_of_reach(
    client: SubgraphClient, seller: Actor, admin: Actor
) -> None:
    answer = await create(client, await customer(client, admin), seller)
    assert [error["code"] for error in answer["userErrors"]] == ["CUSTOMER_NOT_FOUND"]


async def test_deals_below_customers_take_one_query(client: SubgraphClient, seller: Actor) -> None:
    for name in ("A", "B", "C"):
        await create(client, await customer(client, seller, name), seller)
    document = "{ customers { nodes { name deals(first: 2) { nodes { name customer { name } } totalCount } } } }"
    before = commands()
    nodes = (await client.query(document, by=seller)).data["customers"]["nodes"]
    assert commands() - before == 4  # customers, deals, their counts, the deals' customers
    assert [node["deals"]["nodes"][0]["customer"]["name"] for node in nodes] == [node["name"] for node in nodes]


async def test_deals_are_filtered_and_sorted_by_amount(client: SubgraphClient, seller: Actor) -> None:
    about = await customer(client, seller)
    for amount in ("10", "9.5", "200"):
        await create(client, about, seller, name=amount, amount={"amount": amount, "currency": "CNY"})
    await create(client, about, seller, name="none")
    document = (
        """{ deals(filter: {amount: {gte: "9.5"}}, orderBy: [{field: AMOUNT, direction: DESC}]) { nodes { name } } }"""
    )
    listed = (await client.query(document, by=seller)).data["deals"]["nodes"]
    assert [node["name"] for node in listed] == ["200", "10", "9.5"]
    everything = "{ deals(orderBy: [{field: AMOUNT}]) { nodes { name } } }"
    listed = (await client.query(everything, by=seller)).data["deals"]["nodes"]
    assert [node["name"] for node in listed] == ["none", "9.5", "10", "200"]


async def test_a_stage_in_which_deals_stand_stays(client: SubgraphClient, seller: Actor, admin: Actor) -> None:
    await create(client, await customer(client, seller), seller)
    listed = "{ pipelines { nodes { id stages { key name kind probability } } } }"
    pipeline = (await client.query(listed, by=seller)).data["pipelines"]["nodes"][0]
    without = [stage for stage in pipeline["stages"] if stage["key"] != "QUALIFIED"]
    given = {"id": pipeline["id"], "stages": without}
    refused = await client.mutate("updatePipeline", "pipeline { id }", given, by=admin)
    assert [error["code"] for error in refused["userErrors"]] == ["STAGE_IN_USE"]
    without = [stage for stage in pipeline["stages"] if stage["key"] != "PROPOSAL"]
    done = await client.mutate("updatePipeline", "pipeline { version }", {**given, "stages": without}, by=admin)
    assert done["pipeline"]["version"] == 2
    forbidden = await client.mutate("updatePipeline", "pipeline { id }", {**given, "stages": without}, by=seller)
    assert [error["code"] for error in forbidden["userErrors"]] == ["FORBIDDEN"]


async def test_products_are_of_unique_codes_and_made_by_managers(
    client: SubgraphClient, seller: Actor, admin: Actor
) -> None:
    given = {"code": "SEAT", "name": "Seat", "unitPrice": {"amount": "199.9", "currency": "CNY"}}
    refused = await client.mutate("createProduct", "product { id }", given, by=seller)
    assert [error["code"] for error in refused["userErrors"]] == ["FORBIDDEN"]
    made = await client.mutate("createProduct", "product { id unitPrice { amount } }", given, by=admin)
    assert made["product"]["unitPrice"]["amount"] == "199.90"
    again = await client.mutate("createProduct", "product { id }", given, by=admin)
    assert [error["code"] for error in again["userErrors"]] == ["PRODUCT_CODE_TAKEN"]
    about = await customer(client, seller)
    lines = [{**line(), "productId": made["product"]["id"]}]
    assert (await create(client, about, seller, lines=lines))["userErrors"] == []
    gone = {"id": made["product"]["id"], "active": False}
    await client.mutate("updateProduct", "product { id }", gone, by=admin)
    refused = await create(client, about, seller, lines=lines)
    assert [error["code"] for error in refused["userErrors"]] == ["PRODUCT_NOT_FOUND"]


async def test_service_reads_deals_and_may_not_say_what_they_are_worth(
    client: SubgraphClient, mongo: Mongo, seller: Actor, support: Actor
) -> None:
    deal = (await create(client, await customer(client, seller), seller, amount=money("10")))["deal"]
    before = await mongo.database["deals"].find_one({})
    for given in ({"amount": money("1")}, {"amount": None}, {"lines": [line()]}, {"name": "x", "lines": None}):
        refused = await client.mutate("updateDeal", DEAL, {"id": deal["id"], **given}, by=support)
        assert [error["code"] for error in refused["userErrors"]] == ["FORBIDDEN_FIELD"]
    assert await mongo.database["deals"].find_one({}) == before
    renamed = await client.mutate("updateDeal", DEAL, {"id": deal["id"], "name": "续约"}, by=support)
    assert (renamed["deal"]["name"], renamed["deal"]["amount"]["amount"]) == ("续约", "10.00")


def money(amount: str) -> dict[str, str]:
    return {"amount": amount, "currency": "CNY"}
