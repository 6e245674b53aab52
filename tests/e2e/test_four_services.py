"""One query that crosses all four services: right, and as cheap for a long page as for a short one."""

import re
import urllib.request
from datetime import UTC, datetime, timedelta
from math import inf
from typing import Any

import pytest
from staff import Staff, make_customer
from waiting import eventually

from rapport_local.testing.running import RunningSystem

CROSSING = """
query($first: Int!, $filter: CustomerFilter) {
  customers(first: $first, filter: $filter, orderBy: {field: NAME}) {
    totalCount
    nodes {
      id
      name
      owner { id name }
      interactions(first: 3) { totalCount nodes { content occurredAt author { id name role } customer { name } } }
      tasks(filter: {status: {in: [OPEN, IN_PROGRESS]}}) { nodes { title assignee { id name } customer { id } } }
    }
  }
}"""
PAGE = 50


@pytest.fixture(scope="module")
async def company(staff: dict[str, Staff]) -> dict[str, Any]:
    """Fifty customers of two sellers, each with four communications and two open tasks."""
    sellers = [staff["sales"], staff["sales2"]]
    source = f"crossing {datetime.now(UTC).timestamp()}"
    customers = []
    for number in range(PAGE):
        owner = sellers[number % 2]
        customers.append(await make_customer(owner, name=f"客户 {number:02}", source=source))
    for number, customer in enumerate(customers):
        owner = sellers[number % 2]
        records = " ".join(
            f'r{n}: recordInteraction(input: {{customerId: "{customer}", channel: PHONE, content: "第 {n} 次", '
            f'occurredAt: "2026-01-0{n + 1}T08:00:00Z"}}) {{ userErrors {{ code }} }}'
            for n in range(4)
        )
        tasks = " ".join(
            f't{n}: createTask(input: {{title: "任务 {n}", customerId: "{customer}"}}) '
            "{ task { id } userErrors { code } }"
            for n in range(3)
        )
        made = await owner.ask(f"mutation {{ {records} {tasks} }}")
        assert all(payload["userErrors"] == [] for payload in made.values())
        done = await owner.do("completeTask", "task { status }", id=made["t2"]["task"]["id"], result="完成")
        assert done["task"] == {"status": "DONE"}
    return {"customers": customers, "sellers": sellers, "filter": {"source": {"eq": source}}}


async def test_the_answer_is_right(company: dict[str, Any], admin: Staff) -> None:
    answer = await admin.ask(CROSSING, first=PAGE, filter=company["filter"])
    nodes = answer["customers"]["nodes"]
    assert answer["customers"]["totalCount"] == PAGE
    assert [node["id"] for node in nodes] == company["customers"]
    for number, node in enumerate(nodes):
        owner = company["sellers"][number % 2].id
        assert node["owner"]["id"] == owner
        communications = node["interactions"]
        assert communications["totalCount"] == 4
        assert [one["content"] for one in communications["nodes"]] == ["第 3 次", "第 2 次", "第 1 次"]
        assert all(one["author"]["id"] == owner for one in communications["nodes"])
        assert all(one["author"]["role"] == "SALES" for one in communications["nodes"])
        assert all(one["customer"] == {"name": node["name"]} for one in communications["nodes"])
        assert sorted(task["title"] for task in node["tasks"]["nodes"]) == ["任务 0", "任务 1"]
        assert all(task["assignee"]["id"] == owner for task in node["tasks"]["nodes"])
        assert all(task["customer"] == {"id": node["id"]} for task in node["tasks"]["nodes"])


async def test_the_number_of_calls_does_not_depend_on_the_page_size(
    company: dict[str, Any], admin: Staff, running_system: RunningSystem
) -> None:
    async def counted(first: int) -> tuple[float, float]:
        before = subgraph_calls(running_system), database_calls(running_system)
        answer = await admin.ask(CROSSING, first=first, filter=company["filter"])
        assert len(answer["customers"]["nodes"]) == first
        return subgraph_calls(running_system) - before[0], database_calls(running_system) - before[1]

    fewest = {2: (inf, inf), PAGE: (inf, inf)}

    async def are_equal() -> bool:
        """What runs beside a request, and what a first one makes ready, adds calls: the fewest are the request's."""
        for first, (to_subgraphs, to_databases) in fewest.items():
            seen = await counted(first)
            fewest[first] = min(to_subgraphs, seen[0]), min(to_databases, seen[1])
        return fewest[2] == fewest[PAGE]

    await eventually(are_equal)
    long = fewest[PAGE]
    # customers; interactions and tasks side by side; the users and customers that those name
    assert long[0] <= 5
    assert long[1] > 0


async def test_each_seller_sees_own_customers_and_what_hangs_on_them(
    company: dict[str, Any], staff: dict[str, Staff]
) -> None:
    for number, name in enumerate(("sales", "sales2")):
        answer = await staff[name].ask(CROSSING, first=PAGE, filter=company["filter"])
        assert [node["id"] for node in answer["customers"]["nodes"]] == company["customers"][number::2]
        foreign = company["customers"][1 - number]
        hidden = await staff[name].ask(
            "query($id: ID!, $of: InteractionFilter, $on: TaskFilter) { customer(id: $id) { id } "
            "interactions(filter: $of) { totalCount } tasks(filter: $on) { totalCount } }",
            id=foreign,
            of={"customerId": {"eq": foreign}},
            on={"customerId": {"eq": foreign}},
        )
        assert hidden == {"customer": None, "interactions": {"totalCount": 0}, "tasks": {"totalCount": 0}}


async def test_users_lists_cross_the_other_way(company: dict[str, Any], admin: Staff) -> None:
    seller = company["sellers"][0]
    document = """
    query($filter: UserFilter, $of: CustomerFilter) {
      users(filter: $filter) { nodes { name customers(filter: $of, first: 100) { totalCount } tasks { totalCount } } }
    }"""
    answer = await admin.ask(document, filter={"id": {"eq": seller.id}}, of=company["filter"])
    (user,) = answer["users"]["nodes"]
    assert user["customers"]["totalCount"] == PAGE / 2
    assert user["tasks"]["totalCount"] >= PAGE / 2 * 3


async def test_a_follow_up_reaches_the_owner_through_four_processes(seller: Staff, support: Staff) -> None:
    customer = await make_customer(seller)
    document = """
    subscription($filter: TaskChangeFilter) {
      taskChanged(filter: $filter) {
        kind changedFields cursor node { id title origin dueAt assignee { id name } customer { name owner { id } } }
      }
    }"""
    mine = {"assigneeId": {"eq": seller.id}, "customerId": {"eq": customer}}
    due = (datetime.now(UTC) + timedelta(days=3)).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    async with seller.following(document, filter=mine) as received:
        recorded = await support.do(
            "recordInteraction",
            "interaction { id }",
            customerId=customer,
            channel="PHONE",
            content="客户询价，三天后回访",
            nextFollowUpAt=due,
        )
        assert recorded["userErrors"] == []
        change = (await eventually(lambda: _take(received)))["taskChanged"]
        assert change["kind"] == "ENTER"
        assert change["node"]["origin"] == "FOLLOW_UP"
        assert change["node"]["dueAt"] == due
        assert change["node"]["assignee"]["id"] == seller.id
        assert change["node"]["customer"] == {"name": "张三", "owner": {"id": seller.id}}
        later = (datetime.now(UTC) + timedelta(days=9)).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        interaction = recorded["interaction"]["id"]
        await support.do("updateInteraction", "interaction { version }", id=interaction, nextFollowUpAt=later)
        moved = (await eventually(lambda: _take(received)))["taskChanged"]
        assert (moved["kind"], moved["node"]["id"], moved["node"]["dueAt"]) == ("UPDATE", change["node"]["id"], later)
    tasks = await seller.ask(
        "query($f: TaskFilter) { tasks(filter: $f) { totalCount } }", f={"customerId": {"eq": customer}}
    )
    assert tasks["tasks"]["totalCount"] == 1


async def _take(received: Any) -> Any:
    return None if received.empty() else received.get_nowait()


def subgraph_calls(system: RunningSystem) -> float:
    """How many requests the gateway has sent to subgraphs."""
    return _metric(
        system.gateway.replace("/graphql", "/metrics"), r"rapport_gateway_subgraph_requests_total\{.*\} (\S+)"
    )


def database_calls(system: RunningSystem) -> float:
    """How many queries the APIs have sent to their databases for requests; rights are looked after beside them."""
    queries = 'command="(?:find|aggregate|getMore)"'
    pattern = rf'rapport_mongo_commands_total\{{collection="(?!access")[^"]*",{queries}\}} (\S+)'
    return sum(_metric(url.replace("/graphql", "/metrics"), pattern) for url in system.subgraphs.values())


def _metric(url: str, pattern: str) -> float:
    with urllib.request.urlopen(url, timeout=5) as response:
        return sum(float(value) for value in re.findall(pattern, response.read().decode()))
