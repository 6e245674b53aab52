"""Interface objects: a subgraph adds fields to an interface of another one without knowing the types behind it."""

from __future__ import annotations

from typing import Any

import pytest
from gateway.tests.subgraph_world import LINK, Federation, Subgraph, same_plan

ACCOUNTS = """
type Query { owner: Account  cheapest: Plan }
interface Account @key(fields: "id") { id: ID!  title: String! }
type Person implements Account @key(fields: "id") { id: ID!  title: String!  age: Int!  boss: Account }
type Company implements Account @key(fields: "id") { id: ID!  title: String!  size: Int! }
type Plan { price: Int! }
"""
BILLING = """
type Query { debtors: [Account!]!  first: Bill! }
type Account @key(fields: "id") @interfaceObject {
  id: ID!
  title: String! @external
  debt: Int!
  label: String! @requires(fields: "title")
}
type Bill { payer: Account!  sum: Int! }
"""
SUPPORT = """
type Account @key(fields: "id") @interfaceObject { id: ID!  tickets: [String!]! }
type Company @key(fields: "id") { id: ID! }
"""
PEOPLE: dict[str, dict[str, Any]] = {
    "p1": {"__typename": "Person", "id": "p1", "title": "Ann", "age": 40},
    "p2": {"__typename": "Person", "id": "p2", "title": "Bob", "age": 30},
    "c1": {"__typename": "Company", "id": "c1", "title": "Acme", "size": 9},
}
PEOPLE["p1"]["boss"] = PEOPLE["c1"]


def _bill(representation: dict[str, Any]) -> dict[str, Any]:
    number = int(representation["id"][1:])
    return {"id": representation["id"], "debt": 100 * number, "label": f"{representation.get('title')}!"}


def _federation() -> Federation:
    accounts = Subgraph(
        LINK + ACCOUNTS,
        {"owner": PEOPLE["p1"]},
        {name: (lambda r: PEOPLE.get(r["id"])) for name in ("Account", "Person", "Company")},
    )
    debtors = [_bill({"id": key}) for key in ("c1", "p2")]
    billing = Subgraph(
        LINK + BILLING,
        {"debtors": debtors, "first": {"payer": debtors[1], "sum": 7}},
        {"Account": _bill},
    )
    support = Subgraph(LINK + SUPPORT.splitlines()[1], {}, {"Account": lambda r: {"tickets": [f"{r['id']} is stuck"]}})
    return Federation(accounts=accounts, billing=billing, support=support)


@pytest.fixture(name="world", scope="module")
def _world() -> Federation:
    return _federation()


async def test_fields_of_the_interface_object_alone_need_no_type(world: Federation) -> None:
    assert await world.data("{ debtors { id debt tickets } }") == {
        "debtors": [
            {"id": "c1", "debt": 100, "tickets": ["c1 is stuck"]},
            {"id": "p2", "debt": 200, "tickets": ["p2 is stuck"]},
        ]
    }
    assert world.client.called() == ["billing", "support"]


async def test_the_type_name_comes_from_who_knows_it(world: Federation) -> None:
    query = "{ debtors { debt __typename } }"
    data = await world.data(query)
    assert data == {"debtors": [{"debt": 100, "__typename": "Company"}, {"debt": 200, "__typename": "Person"}]}
    same_plan(
        world.plan(query),
        """
        QueryPlan {
          Sequence {
            Fetch(subgraph: 'billing') {
              {
                debtors {
                  __typename
                  id
                  debt
                }
              }
            }
            Fetch(subgraph: 'accounts') {
              $representations = Account {id} at debtors
              query ($representations: [_Any!]!) {
                _entities(representations: $representations) {
                  __typename
                }
              }
            }
          }
        }
        """,
    )


async def test_type_conditions_apply_to_the_type_that_was_found(world: Federation) -> None:
    data = await world.data("{ debtors { title ... on Person { age } ... on Company { size debt } } }")
    assert data == {"debtors": [{"title": "Acme", "size": 9, "debt": 100}, {"title": "Bob", "age": 30}]}


async def test_conditional_fields_of_the_interface_object_are_not_asked_for_others(world: Federation) -> None:
    assert await world.data("{ debtors { ... on Person { debt } } }") == {"debtors": [{}, {"debt": 200}]}
    last = world.client.calls[-1]
    assert last.subgraph == "billing"
    assert last.variables["representations"] == [{"__typename": "Account", "id": "p2"}]


async def test_concrete_objects_are_sent_by_the_name_of_the_interface(world: Federation) -> None:
    query = "{ owner { __typename title debt ... on Person { age boss { debt } } } }"
    assert await world.data(query) == {
        "owner": {"__typename": "Person", "title": "Ann", "debt": 100, "age": 40, "boss": {"debt": 100}}
    }
    same_plan(
        world.plan("{ owner { debt } }"),
        """
        QueryPlan {
          Sequence {
            Fetch(subgraph: 'accounts') {
              {
                owner {
                  __typename
                  id
                }
              }
            }
            Fetch(subgraph: 'billing') {
              $representations = Account {id} at owner
              query ($representations: [_Any!]!) {
                _entities(representations: $representations) {
                  ... on Account {
                    debt
                  }
                }
              }
            }
          }
        }
        """,
    )


async def test_requires_on_an_interface_object(world: Federation) -> None:
    assert await world.data("{ owner { label } debtors { label } }") == {
        "owner": {"label": "Ann!"},
        "debtors": [{"label": "Acme!"}, {"label": "Bob!"}],
    }


async def test_an_interface_object_below_another_object(world: Federation) -> None:
    data = await world.data("{ first { sum payer { tickets ... on Person { age } ... on Company { size } } } }")
    assert data == {"first": {"sum": 7, "payer": {"tickets": ["p2 is stuck"], "age": 30}}}


async def test_fragments_on_the_interface_itself_need_no_type(world: Federation) -> None:
    data = await world.data("{ debtors { ...A } } fragment A on Account { debt ... on Account { id } }")
    assert data["debtors"][0] == {"debt": 100, "id": "c1"}
    assert world.client.called() == ["billing"]


async def test_a_type_that_cannot_be_told_is_an_error_and_the_rest_is_kept() -> None:
    world = _federation()
    world.client.broken["accounts"] = {"data": {"_entities": [None, None]}}
    answer = await world.run("{ debtors { debt ... on Person { age } } }")
    assert answer["data"] == {"debtors": [{"debt": 100}, {"debt": 200}]}
    assert [error["path"] for error in answer["errors"]] == [["debtors", 0], ["debtors", 1]]
    nameless = await world.run("{ first { sum payer { __typename } } }")
    assert nameless["data"] is None
    assert nameless["errors"][0]["extensions"]["code"] == "INVALID_VALUE"


async def test_a_failing_subgraph_leaves_what_others_know() -> None:
    world = _federation()
    world.client.broken["support"] = {"errors": [{"message": "down"}], "data": None}
    answer = await world.run("{ first { sum } owner { title tickets } }")
    assert answer["data"] == {"first": {"sum": 7}, "owner": None}
    assert answer["errors"][0]["path"] == ["owner", "tickets"]


def test_an_interface_object_may_stand_for_its_own_interfaces() -> None:
    """`Query.node` of the second subgraph gives objects of which it knows `Media` only."""
    federation = Federation(
        a=Subgraph(
            LINK
            + 'interface Node { id: ID! } interface Media implements Node @key(fields: "id") { id: ID! }'
            + 'type Book implements Media & Node @key(fields: "id") { id: ID! pages: Int } type Query { a: Int }'
        ),
        b=Subgraph(
            LINK
            + "interface Node { id: ID! } type Query { node: Node }"
            + 'type Media implements Node @interfaceObject @key(fields: "id") { id: ID! stars: Int }'
        ),
    )
    plan = federation.plan("{ node { id ... on Media { stars } ... on Book { pages } } }")
    assert plan.count("Fetch(") == 2
    assert "... on Media {" in plan
    assert "... on Book {" in plan
