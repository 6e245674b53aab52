"""Saved views: kept, shared, and never wider than what one sees."""

from typing import Any

from access_rows import role_row, user_row
from subgraph_client import SubgraphClient

from rapport_shared.actor import Actor
from rapport_shared.mongo import Mongo

VIEW = "savedView { id name version filter orderBy columns hiddenFields sharedRoles }"
VIEWS = "{ savedViews { name filter orderBy columns hiddenFields } }"
FIND = """query($filter: CustomerFilter, $order: [CustomerOrder!]) {
    customers(filter: $filter, orderBy: $order) { nodes { name } } }"""
FILTER = {"stage": {"in": ["LEAD", "OPPORTUNITY"]}, "createdAt": {"gte": "2026-01-01T00:00:00.000Z"}}
BY_PHONE = {"or": [{"phone": {"eq": "+8613812345678"}}, {"custom": [{"key": "size", "gt": 5}]}]}
ORDER = [{"field": "CREATED_AT", "direction": "DESC"}]


async def save(client: SubgraphClient, by: Actor, name: str = "潜在客户", **given: Any) -> Any:
    return await client.mutate("createSavedView", VIEW, {"name": name, **given}, by=by)


async def names(client: SubgraphClient, by: Actor) -> list[str]:
    return [view["name"] for view in (await client.query(VIEWS, by=by)).data["savedViews"]]


def codes(payload: Any) -> list[str]:
    return [error["code"] for error in payload["userErrors"]]


async def test_a_view_gives_back_the_arguments_of_the_list(client: SubgraphClient, admin: Actor) -> None:
    made = (await save(client, admin, filter=FILTER, orderBy=ORDER, columns=["name", "stage", "ownerId"]))["savedView"]
    assert (made["filter"], made["orderBy"]) == (FILTER, ORDER)
    await client.mutate("createCustomer", "customer { id }", {"kind": "PERSON", "name": "张三"}, by=admin)
    answer = await client.query(FIND, {"filter": made["filter"], "order": made["orderBy"]}, by=admin)
    assert answer.data["customers"]["nodes"] == [{"name": "张三"}]
    changed = await client.mutate("updateSavedView", VIEW, {"id": made["id"], "orderBy": None}, by=admin)
    assert (changed["savedView"]["filter"], changed["savedView"]["orderBy"]) == (FILTER, [])


async def test_what_the_list_refuses_is_refused_when_saved(client: SubgraphClient, admin: Actor) -> None:
    document = "mutation($input: CreateSavedViewInput!) { createSavedView(input: $input) { userErrors { code } } }"
    for given, code in (
        ({"filter": {"custom": [{"key": "alien", "eq": 1}]}}, "UNKNOWN_CUSTOM_FIELD"),
        ({"orderBy": [{"custom": "alien"}]}, "UNKNOWN_CUSTOM_FIELD"),
        ({"filter": {"or": []}}, "BAD_USER_INPUT"),
        ({"filter": {"shoeSize": {"eq": 1}}}, "GRAPHQL_VALIDATION_FAILED"),
    ):
        answer = await client.query(document, {"input": {"name": "x", **given}}, by=admin)
        assert answer.codes in ([code], ["BAD_USER_INPUT"]), (given, answer.body)
    assert codes(await save(client, admin, columns=["name", "shoeSize"])) == ["INVALID_VIEW"]
    assert codes(await save(client, admin, " ")) == ["INVALID_VIEW"]
    assert await names(client, admin) == []


async def test_views_are_private_or_shared_with_roles_and_teams(
    client: SubgraphClient, admin: Actor, mongo: Mongo
) -> None:
    seller, mate = Actor("usr_seller", "SALES", "ses_2"), Actor("usr_mate", "SUPPORT", "ses_4")
    rows = [user_row(each.id, role=each.role, team_id="tem_1") for each in (seller, mate)]
    await mongo.database["access"].insert_many(rows)
    await save(client, admin, "mine")
    await save(client, admin, "sellers", sharedRoles=["SALES"])
    own = (await save(client, seller, "team", sharedTeamIds=["tem_1"]))["savedView"]
    assert await names(client, seller) == ["sellers", "team"]
    assert await names(client, mate) == ["team"]
    assert await names(client, admin) == ["mine", "sellers"]
    assert codes(await save(client, seller, sharedRoles=["ADMIN"])) == ["INVALID_SHARING"]
    assert codes(await save(client, seller, sharedTeamIds=["tem_2"])) == ["INVALID_SHARING"]
    taken = await client.mutate("deleteSavedView", VIEW, {"id": own["id"]}, by=mate)
    assert codes(taken) == ["NOT_FOUND"]
    await client.mutate("deleteSavedView", VIEW, {"id": own["id"]}, by=seller)
    assert await names(client, mate) == []
    assert (await client.query(VIEWS, by=Actor("usr_x", "NOBODY", "ses_9"))).codes == ["FORBIDDEN"]


async def test_a_view_says_which_of_its_fields_are_hidden_and_does_not_show_them(
    client: SubgraphClient, admin: Actor, mongo: Mongo
) -> None:
    hides = {"Customer": {"phone": "MASK", "custom.size": "MASK"}}
    grants = {"Customer": {"READ": "ALL"}, "SavedView": {"READ": "OWN"}}
    await mongo.database["access"].insert_one(role_row("SHY", grants, hides))
    field = {"key": "size", "type": "NUMBER", "label": "Size"}
    await client.mutate("defineCustomField", "customField { id }", field, by=admin)
    columns = ["name", "phone", "custom.size"]
    assert codes(await save(client, admin, filter=BY_PHONE, columns=columns, sharedRoles=["SHY"])) == []
    shy = Actor("usr_shy", "SHY", "ses_7")
    hidden = ["custom.size", "phone"]
    answer = await client.query(VIEWS, by=shy)
    assert answer.data["savedViews"] == [
        {"name": "潜在客户", "filter": None, "orderBy": [], "columns": ["name"], "hiddenFields": hidden}
    ]
    customer = {"kind": "PERSON", "name": "李四", "custom": [{"key": "size", "value": 7}]}
    await client.mutate("createCustomer", "customer { id }", customer, by=admin)
    seen = await client.query("{ customers { nodes { name hiddenFields custom { key value display } } } }", by=shy)
    [node] = seen.data["customers"]["nodes"]
    assert node["custom"] == [{"key": "size", "value": None, "display": None}]
    assert node["hiddenFields"] == hidden
    for asked in ({"filter": {"custom": [{"key": "size", "gt": 5}]}}, {"order": [{"custom": "size"}]}):
        assert (await client.query(FIND, asked, by=shy)).codes == ["FORBIDDEN_FIELD"]
