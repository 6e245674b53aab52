"""Bad input at the gateway: a clear error with a stable code, and nothing changed."""

import json
import urllib.error
import urllib.request
from typing import Any

import pytest
from gql.transport.exceptions import TransportQueryError
from staff import Staff, make_customer

RECORD = {"channel": "SMS", "content": "x"}


async def count(by: Staff) -> Any:
    return await by.ask("{ customers { totalCount } interactions { totalCount } tasks { totalCount } }")


@pytest.mark.parametrize(
    ("field", "given", "code", "path"),
    [
        ("createCustomer", {"kind": "PERSON", "name": "  "}, "INVALID_NAME", "name"),
        ("createCustomer", {"kind": "PERSON", "name": "x", "phone": "12"}, "INVALID_PHONE", "phone"),
        ("createCustomer", {"kind": "PERSON", "name": "x", "email": "x"}, "INVALID_EMAIL", "email"),
        ("createCustomer", {"kind": "PERSON", "name": "x", "ownerId": "usr_none"}, "OWNER_NOT_FOUND", "ownerId"),
        ("updateCustomer", {"id": "cus_none", "name": "x"}, "NOT_FOUND", "id"),
        ("deleteCustomer", {"id": "not an id"}, "NOT_FOUND", "id"),
        (
            "recordInteraction",
            {"customerId": "cus_none", "channel": "SMS", "content": "x"},
            "CUSTOMER_NOT_FOUND",
            "customerId",
        ),
        ("updateInteraction", {"id": "int_none", "content": "x"}, "NOT_FOUND", "id"),
        ("createTask", {"title": ""}, "INVALID_TITLE", "title"),
        ("createTask", {"title": "x", "customerId": "cus_none"}, "CUSTOMER_NOT_FOUND", "customerId"),
        ("createTask", {"title": "x", "assigneeId": "usr_none"}, "ASSIGNEE_NOT_FOUND", "assigneeId"),
        ("completeTask", {"id": "tsk_none"}, "NOT_FOUND", "id"),
    ],
)
async def test_what_a_person_can_mend_is_a_user_error(
    admin: Staff, field: str, given: dict[str, Any], code: str, path: str
) -> None:
    before = await count(admin)
    assert (await admin.do(field, "__typename", **given))["userErrors"] == [{"code": code, "path": ["input", path]}]
    assert await count(admin) == before


async def test_a_stale_version_changes_nothing_and_shows_the_current_record(admin: Staff) -> None:
    customer = await make_customer(admin)
    changed = await admin.do("updateCustomer", "customer { version }", id=customer, name="李四", expectedVersion=1)
    assert changed == {"customer": {"version": 2}, "userErrors": []}
    stale = await admin.do("updateCustomer", "customer { name version }", id=customer, name="王五", expectedVersion=1)
    assert stale["userErrors"] == [{"code": "VERSION_CONFLICT", "path": ["input", "expectedVersion"]}]
    assert stale["customer"] == {"name": "李四", "version": 2}


@pytest.mark.parametrize(
    ("document", "variables", "code"),
    [
        ("{ customers { nodes { salary } } }", {}, "GRAPHQL_VALIDATION_FAILED"),
        ("{ customers(filter: {nickname: {eq: 1}}) { totalCount } }", {}, "GRAPHQL_VALIDATION_FAILED"),
        ("{ customers(first: 101) { totalCount } }", {}, "BAD_USER_INPUT"),
        ('{ customers(after: "nonsense") { totalCount } }', {}, "BAD_USER_INPUT"),
        ("query($f: CustomerFilter) { customers(filter: $f) { totalCount } }", {"f": {"x": 1}}, "BAD_USER_INPUT"),
        ("query($f: CustomerFilter) { customers(filter: $f) { totalCount } }", {"f": 7}, "BAD_USER_INPUT"),
        ("{ customers ", {}, "GRAPHQL_PARSE_FAILED"),
        (
            'mutation { createCustomer(input: {kind: ROBOT, name: "x"}) { customer { id } } }',
            {},
            "GRAPHQL_VALIDATION_FAILED",
        ),
        ("query A { __typename } query B { __typename }", {}, None),
    ],
)
async def test_what_no_record_can_satisfy_is_a_request_error(
    admin: Staff, document: str, variables: dict[str, Any], code: str | None
) -> None:
    before = await count(admin)
    answer = post(admin, json.dumps({"query": document, "variables": variables}).encode())[1]
    codes = [error["extensions"]["code"] for error in answer["errors"]]
    assert codes == [code] if code else codes
    assert await count(admin) == before


@pytest.mark.parametrize(
    ("body", "content_type", "status"),
    [
        (b"{", "application/json", 400),
        (b"[]", "application/json", 400),
        (b"{}", "application/json", 400),
        (b'{"query": 7}', "application/json", 400),
        (b'{"query": "{ __typename }", "variables": 7}', "application/json", 400),
        (b'{"query": "{ __typename }"}', "text/plain", 415),
        (b'{"query": "' + b"#" * 10_000_000 + b'"}', "application/json", 413),
    ],
    ids=["broken JSON", "list", "empty", "number", "variables", "content type", "10 MB"],
)
async def test_a_broken_request_is_refused_with_a_code(
    admin: Staff, body: bytes, content_type: str, status: int
) -> None:
    answered, answer = post(admin, body, content_type)
    assert answered == status
    assert all(error["extensions"]["code"].isupper() for error in answer["errors"])


async def test_one_bad_field_leaves_the_others_their_answers(admin: Staff) -> None:
    with pytest.raises(TransportQueryError) as partial:
        await admin.ask("{ me { id } customers(first: 101) { totalCount } }")
    assert [error["path"] for error in partial.value.errors or []] == [["customers"]]


def post(by: Staff, body: bytes, content_type: str = "application/json") -> tuple[int, Any]:
    headers = {"content-type": content_type, "authorization": f"Bearer {by.access_token}"}
    try:
        with urllib.request.urlopen(urllib.request.Request(by.gateway, body, headers), timeout=10) as response:
            return response.status, json.load(response)
    except urllib.error.HTTPError as refused:
        return refused.code, json.load(refused)
