"""What `explain` prints of a plan: the requests, as they are sent but for values that are not known before."""

from __future__ import annotations

from gateway.tests.shop import shop
from gateway.tests.subgraph_world import LINK, Federation, Subgraph, planned, same_plan

from rapport_gateway.planning.requests import print_requests


def requests_of(federation: Federation, query: str) -> str:
    return print_requests(planned(federation.supergraph, query), federation.supergraph)


async def test_requests_of_joins() -> None:
    federation = shop()
    query = "query($n: Int = 2) { products(first: $n) { name shipping } }"
    same_plan(
        requests_of(federation, query),
        """
        1. query to catalogue http://catalogue.test/graphql
           query($n: Int = 2){products(first: $n){upc price weight name}}
           $n as the client gives it
        2. query to inventory http://inventory.test/graphql
           query($representations: [_Any!]!){_entities(representations: $representations){... on Product{shipping}}}
           $representations = [{"__typename": "Product", "upc": <upc>, "price": <price>, "weight": <weight>}] of each \
object at products
        """,
    )
    await federation.data(query)
    assert all(call.text in requests_of(federation, query) for call in federation.client.calls)


def test_requests_with_objects_in_representations() -> None:
    federation = Federation(
        a=Subgraph(
            LINK
            + 'type Query { x: X } type Y @shareable { n: Int } type X @key(fields: "y { n }") { y: Y any: [Any!]! }'
            " union Any = P | Q type P { p: Int } type Q { q: Int }"
        ),
        b=Subgraph(
            LINK + 'type Y @shareable { n: Int } type X @key(fields: "y { n }") { y: Y any: [Any!]! @external z: Int '
            '@requires(fields: "any { ... on P { p } ... on Q { q } }") }'
            " union Any = P | Q type P { p: Int @external } type Q { q: Int @external }"
        ),
    )
    text = requests_of(federation, "{ x { other: y { n } z } }")
    assert '"y": <y> as {"n": <n>}' in text
    assert '"any": <any> as {"__typename": "P", "p": <p>} or {"__typename": "Q", "q": <q>}' in text


def test_mutations_and_subscriptions_and_nothing() -> None:
    federation = Federation(
        a=Subgraph(
            LINK + 'type Query { x: X } type Mutation { m: X } type Subscription { s: X } type X @key(fields: "id") '
            "{ id: ID! }"
        ),
        b=Subgraph(LINK + 'type X @key(fields: "id") { id: ID! y: Int }'),
    )
    for kind, field in (("mutation", "m"), ("subscription", "s")):
        lines = requests_of(federation, f"{kind} {{ {field} {{ y }} }}").splitlines()
        assert lines[0] == f"1. {kind} to a http://a.test/graphql"
        assert lines[2] == "2. query to b http://b.test/graphql"
    assert requests_of(federation, "{ __typename }") == ""
