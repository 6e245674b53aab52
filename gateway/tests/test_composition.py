"""Subgraphs that compose, and what the supergraph looks like."""

from gateway.tests.subgraph_world import LINK, source
from graphql import print_schema

from rapport_gateway.composing import compose_supergraph
from rapport_gateway.supergraph.loader import load_supergraph


def compose(**subgraphs: str) -> str:
    return compose_supergraph([source(name, sdl) for name, sdl in subgraphs.items()])


def api(**subgraphs: str) -> str:
    return print_schema(load_supergraph(compose(**subgraphs)).api_schema)


def part(sdl: str, start: str) -> str:
    """The definition that starts with the given text, on one line."""
    begin = sdl.index(f"\n{start}") + 1
    return " ".join(sdl[begin : sdl.index("\n\n", begin) if "\n\n" in sdl[begin:] else None].split())


def test_an_entity_of_two_subgraphs() -> None:
    sdl = compose(
        a=LINK + 'type Query { me: User } "A person" type User @key(fields: "id") { id: ID! "Full" name: String! }',
        b=LINK + 'type User @key(fields: "id") { id: ID! age(unit: Unit = YEARS): Int } enum Unit { YEARS DAYS }',
    )
    assert part(sdl, "type User") == (
        'type User @join__type(graph: A, key: "id") @join__type(graph: B, key: "id") { id: ID! """Full""" '
        "name: String! @join__field(graph: A) age(unit: Unit = YEARS): Int @join__field(graph: B) }"
    )
    assert 'A @join__graph(name: "a", url: "http://a.test/graphql")' in sdl
    assert '@link(url: "https://specs.apollo.dev/join/v0.3", for: EXECUTION)' in sdl


def test_federation_directives_under_their_full_name_or_renamed() -> None:
    sdl = compose(
        a="""
        schema @link(url: "https://specs.apollo.dev/federation/v2.3", import: [{name: "@key", as: "@id"}]) { query: Q }
        type Q { x: X }
        type X @id(fields: "id") { id: ID! n: Int @federation__shareable }
        """,
        b="""
        extend schema @link(url: "https://specs.apollo.dev/federation/v2.3", as: "fed")
        type X @fed__key(fields: "id") { id: ID! n: Int @fed__shareable }
        """,
    )
    assert part(sdl, "type X") == (
        'type X @join__type(graph: A, key: "id") @join__type(graph: B, key: "id") { id: ID! n: Int }'
    )
    assert part(sdl, "type Query") == (
        "type Query @join__type(graph: A) @join__type(graph: B) { x: X @join__field(graph: A) }"
    )


def test_what_strawberry_adds_is_not_part_of_the_schema() -> None:
    text = api(
        a="""
        schema @link(url: "https://specs.apollo.dev/federation/v2.11", import: ["@key"]) { query: Query }
        type Query { x: X _entities(representations: [_Any!]!): [_Entity]! _service: _Service! }
        type X @key(fields: "id") { id: ID! }
        union _Entity = X
        scalar _Any
        type _Service { sdl: String! }
        """
    )
    assert text == "type Query {\n  x: X\n}\n\ntype X {\n  id: ID!\n}"


def test_federation_1_subgraphs() -> None:
    sdl = compose(
        a='type Query { x: X } type X @key(fields: "id") { id: ID! size: Size } type Size { w: Int }',
        b='extend type X @key(fields: "id") { id: ID! @external more: Size } type Size { w: Int }',
    )
    assert part(sdl, "type X") == (
        'type X @join__type(graph: A, key: "id") @join__type(graph: B, key: "id") '
        "{ id: ID! size: Size @join__field(graph: A) more: Size @join__field(graph: B) }"
    )
    assert part(sdl, "type Size") == "type Size @join__type(graph: A) @join__type(graph: B) { w: Int }"


def test_field_types_widen_and_argument_types_narrow() -> None:
    sdl = compose(
        a=LINK + "type Query { f(a: Int, only: Int): Thing! @shareable } type Thing @shareable { n: Int! }",
        b=LINK + "type Query { f(a: Int!): Thing @shareable } type Thing @shareable { n: Int }",
    )
    assert 'f(a: Int!): Thing @join__field(graph: A, type: "Thing!") @join__field(graph: B, type: "Thing")' in sdl
    assert 'n: Int @join__field(graph: A, type: "Int!") @join__field(graph: B, type: "Int")' in sdl


def test_a_field_may_be_wider_in_one_subgraph() -> None:
    sdl = compose(
        a=LINK
        + "type Query { f: Node @shareable } interface Node { id: ID! } type X implements Node { id: ID! @shareable }",
        b=LINK + "type Query { f: X @shareable } type X { id: ID! @shareable }",
    )
    assert 'f: Node @join__field(graph: A, type: "Node") @join__field(graph: B, type: "X")' in sdl
    assert '@join__implements(graph: A, interface: "Node")' in sdl


def test_unions_enums_inputs_and_scalars() -> None:
    sdl = compose(
        a=LINK
        + """
        type Query { search: Hit now(at: When, filter: Filter, mode: Mode): Time }
        union Hit = A | B  type A { a: Int } type B { b: Int @shareable }
        scalar Time  scalar When
        enum Mode { FAST SLOW }  enum State { ON OFF }
        input Filter { id: ID! name: String both: Int = 1 }
        """,
        b=LINK
        + """
        type Query { state: State other(filter: Filter, mode: Mode): Hit }
        union Hit = B | C  type B { b: Int @shareable } type C { c: Int }
        enum Mode { FAST TURBO }  enum State { ON BROKEN }
        input Filter { id: ID both: Int = 1 extra: Int }
        """,
    )
    assert part(sdl, "union Hit").endswith(
        '@join__unionMember(graph: A, member: "A") @join__unionMember(graph: A, member: "B") '
        '@join__unionMember(graph: B, member: "B") @join__unionMember(graph: B, member: "C") = A | B | C'
    )
    assert part(sdl, "enum State").endswith(
        "{ ON @join__enumValue(graph: A) @join__enumValue(graph: B) OFF @join__enumValue(graph: A) "
        "BROKEN @join__enumValue(graph: B) }"
    )
    assert part(sdl, "enum Mode").endswith("{ FAST @join__enumValue(graph: A) @join__enumValue(graph: B) }")
    assert part(sdl, "input Filter").endswith(
        '{ id: ID! @join__field(graph: A, type: "ID!") @join__field(graph: B, type: "ID") both: Int = 1 }'
    )
    assert part(sdl, "scalar Time") == "scalar Time @join__type(graph: A)"


def test_requires_provides_external_and_override() -> None:
    sdl = compose(
        a=LINK
        + """
        type Query { x: X }
        type X @key(fields: "id") { id: ID! size: Int! name: String! @shareable cost: Int! }
        """,
        b=LINK
        + """
        type Query { best: X @provides(fields: "name") }
        type X @key(fields: "id") {
          id: ID! size: Int! @external name: String! @external
          fee: Int! @requires(fields: "size") cost: Int! @override(from: "a")
        }
        """,
    )
    assert part(sdl, "type X").endswith(
        "{ id: ID! size: Int! @join__field(graph: A) @join__field(graph: B, external: true) "
        "name: String! @join__field(graph: A) @join__field(graph: B, external: true) "
        'cost: Int! @join__field(graph: B, override: "a") fee: Int! @join__field(graph: B, requires: "size") }'
    )
    assert 'best: X @join__field(graph: B, provides: "name")' in sdl


def test_inaccessible_elements_are_served_but_not_shown() -> None:
    subgraph = (
        LINK
        + """
        type Query { seen(a: Int, hidden: Int @inaccessible): Int  unseen: Secret @inaccessible  any: Any }
        type Secret @inaccessible { n: Int }  type Open { n: Int @tag(name: "t") }
        union Any = Secret | Open  enum Level { LOW TOP @inaccessible }  input In { a: Int b: Level @inaccessible }
        """
    )
    sdl = compose(a=subgraph)
    assert '@link(url: "https://specs.apollo.dev/inaccessible/v0.2", for: SECURITY)' in sdl
    assert 'n: Int @tag(name: "t")' in sdl
    text = print_schema(load_supergraph(sdl).api_schema)
    assert not any(word in text for word in ("hidden", "unseen", "Secret", "TOP", "@", "join__", "link__"))
    assert "union Any = Open" in text


def test_descriptions_and_deprecations_are_kept() -> None:
    text = api(
        a=LINK
        + '''
        type Query { """Old "one" """ old("How" many: Int): Int @deprecated(reason: "use \\"new\\"") new: Url }
        scalar Url @specifiedBy(url: "https://url.test")
        '''
    )
    assert '"""How"""' in text
    assert '@deprecated(reason: "use \\"new\\"")' in text
    assert 'scalar Url @specifiedBy(url: "https://url.test")' in text


def test_the_order_of_subgraphs_does_not_change_the_public_schema() -> None:
    first = LINK + 'type Query { x: X } type X @key(fields: "id") { id: ID! a: Int }'
    second = LINK + 'type Query { y: X } type X @key(fields: "id") { id: ID! b: Int! }'
    assert sorted(api(a=first, b=second).split()) == sorted(api(b=second, a=first).split())
