"""A subgraph refuses what is too large before it costs anything, whoever sends it."""

from collections.abc import Iterator
from typing import Any

import pytest
import strawberry
from graphql import DocumentNode, GraphQLError
from hostile_documents import Hostile, hostile_documents

from rapport_shared.actor import Actor
from rapport_shared.graphql import limits
from rapport_shared.graphql.context import RequestContext
from rapport_shared.graphql.measure import Size, measure
from rapport_shared.graphql.schema import subgraph_schema

ASKED = RequestContext(caller=Actor("usr_1", "SALES", "ses_1"))


@strawberry.federation.type(keys=["id"])
class User:
    id: strawberry.ID

    @strawberry.field
    def customers(self, first: int | None = None, last: int | None = None) -> "Page":
        return Page(nodes=[])


@strawberry.federation.type(keys=["id"])
class Customer:
    id: strawberry.ID
    name: str = "张三"
    source: str = ""
    version: int = 1

    @strawberry.field
    def owner(self) -> User:
        return User(id=strawberry.ID("usr_1"))

    @strawberry.field
    def tags(self) -> list[str]:
        return []


@strawberry.type
class Edge:
    node: Customer


@strawberry.type
class Page:
    nodes: list[Customer]

    @strawberry.field
    def edges(self) -> list[Edge]:
        return [Edge(node=node) for node in self.nodes]

    @strawberry.field
    def total_count(self) -> int:
        return len(self.nodes)


@strawberry.type
class Queries:
    @strawberry.field
    def customer(self, id: strawberry.ID) -> Customer:
        return Customer(id=id)

    @strawberry.field
    def customers(self, first: int | None = None, last: int | None = None) -> Page:
        return Page(nodes=[Customer(id=strawberry.ID("cus_1"))])


SCHEMA = subgraph_schema(queries=(Queries,))


@pytest.fixture(autouse=True)
def _nothing_is_known() -> None:
    limits.read_document.cache_clear()


@pytest.fixture(name="steps")
def _steps(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """What was looked at in each document that was measured."""
    steps: list[int] = []

    def counted(document: DocumentNode) -> Size:
        size = measure(document)
        steps.append(size.steps)
        return size

    monkeypatch.setattr(limits, "measure", counted)
    return steps


async def answer(text: str, variables: dict[str, Any] | None = None) -> Any:
    return await SCHEMA.execute(text, variables, context_value=ASKED)


async def refusal(text: str, variables: dict[str, Any] | None = None) -> Any:
    """The extensions of the first error, which is of the request as a whole."""
    result = await answer(text, variables)
    assert result.data is None
    assert result.errors[0].path is None
    return result.errors[0].extensions


@pytest.mark.parametrize("hostile", [h for h in hostile_documents() if h.at_subgraph], ids=lambda hostile: hostile.name)
async def test_a_hostile_request_is_refused_for_little_work(hostile: Hostile, steps: list[int]) -> None:
    told = await refusal(hostile.text, hostile.variables)
    assert told.get("limit", told["code"]) == hostile.at_subgraph
    assert told["code"] == "OPERATION_TOO_LARGE" or told["code"] == hostile.at_subgraph
    assert sum(steps) <= limits.MAX_TOKENS


def _fetch(number: int) -> tuple[str, dict[str, Any]]:
    representations = [{"__typename": "Customer", "id": f"cus_{n}"} for n in range(number)]
    return "query($r: [_Any!]!) { _entities(representations: $r) { ... on Customer { id } } }", {"r": representations}


async def test_entities_are_answered_up_to_the_limit() -> None:
    result = await answer(*_fetch(limits.MAX_REPRESENTATIONS))
    assert (result.errors, len(result.data["_entities"])) == (None, 5_000)


def _written_out() -> tuple[str, dict[str, Any]]:
    given, variables = _fetch(4_990)
    written = '{__typename: "Customer", id: "cus_1"} ' * 11
    return given.replace("{ _ent", f"{{ own: _entities(representations: [{written}]) {{ __typename }} _ent"), variables


def _twice() -> tuple[str, dict[str, Any]]:
    _, variables = _fetch(2_501)
    field = "_entities(representations: $r) { __typename }"
    return f"query($r: [_Any!]!) {{ a: {field} ...F }} fragment F on Query {{ b: {field} }}", variables


@pytest.mark.parametrize("request_", [_fetch(5_001), _written_out(), _twice()], ids=["one", "written out", "twice"])
async def test_more_entities_are_refused(request_: tuple[str, dict[str, Any]]) -> None:
    told = await refusal(*request_)
    assert told == {"code": "OPERATION_TOO_LARGE", "limit": "representations", "max": 5_000}


def test_long_variables_are_not_looked_through() -> None:
    class Opaque(list[int]):
        def __iter__(self) -> Iterator[int]:
            raise AssertionError("it was looked through")

    with pytest.raises(GraphQLError):
        limits.check_variables(Size(), {"a": Opaque(range(limits.MAX_VARIABLE_VALUES + 1))})


async def test_a_document_is_read_once(steps: list[int]) -> None:
    for _ in range(3):
        assert (await answer("{ customer(id: 1) { id } }")).data == {"customer": {"id": "1"}}
    assert len(steps) == 1


async def test_what_the_gateway_makes_of_the_largest_operations_is_admitted() -> None:
    fields = " ".join(f"name{n}: name" for n in range(199))
    assert (await answer(f"{{ customers {{ nodes {{ {fields} }} }} }}")).errors is None
    many = "id name source version tags " * 140
    assert limits.read_document(f"{{ customers {{ nodes {{ {many} }} }} }}").size.counts["selections"] == 702
    deep = "customers { nodes { owner { ... on User { " * 7 + "id" + " } } } }" * 7
    assert (await answer(f"{{ {deep} }}")).errors is None
