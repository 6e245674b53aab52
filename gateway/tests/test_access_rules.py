"""`@authenticated`, `@requiresScopes` and `@policy`: what a client may not have is not asked for, and null."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from gateway.tests.subgraph_world import LINK, WIDE, Federation, Subgraph, same_plan

from rapport_gateway.errors import RequestRefused
from rapport_gateway.metrics import Metrics
from rapport_gateway.pipeline import GraphQLRequest, Pipeline
from rapport_gateway.planning.permits import NOBODY, Granted

PEOPLE = """
type Query { me: Person  people: [Person!]!  secret: Int @authenticated  things: [Thing!]!  any: [Any!]! }
type Mutation { promote: Person @policy(policies: [["hr"]]) }
type Subscription { hired: Person  audited: Int @authenticated }
type Person @key(fields: "id") {
  id: ID!
  name: String!
  email: String @requiresScopes(scopes: [["email"], ["admin", "all"]])
  birthday: String! @requiresScopes(scopes: [["private"]])
  boss: Person
}
interface Thing { id: ID! }
type Chair implements Thing { id: ID! legs: Int }
type Safe implements Thing @authenticated { id: ID! gold: Int }
union Any = Chair | Safe
"""
PAYROLL = """
type Person @key(fields: "id") { id: ID! pay: Int @policy(policies: [["hr"], ["finance"]]) grade: Grade }
enum Grade @authenticated { A B }
"""


def person(number: int) -> dict[str, Any]:
    boss = {"id": "0", "name": "boss", "email": "boss@test", "birthday": "1 May"}
    return {"id": str(number), "name": f"n{number}", "email": f"{number}@test", "birthday": "2 June", "boss": boss}


async def hired(_: Any) -> Any:
    yield {"hired": person(5)}


THINGS = [{"__typename": "Safe", "id": "s", "gold": 7}, {"__typename": "Chair", "id": "c", "legs": 4}]


class Signed:
    """Takes what the sender says for granted: what tokens say is tested elsewhere."""

    async def granted(self, headers: Mapping[str, str], asked: Granted) -> Granted:
        known = headers.get("authorization")
        if known is None:
            return NOBODY
        words = known.split()
        policies = frozenset(word[1:] for word in words if word.startswith("#"))
        return Granted(True, frozenset(words) - {f"#{name}" for name in policies}, policies).within(asked)


@pytest.fixture(name="staff", scope="module")
def _staff() -> Federation:
    root = {
        "me": person(1),
        "people": [person(2), person(3)],
        "secret": 42,
        "things": THINGS,
        "any": THINGS,
        "promote": person(4),
        "hired": hired,
    }
    federation = Federation(
        people=Subgraph(LINK + PEOPLE, root, {"Person": lambda r: person(int(r["id"]))}),
        payroll=Subgraph(LINK + PAYROLL, {}, {"Person": lambda r: {"pay": 100 + int(r["id"]), "grade": "A"}}),
    )
    federation.pipeline = Pipeline(
        federation.supergraph, federation.client, metrics=Metrics(), limits=WIDE, identities=Signed()
    )
    return federation


async def ask(staff: Federation, query: str, held: str | None = None) -> tuple[Any, list[list[Any]]]:
    """The data, and the paths of what was withheld."""
    answer = await staff.run(query, {} if held is None else {"authorization": held})
    errors = answer.get("errors", [])
    operation = staff.pipeline.prepare(GraphQLRequest(query, None, {}, {}))
    known = held is not None or operation.asked is None or not operation.asked.authenticated
    code = "UNAUTHORIZED_FIELD_OR_TYPE" if known else "UNAUTHENTICATED"
    assert {error["extensions"]["code"] for error in errors} <= {code}
    return answer["data"], [error["path"] for error in errors]


def documents(staff: Federation) -> str:
    return " ".join(request.text for request in staff.client.calls)


async def test_a_withheld_field_is_null_and_not_fetched(staff: Federation) -> None:
    assert await ask(staff, "{ me { name pay } }") == ({"me": {"name": "n1", "pay": None}}, [["me", "pay"]])
    assert staff.client.called() == ["people"]
    same_plan(
        staff.plan("{ me { name pay } }"),
        """
        QueryPlan {
          Fetch(subgraph: 'people') {
            {
              me {
                name
              }
            }
          }
        }
        """,
    )
    assert await ask(staff, "{ me { name pay } }", "#finance") == ({"me": {"name": "n1", "pay": 101}}, [])


async def test_any_of_the_alternatives_is_enough_each_as_a_whole(staff: Federation) -> None:
    for held, email in (("email", "1@test"), ("admin all", "1@test"), ("admin", None), ("all", None), ("", None)):
        data, _ = await ask(staff, "{ me { email } }", held)
        assert data == {"me": {"email": email}}, held


async def test_null_goes_up_where_it_may_not_stand(staff: Federation) -> None:
    data, paths = await ask(staff, "{ me { name boss { birthday } } }", "email")
    assert (data, paths) == ({"me": {"name": "n1", "boss": None}}, [["me", "boss", "birthday"]])
    data, paths = await ask(staff, "{ people { name birthday } }")
    assert (data, paths) == (None, [["people", 0, "birthday"]])


async def test_what_is_fetched_for_other_reasons_is_not_shown(staff: Federation) -> None:
    """The same name under another key, and conditions, change nothing."""
    query = "query($no: Boolean = false) { me { pay: name mail: email ... on Person @skip(if: $no) { email } } }"
    data, paths = await ask(staff, query)
    assert data == {"me": {"pay": "n1", "mail": None, "email": None}}
    assert paths == [["me", "mail"], ["me", "email"]]
    assert "email" not in documents(staff)


async def test_a_leaf_of_a_type_that_is_withheld(staff: Federation) -> None:
    assert await ask(staff, "{ me { grade } }") == ({"me": {"grade": None}}, [["me", "grade"]])
    assert await ask(staff, "{ me { grade } }", "x") == ({"me": {"grade": "A"}}, [])


async def test_root_fields(staff: Federation) -> None:
    assert await ask(staff, "{ secret }") == ({"secret": None}, [["secret"]])
    assert staff.client.calls == []
    assert await ask(staff, "{ secret me { id } }", "") == ({"secret": 42, "me": {"id": "1"}}, [])
    assert await ask(staff, "mutation { promote { name } }") == ({"promote": None}, [["promote"]])
    assert staff.client.calls == []
    assert await ask(staff, "mutation { promote { name } }", "#hr") == ({"promote": {"name": "n4"}}, [])


async def test_a_type_behind_an_interface_or_in_a_union(staff: Federation) -> None:
    """The interface asks for what its types ask for; in a union, objects of other types are not concerned."""
    data, paths = await ask(staff, "{ any { ... on Chair { legs id } ... on Safe { gold } } }")
    assert (data, paths) == ({"any": [{"gold": None}, {"legs": 4, "id": "c"}]}, [["any", 0, "gold"]])
    assert "gold" not in documents(staff)
    data, paths = await ask(staff, "{ any { ... on Thing { id } } }")
    assert (data, paths) == (None, [["any", 0, "id"]])
    assert (await ask(staff, "{ any { ... on Thing { id } } }", ""))[0] == {"any": [{"id": "s"}, {"id": "c"}]}


async def test_what_the_type_asks_for_holds_whatever_the_interface_says() -> None:
    """A supergraph of a composition that does not carry over to interfaces what their types ask for."""
    federation = Federation(
        a=Subgraph(
            LINK + "type Query { things: [Thing] } interface Thing { id: ID } type Chair implements Thing { id: ID } "
            "type Safe implements Thing { id: ID @authenticated }",
            {"things": THINGS},
        )
    )
    access = {place: rule for place, rule in federation.supergraph.access.items() if place[0] == "Safe"}
    object.__setattr__(federation.supergraph, "access", access)
    data, paths = await ask(federation, "{ things { __typename ... on Chair { id } ... on Safe { id } } }")
    assert data == {"things": [{"__typename": "Safe", "id": None}, {"__typename": "Chair", "id": "c"}]}
    assert paths == [["things", 0, "id"]]
    assert (await ask(federation, "{ things { id } }"))[0] == {"things": [{"id": None}, {"id": None}]}


async def test_one_error_for_many_objects_and_for_none(staff: Federation) -> None:
    assert await ask(staff, "{ people { email pay } }") == (
        {"people": [{"email": None, "pay": None}] * 2},
        [["people", 0, "email"], ["people", 0, "pay"]],
    )


async def test_plans_are_shared_by_who_holds_the_same_of_what_is_asked(staff: Federation) -> None:
    query = "{ me { name email } people { email } }"
    for held, email in ((None, None), ("email", "1@test"), ("", None), ("email x", "1@test"), (None, None)):
        data, _ = await ask(staff, query, held)
        assert data["me"] == {"name": "n1", "email": email}
    operation = staff.pipeline.prepare(GraphQLRequest(query, None, {}, {}))
    assert len(operation.plans) == 2


async def test_subscriptions(staff: Federation) -> None:
    def request(query: str, held: str) -> GraphQLRequest:
        return GraphQLRequest(query, None, {}, {"authorization": held} if held else {})

    asked = request("subscription { hired { name email pay } }", "")
    async with staff.pipeline.subscribe(staff.pipeline.prepare(asked), asked) as events:
        answers = [answer async for answer in events]
    assert [answer["data"] for answer in answers] == [{"hired": {"name": "n5", "email": None, "pay": None}}]
    assert [error["path"] for error in answers[0]["errors"]] == [["hired", "email"], ["hired", "pay"]]
    refused = request("subscription { audited }", "")
    with pytest.raises(RequestRefused) as problem:
        async with staff.pipeline.subscribe(staff.pipeline.prepare(refused), refused):
            pass
    assert problem.value.errors[0]["extensions"]["code"] == "UNAUTHENTICATED"


async def test_introspection_is_as_before(staff: Federation) -> None:
    data, paths = await ask(staff, '{ __type(name: "Safe") { name } secret }')
    assert data == {"__type": {"name": "Safe"}, "secret": None}
    assert paths == [["secret"]]
