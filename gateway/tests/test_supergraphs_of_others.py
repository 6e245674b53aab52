"""Supergraph SDL as other composers write it, in the older forms of the join specification."""

import pytest
from gateway.tests.subgraph_world import plan_text

from rapport_gateway.supergraph.errors import InvalidSupergraph
from rapport_gateway.supergraph.loader import load_supergraph

JOIN_0_1 = """
schema
  @core(feature: "https://specs.apollo.dev/core/v0.2")
  @core(feature: "https://specs.apollo.dev/join/v0.1", for: EXECUTION) { query: Query }
directive @core(feature: String!, as: String, for: core__Purpose) repeatable on SCHEMA
directive @join__field(graph: join__Graph, provides: join__FieldSet, requires: join__FieldSet) on FIELD_DEFINITION
directive @join__graph(name: String!, url: String!) on ENUM_VALUE
directive @join__owner(graph: join__Graph!) on INTERFACE | OBJECT
directive @join__type(graph: join__Graph!, key: join__FieldSet) repeatable on INTERFACE | OBJECT
scalar join__FieldSet
enum join__Graph {
  ACCOUNTS @join__graph(name: "accounts" url: "http://a")
  REVIEWS @join__graph(name: "reviews" url: "http://r")
}
enum core__Purpose { EXECUTION SECURITY }
type Query { me: User @join__field(graph: ACCOUNTS) best: Review @join__field(graph: REVIEWS) }
type Review { body: String size: Size author: User @join__field(graph: REVIEWS, provides: "name") }
type Size { w: Int }
type User @join__owner(graph: ACCOUNTS) @join__type(graph: ACCOUNTS, key: "id") @join__type(graph: REVIEWS, key: "id") {
  id: ID! @join__field(graph: ACCOUNTS)
  name: String @join__field(graph: ACCOUNTS)
  email: String
  reviews: [Review] @join__field(graph: REVIEWS)
}
"""


def test_join_0_1() -> None:
    supergraph = load_supergraph(JOIN_0_1)
    plan = plan_text(supergraph, "{ me { email reviews { body size { w } author { id email } } } }")
    assert [line.strip() for line in plan.splitlines() if "Fetch(" in line or ("$repr" in line and "=" in line)] == [
        "Fetch(subgraph: 'accounts') {",
        "Fetch(subgraph: 'reviews') {",
        "$representations = User {id} at me",
        "Fetch(subgraph: 'accounts') {",
        "$representations = User {id} at me.reviews.author",
    ]


def test_public_schema_of_join_0_1_has_no_trace_of_it() -> None:
    names = set(load_supergraph(JOIN_0_1).api_schema.type_map)
    assert {"Query", "Review", "User", "Size"} <= names
    assert not any("join" in name or "core" in name for name in names)


@pytest.mark.parametrize(
    ("label", "draw", "owner"),
    [
        ("percent(30)", 0, "b"),
        ("percent(30)", 29.9, "b"),
        ("percent(30)", 30, "a"),
        ("percent(0)", 0, "a"),
        ("percent(100)", 99.9, "b"),
        ("some-label", 0, "a"),
    ],
)
def test_progressive_override(label: str, draw: float, owner: str) -> None:
    supergraph = load_supergraph(
        f"""
        schema @link(url: "https://specs.apollo.dev/join/v0.4", for: EXECUTION) {{ query: Query }}
        enum join__Graph {{ A @join__graph(name: "a", url: "http://a") B @join__graph(name: "b", url: "http://b") }}
        type Query @join__type(graph: A) @join__type(graph: B) {{
          x: Int @join__field(graph: A, overrideLabel: "{label}")
            @join__field(graph: B, override: "a", overrideLabel: "{label}")
        }}
        """
    )
    assert f"'{owner}'" in plan_text(supergraph.at(draw)[1], "{ x }")


@pytest.mark.parametrize("feature", ["https://specs.example.org/policy/v0.1", "https://specs.example.org/new/v1.0"])
def test_a_feature_that_must_be_obeyed_and_is_not_known(feature: str) -> None:
    sdl = JOIN_0_1.replace("{ query: Query }", f'@core(feature: "{feature}", for: SECURITY) {{ query: Query }}')
    with pytest.raises(InvalidSupergraph, match="is not supported"):
        load_supergraph(sdl)


@pytest.mark.parametrize(
    ("found", "instead"),
    [('key: "id") {', 'key: "id {") {'), ("me: User", "me: Nobody"), ("enum join__Graph", "enum Graphs")],
)
def test_a_broken_supergraph_is_refused(found: str, instead: str) -> None:
    with pytest.raises(InvalidSupergraph):
        load_supergraph(JOIN_0_1.replace(found, instead))
