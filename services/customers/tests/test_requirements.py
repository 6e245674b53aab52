"""What customers have to have, and which of their fields are not changed without a reason."""

from typing import Any

from subgraph_client import SubgraphClient

from rapport_customers.handling.requirements import STANDARD_OF_COMPANIES, STANDARD_OF_PERSONS
from rapport_shared.actor import Actor

PERSON = {"kind": "PERSON", "name": "张三", "phone": "13812345678", "source": "展会"}
COMPANY = {
    "kind": "COMPANY",
    "name": "上海某某公司",
    "industry": "电商",
    "contactPerson": "王经理",
    "companySize": "50-99",
}


async def require(client: SubgraphClient, by: Actor, **changes: Any) -> Any:
    handling = "handling { requiredOfPersons requiredOfCompanies reasonRequired }"
    return await client.mutate("updateCustomerHandling", handling, changes, by=by)


async def create(client: SubgraphClient, by: Actor, given: dict[str, Any], **but: Any) -> Any:
    wanted = {name: value for name, value in {**given, **but}.items() if value is not None}
    return await client.mutate("createCustomer", "customer { id industry wechat }", wanted, by=by)


async def update(client: SubgraphClient, by: Actor, identifier: str, **changes: Any) -> Any:
    return await client.mutate("updateCustomer", "customer { id }", {"id": identifier, **changes}, by=by)


def wrong(payload: Any) -> list[tuple[str, str]]:
    return [(error["code"], ".".join(error["path"][1:])) for error in payload["userErrors"]]


def missing(*fields: str) -> list[tuple[str, str]]:
    return [("REQUIRED_FIELD_MISSING", field) for field in fields]


async def test_new_customers_have_what_their_kind_requires(client: SubgraphClient, admin: Actor) -> None:
    assert wrong(await create(client, admin, {"kind": "PERSON", "name": "张三"})) == []
    standard = {"requiredOfPersons": STANDARD_OF_PERSONS, "requiredOfCompanies": STANDARD_OF_COMPANIES}
    assert wrong(await require(client, admin, **standard)) == []
    assert wrong(await create(client, admin, PERSON)) == []
    assert wrong(await create(client, admin, PERSON, phone=None, wechat="zhang3")) == []
    assert wrong(await create(client, admin, {"kind": "PERSON", "name": "张三"})) == missing("phone", "source")
    made = await create(client, admin, COMPANY)
    assert made["customer"]["industry"] == "电商"
    for field in ("industry", "contactPerson", "companySize"):
        assert wrong(await create(client, admin, COMPANY, **{field: None})) == missing(field)


async def test_what_is_required_is_not_taken_away(client: SubgraphClient, admin: Actor) -> None:
    old = (await create(client, admin, {"kind": "PERSON", "name": "李四"}))["customer"]["id"]
    await require(client, admin, requiredOfPersons=STANDARD_OF_PERSONS, requiredOfCompanies=STANDARD_OF_COMPANIES)
    new = (await create(client, admin, PERSON))["customer"]["id"]
    assert wrong(await update(client, admin, new, phone=None)) == missing("phone")
    assert wrong(await update(client, admin, new, phone=None, email="zhang@example.com")) == []
    assert wrong(await update(client, admin, new, kind="COMPANY")) == missing(
        "industry", "contactPerson", "companySize"
    )
    assert wrong(await update(client, admin, old, name="李四四")) == []


async def test_custom_fields_can_be_required_of_one_kind(client: SubgraphClient, admin: Actor) -> None:
    field = {"key": "taxNumber", "type": "TEXT", "label": "税号"}
    await client.mutate("defineCustomField", "customField { id }", field, by=admin)
    await require(client, admin, requiredOfCompanies=[["custom.taxNumber"]])
    assert wrong(await create(client, admin, PERSON)) == []
    assert wrong(await create(client, admin, COMPANY)) == missing("custom.taxNumber")
    assert wrong(await create(client, admin, COMPANY, custom=[{"key": "taxNumber", "value": "91"}])) == []


async def test_settings_name_fields_that_there_are(client: SubgraphClient, admin: Actor, seller: Actor) -> None:
    bad: list[dict[str, Any]] = [
        {"requiredOfPersons": [["shoeSize"]]},
        {"requiredOfPersons": [[]]},
        {"reasonRequired": ["version"]},
    ]
    for given in bad:
        assert [code for code, _ in wrong(await require(client, admin, **given))] == ["INVALID_FIELD_NAMES"]
    assert wrong(await require(client, seller, reasonRequired=["stage"])) == [("FORBIDDEN", "")]


async def test_fields_that_ask_for_a_reason_are_settings(client: SubgraphClient, admin: Actor) -> None:
    field = {"key": "grade", "type": "TEXT", "label": "等级"}
    await client.mutate("defineCustomField", "customField { id }", field, by=admin)
    customer = (await create(client, admin, PERSON))["customer"]["id"]
    await require(client, admin, reasonRequired=["phone", "custom.grade", "deletedAt"])
    graded = {"custom": [{"key": "grade", "value": "A"}]}
    for changes in ({"phone": "13912345678"}, graded):
        assert wrong(await update(client, admin, customer, **changes)) == [("REASON_REQUIRED", "reason")]
    assert wrong(await update(client, admin, customer, name="王五")) == []
    when = "2026-02-01T08:00:00.000Z"
    assert wrong(await update(client, admin, customer, **graded, reason="客户升级", occurredAt=when)) == []
    gone = await client.mutate("deleteCustomer", "customer { id }", {"id": customer}, by=admin)
    assert wrong(gone) == [("REASON_REQUIRED", "reason")]
    query = "{ lateCustomerChanges { totalCount nodes { reason occurredAt byId changes { field before after } } } }"
    answer = await client.query(query, by=admin)
    assert answer.data["lateCustomerChanges"] == {
        "totalCount": 1,
        "nodes": [
            {
                "reason": "客户升级",
                "occurredAt": when,
                "byId": admin.id,
                "changes": [{"field": "custom.grade", "before": None, "after": "A"}],
            }
        ],
    }
