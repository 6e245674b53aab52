"""Root fields: of several subgraphs, shared by several, and the root type met again below."""

from __future__ import annotations

from gateway.tests.subgraph_world import LINK, Federation, Subgraph, same_plan


async def test_a_shared_root_field_is_put_together() -> None:
    """An object without a key, of which each subgraph has a part: both are asked for the root field."""
    federation = Federation(
        a=Subgraph(
            LINK + "type Query { status: Status @shareable } type Status { up: Boolean version: String @shareable }",
            {"status": {"up": True, "version": "1"}},
        ),
        b=Subgraph(
            LINK + "type Query { status: Status @shareable } type Status { load: Int version: String @shareable }",
            {"status": {"load": 7, "version": "1"}},
        ),
    )
    query = "{ status { up load version } again: status { load } }"
    same_plan(
        federation.plan(query),
        """
        QueryPlan {
          Parallel {
            Fetch(subgraph: 'a') {
              {
                status {
                  up
                  version
                }
              }
            }
            Fetch(subgraph: 'b') {
              {
                status {
                  load
                }
                again: status {
                  load
                }
              }
            }
          }
        }
        """,
    )
    assert await federation.data(query) == {"status": {"up": True, "load": 7, "version": "1"}, "again": {"load": 7}}


async def test_the_subgraph_that_is_asked_anyway_answers_shared_root_fields() -> None:
    federation = Federation(
        a=Subgraph(LINK + "type Query { now: Int @shareable a: Int }", {"now": 1, "a": 2}),
        b=Subgraph(LINK + "type Query { now: Int @shareable b: Int }", {"now": 1, "b": 3}),
    )
    assert await federation.data("{ now b }") == {"now": 1, "b": 3}
    assert federation.client.called() == ["b"]


async def test_only_the_type_name_or_nothing_is_no_fetch() -> None:
    federation = Federation(a=Subgraph(LINK + "type Query { a: Int }", {"a": 1}))
    for query in ("{ __typename }", "{ a @skip(if: true) }", "{ t: __typename ... on Query { __typename } }"):
        same_plan(federation.plan(query), "QueryPlan {}")
    assert await federation.data("{ t: __typename ... @include(if: false) { a } }") == {"t": "Query"}
    assert await federation.data("{ a @skip(if: true) }") == {}
    data = await federation.data("{ __schema { queryType { name } } a __typename }")
    assert data == {"__schema": {"queryType": {"name": "Query"}}, "a": 1, "__typename": "Query"}
