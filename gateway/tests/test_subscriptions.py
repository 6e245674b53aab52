"""Subscriptions: the events of one subgraph, each completed by the others as a query would be."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
from gateway.tests.subgraph_world import LINK, Federation, Subgraph, same_plan

from rapport_gateway.errors import RequestRefused
from rapport_gateway.pipeline import GraphQLRequest
from rapport_gateway.subgraphs.client import SubgraphFailure


async def changed(_: Any, upto: int = 2) -> AsyncIterator[Any]:
    for number in range(upto):
        yield {"changed": {"kind": "NEW", "item": {"id": str(number)} if number else None}}


ITEMS = (
    "type Subscription { changed(upto: Int): Change } type Change { kind: String item: Item } type Query { q: Int } "
)


@pytest.fixture(name="federation")
def _federation() -> Federation:
    keyed = 'type Item @key(fields: "id") { id: ID! '
    return Federation(
        items=Subgraph(LINK + ITEMS + keyed + "}", {"changed": changed}),
        names=Subgraph(LINK + keyed + "name: String! }", {}, {"Item": lambda r: {"name": "n" + r["id"]}}),
    )


async def events(federation: Federation, query: str, **variables: Any) -> list[dict[str, Any]]:
    federation.client.calls.clear()
    request = GraphQLRequest(query, None, variables, {})
    async with federation.pipeline.subscribe(federation.pipeline.prepare(request), request) as answers:
        return [answer async for answer in answers]


async def test_each_event_is_completed(federation: Federation) -> None:
    query = "subscription($n: Int) { new: changed(upto: $n) { kind item { name } } }"
    same_plan(
        federation.plan(query),
        """
        QueryPlan {
          Subscription {
            Fetch(subgraph: 'items') {
              subscription ($n: Int) {
                new: changed(upto: $n) {
                  kind
                  item {
                    id
                  }
                }
              }
            }
            Fetch(subgraph: 'names') {
              $representations = Item {id} at new.item
              query ($representations: [_Any!]!) {
                _entities(representations: $representations) {
                  ... on Item {
                    name
                  }
                }
              }
            }
          }
        }
        """,
    )
    assert await events(federation, query, n=3) == [
        {"data": {"new": {"kind": "NEW", "item": None}}},
        {"data": {"new": {"kind": "NEW", "item": {"name": "n1"}}}},
        {"data": {"new": {"kind": "NEW", "item": {"name": "n2"}}}},
    ]
    assert federation.client.called() == ["items", "names", "names"]


async def test_a_failure_costs_its_own_event_only(federation: Federation) -> None:
    federation.client.broken["names"] = SubgraphFailure("subgraph 'names' cannot be reached", "SUBREQUEST_FAILED")
    found = await events(federation, "subscription { changed { kind item { id name } } }")
    assert found[0] == {"data": {"changed": {"kind": "NEW", "item": None}}}
    assert found[1]["data"] == {"changed": {"kind": "NEW", "item": None}}
    assert [error["path"] for error in found[1]["errors"]] == [["changed", "item", "name"]]


async def test_skipped_parts_and_nothing_at_all(federation: Federation) -> None:
    query = "subscription($no: Boolean = false) { changed { kind item @include(if: $no) { name } } }"
    assert (await events(federation, query))[1] == {"data": {"changed": {"kind": "NEW"}}}
    with pytest.raises(RequestRefused):
        await events(federation, "subscription($no: Boolean = false) { changed @include(if: $no) { kind } }")
