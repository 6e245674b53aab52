"""Requests made to hurt a GraphQL server, against any schema with the fields of the customers subgraph.

Each names the limit that must stop it: at the gateway, and at a subgraph where that is another one. A code in capitals
stands for a refusal that is no limit's.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

PARSE, INVALID = "GRAPHQL_PARSE_FAILED", "GRAPHQL_VALIDATION_FAILED"

COUNTERPARTS = {
    "depth": "nesting",
    "introspection": "introspection_aliases",
    "directives_per_location": INVALID,
    "field_comparisons": "OPERATION_TOO_LARGE",
    "root_fields": "aliases",
}


@dataclass(frozen=True)
class Hostile:
    """`subgraph` is None for the subgraphs' counterpart of the gateway's limit, and "" where they have none."""

    name: str
    text: str
    gateway: str
    subgraph: str | None = None
    variables: dict[str, Any] = field(default_factory=dict)

    @property
    def at_subgraph(self) -> str:
        return COUNTERPARTS.get(self.gateway, self.gateway) if self.subgraph is None else self.subgraph


def hostile_documents() -> list[Hostile]:
    return [
        *_deep(),
        *_fragment_bombs(),
        *_floods(),
        *_comparisons(),
        *_long(),
        *_literals(),
        *_variables(),
        *_listed(),
    ]


def _nested(levels: int, leaf: str = "id") -> str:
    """Three fields a level."""
    return "customers { nodes { owner { " * levels + leaf + " } } }" * levels


def _deep() -> Iterator[Hostile]:
    yield Hostile("a little too deep", f"{{ {_nested(13)} }}", "depth", "")
    yield Hostile("deep", f"{{ {_nested(40)} }}", "depth")
    yield Hostile("deeper than the parser goes", f"{{ {_nested(300)} }}", "nesting")
    yield Hostile("braces without end", "{ a" * 30_000, "tokens", "nesting")
    inline = "... on Query { " * 170 + "__typename" + " }" * 170
    yield Hostile("inline fragments in inline fragments", f"{{ {inline} }}", "nesting")
    chain = " ".join(f"fragment F{n} on User {{ {_nested(2, f'...F{n + 1}')} }}" for n in range(20))
    yield Hostile(
        "depth out of fragments", f"{{ {_nested(1, '...F0')} }} {chain} fragment F20 on User {{ id }}", "depth"
    )
    wraps = " ".join(f"fragment F{n} on Query {{ ... {{ ... {{ ...F{n + 1} }} }} }}" for n in range(60))
    yield Hostile("nesting out of fragments", f"{{ ...F0 }} {wraps} fragment F60 on Query {{ __typename }}", "nesting")
    meta = "fields { type { " * 8 + "name" + " } }" * 8
    yield Hostile("introspection in depth", f"{{ __schema {{ types {{ {meta} }} }} }}", INVALID)
    wide = " ".join(f"f{n}: fields {{ type {{ fields {{ name }} }} }}" for n in range(90))
    yield Hostile("introspection in breadth", f"{{ __schema {{ types {{ {wide} }} }} }}", "introspection")
    roots = " ".join(f"s{n}: __schema {{ types {{ fields {{ args {{ name }} }} }} }}" for n in range(45))
    yield Hostile("the schema many times", f"{{ {roots} }}", "introspection")


def _bomb(levels: int, body: str, leaf: str = "__typename", on: str = "Query") -> str:
    """`body` has NEXT for the next fragment."""
    parts = [f"fragment F{n} on {on} {{ {body.replace('NEXT', f'F{n + 1}')} }}" for n in range(levels)]
    return " ".join(parts) + f" fragment F{levels} on {on} {{ {leaf} }}"


def _fragment_bombs() -> Iterator[Hostile]:
    start = "{ ...F0 } "
    yield Hostile("fragment bomb, 2^20", start + _bomb(20, "...NEXT ...NEXT"), "selections")
    yield Hostile("fragment bomb, 2^100", start + _bomb(100, "...NEXT ...NEXT"), "selections")
    yield Hostile("fragment bomb, 2^140", start + _bomb(140, "...NEXT ...NEXT"), "selections")
    inline = _bomb(40, "... on Query { ...NEXT } ... { ...NEXT }")
    yield Hostile("fragment bomb in inline fragments", start + inline, "selections")
    conditions = _bomb(40, "...NEXT @include(if: true) ...NEXT @skip(if: false)")
    yield Hostile("fragment bomb with conditions", start + conditions, "selections")
    ten = _bomb(8, "customers { nodes { owner { " + "...NEXT " * 10 + "} } }", "id", "User")
    yield Hostile(
        "fragment bomb through fields, 10^8", "{ customers { nodes { owner { ...F0 } } } } " + ten, "selections"
    )
    aliased = _bomb(
        8, "a: customers { nodes { owner { ...NEXT } } } b: customers { nodes { owner { ...NEXT } } }", "id", "User"
    )
    yield Hostile(
        "fragment bomb of aliases", "{ customers { nodes { owner { ...F0 } } } } " + aliased, "selections", "aliases"
    )
    diamonds = " ".join(
        f"fragment F{n} on Query {{ ...L{n} ...R{n} }} fragment L{n} on Query {{ ...F{n + 1} }}"
        f" fragment R{n} on Query {{ ...F{n + 1} }}"
        for n in range(40)
    )
    yield Hostile("diamonds", start + diamonds + " fragment F40 on Query { __typename }", "selections")
    yield Hostile("fragment bomb nobody spreads", "{ __typename } " + _bomb(40, "...NEXT ...NEXT"), "selections")
    many = " ".join(f"query Q{n} {{ ...F0 }}" for n in range(100))
    yield Hostile("operations that share a bomb", many + _bomb(40, "...NEXT ...NEXT"), "selections")
    named = _bomb(40, "...NEXT ...NEXT").replace("F0", "__schema")
    yield Hostile("a bomb named like introspection", "{ ...__schema } " + named, "selections")
    hidden = "{ ...F0 } fragment F0 on Query { __typename } " + _bomb(40, "...NEXT ...NEXT").replace("F0 ", "F0 ", 1)
    yield Hostile("a bomb behind a name used twice", hidden, "selections")
    yield Hostile("a fragment in itself", "{ ...F } fragment F on Query { ...F }", INVALID)
    ring = " ".join(f"fragment F{n} on Query {{ ...F{(n + 1) % 150} ...F{(n + 2) % 150} }}" for n in range(150))
    yield Hostile("rings of fragments", start + ring, INVALID)


def _floods() -> Iterator[Hostile]:
    aliases = " ".join(f"a{n}: name" for n in range(450))
    yield Hostile("aliases of a leaf", f"{{ customers {{ nodes {{ {aliases} }} }} }}", "aliases")
    roots = " ".join(f'a{n}: customer(id: "{n}") {{ id }}' for n in range(300))
    yield Hostile("aliases of a root field", f"{{ {roots} }}", "root_fields")
    yield Hostile("root fields", "{ " + "__typename " * 1_500 + "}", "root_fields", "OPERATION_TOO_LARGE")
    doubled = "{ ...F0 } " + _bomb(6, "...NEXT ...NEXT")
    yield Hostile("root fields out of fragments", doubled, "root_fields", "")
    nodes = "{ customers { nodes { ...F0 } } } " + _bomb(8, "...NEXT ...NEXT", "a: id", "Customer")
    yield Hostile("aliases out of fragments", nodes, "aliases")
    yield Hostile(
        "aliases past the tokens", "{ " + " ".join(f"a{n}: __typename" for n in range(2_000)) + " }", "tokens"
    )
    one = "{ __typename " + "@include(if: true) " * 6 + "}"
    yield Hostile("directives in one place", one, "directives_per_location")
    yield Hostile("a flood of directives", "{ __typename " + "@include(if: true) " * 700 + "}", "directives")
    yield Hostile("a flood of unknown directives", "{ __typename " + "@x" * 2_400 + "}", "directives")
    spread = " ".join("... @include(if: true) { id }" for _ in range(201))
    yield Hostile("directives all over", f"{{ customers {{ nodes {{ {spread} }} }} }}", "directives")
    yield Hostile("operations", " ".join(f"query Q{n} {{ __typename }}" for n in range(900)), "definitions")
    unused = "{ __typename } " + " ".join(f"fragment F{n} on Query {{ __typename }}" for n in range(600))
    yield Hostile("unused fragments", unused, "definitions")
    yield Hostile("types in a request", " ".join(f"type T{n} {{ a: T{n} }}" for n in range(500)), "definitions")


def _comparisons() -> Iterator[Hostile]:
    yield Hostile("the same leaf", "{ customers { nodes { " + "name " * 1_800 + "} } }", "field_comparisons")
    yield Hostile("the same object", "{ customers { nodes { " + "owner { id } " * 900 + "} } }", "field_comparisons")
    fragments = " ".join(f"fragment F{n} on Customer {{ id name source tags version }}" for n in range(150))
    spreads = " ".join(f"...F{n}" for n in range(150))
    text = f"{{ customers {{ nodes {{ {spreads} }} }} }} {fragments}"
    yield Hostile("the same fields out of fragments", text, "field_comparisons")
    inner = "owner { " + "id " * 40 + "} "
    yield Hostile(
        "equal fields in equal fields", f"{{ customers {{ nodes {{ {inner * 40} }} }} }}", "field_comparisons"
    )
    yield Hostile("more equal fields than tokens", "{ customers { nodes { " + "id " * 6_000 + "} } }", "tokens")


def _long() -> Iterator[Hostile]:
    yield Hostile("a long string", '{ customer(id: "' + "x" * 1_000_000 + '") { id } }', "document_length")
    yield Hostile("a long block string", '{ customer(id: """' + "x\n" * 300_000 + '""") { id } }', "document_length")
    yield Hostile("escapes", '{ customer(id: "' + "\\u0041" * 150_000 + '") { id } }', "document_length")
    yield Hostile("commas", "{" + "," * 1_000_000 + " __typename }", "document_length")
    yield Hostile("comments", "#\n" * 45_000 + "{ __typename }", "tokens")
    yield Hostile("a long name", "{ " + "a" * 90_000 + " }", INVALID)
    yield Hostile(
        "a number without end", "{ customers(first: " + "1" * 90_000 + ") { totalCount } }", INVALID, "number_length"
    )
    yield Hostile("a string that does not end", '{ customer(id: "' + "x" * 90_000, PARSE)
    yield Hostile("unicode junk", "{ " + "\u202e\ufeff\u0000\U0001f4a3" * 20_000 + " }", PARSE)
    yield Hostile("half a character", '{ customer(id: "\\uD83D") { id } }', PARSE)
    yield Hostile("names that are almost right", "{ " + " ".join(f"customer{n}s" for n in range(49)) + " }", INVALID)


def _literals() -> Iterator[Hostile]:
    def ask(value: str) -> str:
        return f"{{ customer(id: {value}) {{ id }} }}"

    yield Hostile("a long list", ask("[" + "1 " * 4_900 + "]"), "literal_values")
    yield Hostile("a wide object", ask("{" + "a: 1 " * 1_600 + "}"), "literal_values")
    yield Hostile("a deep list", ask("[" * 60 + "]" * 60), "input_depth")
    yield Hostile("a deep object", ask("{ a: " * 60 + "1" + "}" * 60), "input_depth")
    yield Hostile("brackets without end", ask("[" * 30_000), "tokens", "nesting")
    arguments = " ".join(f"a{n}: 1" for n in range(1_600))
    yield Hostile("arguments", f"{{ customer({arguments}) {{ id }} }}", "literal_values")
    declared = " ".join(f"$v{n}: Int = 1" for n in range(800))
    yield Hostile("variables that nobody uses", f"query({declared}) {{ __typename }}", INVALID, "BAD_USER_INPUT")


def _variables() -> Iterator[Hostile]:
    query = "query($id: ID!) { customer(id: $id) { id } }"
    deep: Any = "x"
    for _ in range(120):
        deep = [deep]
    yield Hostile("a deep variable", query, "input_depth", variables={"id": deep})
    yield Hostile("a long variable", query, "variable_values", variables={"id": list(range(60_000))})
    yield Hostile(
        "a variable that nobody asked for", query, "variable_values", variables={"id": "x", "y": [[]] * 60_000}
    )
    many = {f"v{n}": n for n in range(60_000)}
    yield Hostile("variables without number", query, "variable_values", variables={"id": "x", **many})


def _listed() -> Iterator[Hostile]:
    """Lists of lists: subgraphs cap a page, and leave the product to the gateway."""
    pages = "customers(first: 100) { nodes { owner { " * 3 + "id" + " } } }" * 3
    yield Hostile("pages of pages", f"{{ {pages} }}", "cost", "")
    yield Hostile("a million at once", "{ customers(first: 1000000) { edges { node { id } } } }", "cost", "")
    wide = " ".join(f"a{n}: customers(last: 100) {{ nodes {{ owner {{ id }} }} }}" for n in range(50))
    yield Hostile("fifty pages of a hundred", f"{{ {wide} }}", "cost", "")
    asked = "query($n: Int) { customers(first: $n) { nodes { owner { customers(first: $n) { nodes { id } } } } } }"
    yield Hostile("pages of pages by variable", asked, "cost", "", {"n": 100})
